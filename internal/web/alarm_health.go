package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/factorydash/factorydash/internal/api"
)

// healthColumns is how many columns the picture of alarm rates has at most: where a
// range has more windows, a column shows the most of its windows.
const healthColumns = 240

// doubtfulBelow is below what coverage a figure is marked: what is not known may have
// been otherwise.
const doubtfulBelow = .9

// alarmRateText gives how many alarms there were in a window on average: marked where
// little is known of the range, and unknown where nothing is.
func alarmRateText(r api.AlarmRate) string {
	text := strconv.FormatFloat(r.PerWindow, 'f', 2, 64)
	switch {
	case r.Coverage == 0:
		return unknown
	case r.Coverage < doubtfulBelow:
		return "~ " + text
	}
	return text
}

// healthBody is what the page of the health of alarms shows.
type healthBody struct {
	api.AlarmHealth
	Picker    rangePicker
	Rate      rateChart
	Lists     []conductList
	JSON, CSV string
	Problem   string
}

// Minutes is the time in which alarms are counted.
func (b healthBody) Minutes() int { return b.WindowSeconds / 60 }

// WithinTarget reports whether no more were raised than people can attend to.
func (b healthBody) WithinTarget() bool { return b.All.PerWindow <= float64(b.Target) }

// conductList is some alarms by one of their bad habits.
type conductList struct {
	ID, Title, About string
	// Head is what is counted.
	Head string
	Rows []conductRow
}

// conductRow is an alarm with how it behaved.
type conductRow struct {
	alarmRow
	api.AlarmConduct
	// Measure is what its list is about.
	Measure string
}

// rateChart is the picture of how many alarms were raised over time, in a box of
// 1000 × 100.
type rateChart struct {
	Bars []rateBar
	// Most is the count at the upper edge, and TargetY where the target lies.
	Most    int
	TargetY float64
}

// rateBar is a column of the picture.
type rateBar struct {
	X, Y, Width, Height float64
	Over                bool
}

// newRateChart draws the counts of windows.
func newRateChart(counts []int, target int) rateChart {
	per := (len(counts) + healthColumns - 1) / healthColumns
	var columns []int
	for part := range slices.Chunk(counts, max(per, 1)) {
		columns = append(columns, slices.Max(part))
	}
	c := rateChart{Most: 2 * target}
	for _, n := range columns {
		c.Most = max(c.Most, n)
	}
	height := func(n int) float64 { return 100 * float64(n) / float64(c.Most) }
	c.TargetY = 100 - height(target)
	width := 1000 / float64(max(len(columns), 1))
	for i, n := range columns {
		if n > 0 {
			c.Bars = append(c.Bars, rateBar{X: float64(i) * width, Y: 100 - height(n), Width: max(1, width-1), Height: height(n), Over: n > target})
		}
	}
	return c
}

// alarmHealth draws how well the alarms of a range served.
func (s *site) alarmHealth(w http.ResponseWriter, r *http.Request) {
	picker, ok := s.pickRange(w, r)
	if !ok {
		return
	}
	health, err := s.views.AlarmHealth(r.Context(), picker.From, picker.To, r.FormValue("machine"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	b := healthBody{
		AlarmHealth: health, Picker: picker, Rate: newRateChart(health.All.Counts, health.Target),
		JSON: inForm(r, asJSON), CSV: inForm(r, asCSV),
	}
	share := func(c api.AlarmConduct) string { return percentText(c.Share) }
	b.Lists = []conductList{
		s.conductList("bad-actors", "Bad actors", "The alarms that were raised most often: seeing to them lightens the load most.", "Share of all", health.BadActors, share),
		s.conductList("chattering", "Chattering", "Raised three times or more within a minute.", "In chatters", health.Chattering,
			func(c api.AlarmConduct) string { return countText(int64(c.Chatter)) }),
		s.conductList("fleeting", "Fleeting", "Over by themselves within 10 s, before anybody could do anything.", "Fleeting", health.Fleeting,
			func(c api.AlarmConduct) string { return countText(int64(c.Fleeting)) }),
		s.conductList("stale", "Stale", "Active for more than 24 h at the end of the range.", "Active for", health.Stale,
			func(c api.AlarmConduct) string { return durationText(span(c.StaleSeconds)) }),
	}
	s.draw(w, r, http.StatusOK, "alarm-health", page{
		Title: "Health of the alarms", Nav: "alarms", Body: b, Data: health, Table: conductTable(b.Lists),
	})
}

func (s *site) conductList(id, title, about, head string, list []api.AlarmConduct, measure func(api.AlarmConduct) string) conductList {
	l := conductList{ID: id, Title: title, About: about, Head: head}
	for _, c := range list {
		l.Rows = append(l.Rows, conductRow{alarmRow{AlarmEntry: c.Last, Now: s.now()}, c, measure(c)})
	}
	return l
}

// conductTable is the lists as CSV.
func conductTable(lists []conductList) *table {
	t := &table{Columns: []string{"list", "machine", "name", "dataItemId", "level", "nativeCode", "conditionId", "text", "count", "share", "fleeting", "chatter", "staleSeconds"}}
	for _, l := range lists {
		for _, c := range l.Rows {
			t.Rows = append(t.Rows, []any{
				l.ID, c.Last.Machine, c.Last.Name, c.Last.DataItemID, c.Last.Level, c.Last.NativeCode, c.Last.ConditionID, c.Last.Text,
				c.Count, c.Share, c.Fleeting, c.Chatter, c.StaleSeconds,
			})
		}
	}
	return t
}
