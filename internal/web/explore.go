package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// The limits of the page that explores data items.
const (
	// exploreItems is how many data items are shown at once: more would neither fit
	// a screen nor keep up with the stream, and a stream tells of as many machines.
	exploreItems = api.MaxStreamMachines
	// overlayItems is up to how many numbers are drawn over each other: there are
	// no more colours that can be told apart.
	overlayItems = 6
	// explorePoints is how many points of a data item are shown, and so how many of
	// it are in the CSV of what is shown.
	explorePoints = 2000
	// exploreBorders is up to how many borders of shifts are marked: of more, none can
	// be told from the next.
	exploreBorders = 30
)

// exploreBody is what the page that explores data items shows.
type exploreBody struct {
	Signals []signal
	// Layout is stack or overlay.
	Layout string
	Range  rangePicker
	// Shifts are the shifts that begin in the range; none where there are more than
	// can be marked, which are TooMany then.
	Shifts  []shop.Shift
	TooMany int
	// ItemLimit, OverlayLimit and Points are the limits.
	ItemLimit, OverlayLimit, Points int
	// Problems say what was asked for and is not shown.
	Problems []string
	// CSV and JSON are the addresses of the page in these forms.
	CSV, JSON string
}

// signal is a data item that is shown.
type signal struct {
	api.ItemEntry
	// Label names it in words, Place says where in its machine it stands.
	Label, Place string
	// Unit is what its numbers are shown in, Factor what they are multiplied by
	// for that.
	Unit   string
	Factor float64
	// Hue is its colour, 1 to overlayItems, and Dash its way of being dashed, 0 to
	// overlayItems − 1: no two signals have both in common.
	Hue, Dash int
}

// exploreData is the page as JSON: each signal with the points that its chart shows
// and its statistics.
type exploreData struct {
	From    time.Time       `json:"from"`
	To      time.Time       `json:"to"`
	Signals []exploreSignal `json:"signals"`
}

type exploreSignal struct {
	Machine     string         `json:"machine"`
	MachineName string         `json:"machineName"`
	Agent       string         `json:"agent"`
	Series      api.Series     `json:"series"`
	Statistics  api.Statistics `json:"statistics"`
}

func (s *site) explore(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	layout, err := oneOf(q, "layout", "stack", "overlay")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	body := exploreBody{Layout: layout, ItemLimit: exploreItems, OverlayLimit: overlayItems, Points: explorePoints, CSV: inForm(r, asCSV), JSON: inForm(r, asJSON)}
	var ok bool
	if body.Range, ok = s.pickRange(w, r); !ok {
		return
	}
	if body.Signals, body.Problems, err = s.signals(r, q.Get("items")); err == nil {
		err = asError(r, body.Problems...)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	body.Shifts = bordersIn(s.shop().Calendar, body.Range.From, body.Range.To)
	if len(body.Shifts) > exploreBorders {
		body.Shifts, body.TooMany = nil, len(body.Shifts)
	}
	p := page{Title: "Explore", Nav: "explore", Script: "explore.js", Body: body}
	if formOf(r) != asHTML {
		data, err := s.exploreData(r, body)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		p.Data, p.Table = data, shownTable(data)
	}
	s.draw(w, r, http.StatusOK, "explore", p)
}

// signals gives the data items with the numbers in a list that is separated by
// commas; problems say which of them cannot be shown.
func (s *site) signals(r *http.Request, list string) (signals []signal, problems []string, err error) {
	for name := range strings.SplitSeq(list, ",") {
		if name == "" {
			continue
		}
		id, err := strconv.ParseInt(name, 10, 32)
		if err != nil {
			problems = append(problems, fmt.Sprintf("items=%.20q is not the number of a data item: use those that /api/v1/items gives.", name))
			continue
		}
		if slices.ContainsFunc(signals, func(g signal) bool { return g.ID == plant.ItemID(id) }) {
			continue
		}
		if len(signals) == exploreItems {
			return signals, append(problems, fmt.Sprintf("items: only the first %d signals are shown.", exploreItems)), nil
		}
		entry, err := s.views.Item(r.Context(), plant.ItemID(id))
		if plant.ErrorCode(err) == plant.NotFound {
			problems = append(problems, fmt.Sprintf("items: there is no data item with the number %d.", id))
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("data item %d: %w", id, err)
		}
		signals = append(signals, newSignal(entry, len(signals)))
	}
	return signals, problems, nil
}

// newSignal prepares a data item for showing at a place among the others.
func newSignal(entry api.ItemEntry, place int) signal {
	unit, factor := shownUnit(entry.Item)
	return signal{
		ItemEntry: entry, Label: itemLabel(entry.Item), Place: placeText(entry.Component),
		Unit: unit, Factor: factor, Hue: place%overlayItems + 1, Dash: place % (overlayItems + 1),
	}
}

// bordersIn gives the shifts that begin in a range.
func bordersIn(c shop.Calendar, from, to time.Time) []shop.Shift {
	return slices.DeleteFunc(c.Between(from.UnixMicro(), to.UnixMicro()), func(s shop.Shift) bool { return s.From <= from.UnixMicro() })
}

// exploreData reads what the charts show.
func (s *site) exploreData(r *http.Request, body exploreBody) (exploreData, error) {
	data := exploreData{From: body.Range.From, To: body.Range.To, Signals: []exploreSignal{}}
	for _, g := range body.Signals {
		series, err := s.views.Series(r.Context(), api.SeriesQuery{Item: g.ID, From: data.From, To: data.To, Points: explorePoints})
		if err != nil {
			return data, fmt.Errorf("series of data item %d: %w", g.ID, err)
		}
		statistics, err := s.views.Statistics(r.Context(), api.StatisticsQuery{Item: g.ID, From: data.From, To: data.To})
		if err != nil {
			return data, fmt.Errorf("statistics of data item %d: %w", g.ID, err)
		}
		data.Signals = append(data.Signals, exploreSignal{g.Machine, g.MachineName, g.Agent, series, statistics})
	}
	return data, nil
}

// shownTable is the points that the charts show, each on a line with what it is of.
// Numbers are in the units of the data item, as they are in exports.
func shownTable(data exploreData) *table {
	t := &table{Columns: []string{"machine", "dataItem", "name", "type", "subType", "component", "unit", "time", "value", "observations", "points"}}
	for _, g := range data.Signals {
		it := g.Series.Item
		for _, p := range g.Series.Points {
			t.Rows = append(t.Rows, []any{
				g.Machine, it.DataItemID, it.Name, it.Type, it.SubType, it.Component, it.Units,
				time.UnixMicro(p[0].(int64)), p[1], g.Series.Observations, len(g.Series.Points),
			})
		}
	}
	return t
}
