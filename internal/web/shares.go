package web

import (
	"fmt"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// sharedStates are the states with a column, in its order.
var sharedStates = []plant.State{plant.Running, plant.Idle, plant.Stopped, plant.Setup, plant.Alarmed, plant.Offline}

// shares are the parts of a range that one machine, or several together, were in
// each state.
type shares struct{ api.Shares }

// sumShares adds the times of machines up, so that a share of several is sum over
// sum and no mean of shares.
func sumShares(list []api.Shares) shares {
	sum := api.Shares{States: make(map[string]int64)}
	var covered float64
	for _, s := range list {
		sum.Total += s.Total
		sum.Unknown += s.Unknown
		for state, t := range s.States {
			sum.States[state] += t
		}
		covered += s.Coverage * float64(s.Total)
	}
	if sum.Total > 0 {
		sum.Coverage = covered / float64(sum.Total)
	}
	return shares{sum}
}

// known is the time in which a state is known, in microseconds: the denominator of
// the shares.
func (s shares) known() int64 { return s.Total - s.unknown() }

// unknown is the rest: gaps, no data, and the time without a link.
func (s shares) unknown() int64 { return s.Unknown + s.States[plant.NoLink.Slug()] }

// shareCell is a cell of the columns of shares.
type shareCell struct {
	// Column is the slug of a state, "unknown" or "coverage".
	Column, Text, Title string
	// Doubtful is true where too little is known for the share to be sure.
	Doubtful bool
}

// Cells are the cells of a row.
func (s shares) Cells() []shareCell {
	var cells []shareCell
	known := s.known()
	doubtful := s.Coverage < insight.DoubtfulBelow
	for _, state := range sharedStates {
		t := s.States[state.Slug()]
		c := shareCell{Column: state.Slug(), Text: unknown}
		if known > 0 {
			c.Text = percentText(float64(t) / float64(known))
			if c.Doubtful = doubtful; doubtful {
				c.Text = "~" + c.Text
			}
			c.Title = fmt.Sprintf("%s-share: %s of the %s in which a state is known; coverage %s (~ is below 90 %%)",
				state.Slug(), exactText(t), exactText(known), percentText(s.Coverage))
		}
		cells = append(cells, c)
	}
	missing, coverage := shareCell{Column: "unknown", Text: unknown}, shareCell{Column: "coverage", Text: unknown}
	if s.Total > 0 {
		missing.Text = percentText(float64(s.unknown()) / float64(s.Total))
		missing.Title = fmt.Sprintf("unknown: %s of %s, %s of it without a link", exactText(s.unknown()), exactText(s.Total), exactText(s.States[plant.NoLink.Slug()]))
		coverage.Text, coverage.Doubtful = percentText(s.Coverage), doubtful
		coverage.Title = fmt.Sprintf("coverage: a state is known in %s of %s", exactText(known), exactText(s.Total))
	}
	return append(cells, missing, coverage)
}

// row gives the same as cells of a CSV: microseconds of each state, of what is not
// known, of all, and the coverage.
func (s shares) row() []any {
	var row []any
	for _, state := range sharedStates {
		row = append(row, s.States[state.Slug()])
	}
	return append(row, s.States[plant.NoLink.Slug()], s.Unknown, s.Total, s.Coverage)
}

// shareColumns are the columns of row.
func shareColumns() []string {
	var columns []string
	for _, state := range sharedStates {
		columns = append(columns, state.Slug()+"_us")
	}
	return append(columns, plant.NoLink.Slug()+"_us", "unknown_us", "total_us", "coverage")
}
