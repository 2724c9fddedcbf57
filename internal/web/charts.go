package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// chartLimit is how many charts a machine's page draws at once: more would
// neither fit a screen nor keep up with the stream.
const chartLimit = 6

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
func chooseCharts(choices []itemRow, q url.Values) (chosen []itemRow, problem string) {
	if !q.Has("s") {
		return defaultCharts(choices), ""
	}
	for name := range strings.SplitSeq(q.Get("s"), ",") {
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
// whether it does, and of further spindles how hard these do as far as there is room.
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
	for _, other := range spindlesOf(choices) {
		if other[0].Component == spindle {
			continue
		}
		for _, row := range other {
			if row.Observed && len(chosen) < chartLimit && !slices.ContainsFunc(chosen, func(c itemRow) bool { return c.ID == row.ID }) {
				chosen = append(chosen, row)
			}
		}
	}
	return chosen
}

// spindlesOf gives the speeds and loads of each component that has a speed, in the
// order of the model.
func spindlesOf(rows []itemRow) [][]itemRow {
	var list [][]itemRow
	for _, row := range rows {
		if !isSpeed(row) || slices.ContainsFunc(list, func(of []itemRow) bool { return of[0].Component == row.Component }) {
			continue
		}
		var of []itemRow
		for _, other := range rows {
			if other.Chartable && other.Component == row.Component && (isSpeed(other) || other.Type == "LOAD") {
				of = append(of, other)
			}
		}
		if len(of) > 0 {
			list = append(list, of)
		}
	}
	return list
}

func isSpeed(r itemRow) bool {
	return (r.Type == "ROTARY_VELOCITY" || r.Type == "SPINDLE_SPEED") && r.Units != "PERCENT"
}
