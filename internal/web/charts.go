package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// chartLimit is how many charts a machine's page draws at once: more would
// neither fit a screen nor keep up with the stream.
const chartLimit = 6

// ranges are the lengths of time that charts show.
var ranges = []chartRange{
	{"15m", "15 min", 15 * time.Minute},
	{"1h", "1 h", time.Hour},
	{"8h", "8 h", 8 * time.Hour},
}

// defaultRange is what is shown where the address does not say.
const defaultRange = "1h"

// chartRange is a choice of range.
type chartRange struct {
	Name, Word string
	Length     time.Duration
}

// rangeChoice is a range with the address that chooses it.
type rangeChoice struct {
	chartRange
	Chosen bool
	Href   string
}

// parseRange reads the range parameter.
func parseRange(name string) (chartRange, error) {
	if name == "" {
		name = defaultRange
	}
	i := slices.IndexFunc(ranges, func(c chartRange) bool { return c.Name == name })
	if i < 0 {
		return chartRange{}, plant.Errorf(plant.Invalid, "range=%.20q is not a range: use 15m, 1h or 8h.", name)
	}
	return ranges[i], nil
}

// rangeChoices gives the ranges, with the chosen items kept in their addresses.
func rangeChoices(chosen chartRange, items []string) []rangeChoice {
	choices := make([]rangeChoice, len(ranges))
	for i, c := range ranges {
		query := url.Values{"range": {c.Name}}
		if len(items) > 0 {
			query.Set("s", strings.Join(items, ","))
		}
		choices[i] = rangeChoice{c, c == chosen, "?" + query.Encode()}
	}
	return choices
}

// chartable reports whether a data item can be drawn as a line: one number or
// one text at a time.
func chartable(item api.Item) bool {
	switch item.Category {
	case plant.Sample.String():
		return item.Representation != "TIME_SERIES" && !isSet(item) && !is3D(item)
	case plant.Event.String():
		return !isSet(item) && item.Type != "MESSAGE" && !is3D(item)
	}
	return false
}

// chooseCharts gives the data items that the address asks for (a list of
// numbers, separated by commas), or a choice of our own where it does not ask;
// problem says what of it cannot be had.
func chooseCharts(choices []itemRow, asked []string) (chosen []itemRow, problem string) {
	if len(asked) == 0 {
		return defaultCharts(choices), ""
	}
	for name := range strings.SplitSeq(strings.Join(asked, ","), ",") {
		if name == "" {
			continue
		}
		id, err := strconv.ParseInt(name, 10, 32)
		i := slices.IndexFunc(choices, func(row itemRow) bool { return row.ID == plant.ItemID(id) })
		if err != nil || i < 0 {
			problem = fmt.Sprintf("s=%.20q is not a data item of this machine that can be drawn as a line.", name)
			continue
		}
		if len(chosen) == chartLimit {
			return chosen, fmt.Sprintf("Only the first %d charts are shown.", chartLimit)
		}
		if !slices.ContainsFunc(chosen, func(row itemRow) bool { return row.ID == choices[i].ID }) {
			chosen = append(chosen, choices[i])
		}
	}
	return chosen, problem
}

// defaultCharts chooses what tells most of a machine: how hard it works and
// whether it does.
func defaultCharts(choices []itemRow) []itemRow {
	spindle := "none"
	if i := slices.IndexFunc(choices, isSpeed); i >= 0 {
		spindle = choices[i].Component
	}
	wishes := []func(itemRow) bool{
		func(r itemRow) bool { return r.Type == "LOAD" && r.Component == spindle },
		func(r itemRow) bool {
			return r.Type == "PATH_FEEDRATE" && r.Units != "PERCENT" && r.SubType == "ACTUAL"
		},
		func(r itemRow) bool { return r.Type == "PATH_FEEDRATE" && r.Units != "PERCENT" },
		func(r itemRow) bool { return isSpeed(r) && r.SubType == "ACTUAL" },
		isSpeed,
		func(r itemRow) bool { return r.Type == "LOAD" },
		func(r itemRow) bool { return r.Type == "TEMPERATURE" && r.Component == spindle },
		func(r itemRow) bool { return r.Type == "TEMPERATURE" },
		func(r itemRow) bool { return r.Category == plant.Sample.String() },
		func(r itemRow) bool { return r.Type == "EXECUTION" },
	}
	const enough = 4
	var chosen []itemRow
	has := func(row itemRow) bool {
		return slices.ContainsFunc(chosen, func(c itemRow) bool { return c.ID == row.ID || c.Type == row.Type })
	}
	for _, wish := range wishes {
		i := slices.IndexFunc(choices, func(row itemRow) bool { return row.Observed && wish(row) && !has(row) })
		if i >= 0 && len(chosen) < enough {
			chosen = append(chosen, choices[i])
		}
	}
	return chosen
}

func isSpeed(r itemRow) bool {
	return (r.Type == "ROTARY_VELOCITY" || r.Type == "SPINDLE_SPEED") && r.Units != "PERCENT"
}
