package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
)

// productionBody is what the page of production shows.
type productionBody struct {
	api.Production
	Rows  []productionRow
	Total productionTotal
	Range rangePicker
	// Shifts are those of the range, of which each row has one cell.
	Shifts []api.ShiftProduction
	Now    time.Time
	// Unset says of how many machines there are figures missing that the shop file may
	// tell; empty where none are.
	Unset string
	// JSON and CSV are the addresses of the page in its other forms.
	JSON, CSV string
}

// productionRow is one machine.
type productionRow struct {
	api.MachineProduction
	Bar   partsBar
	Cells []shiftCell
	// Targetless says why there is no target beside the parts.
	Targetless string
	// Running, Performance and Product are its figures: Product is OEE where quality
	// is measured, and A × P otherwise.
	Running, Performance, Product shownFigure
}

// targetless is why there is no target where nobody set one.
const targetless = "no target is set"

// productionTotal is all machines together.
type productionTotal struct {
	Bar                           partsBar
	Running, Performance, Product shownFigure
}

// shiftCell is what a machine made in one shift.
type shiftCell struct {
	api.ShiftProduction
	Bar     partsBar
	Running shownFigure
}

// barUnits is how long a bar of parts is, in the units of its picture.
const barUnits = 100

// partsBar is parts beside their target.
type partsBar struct {
	// Text is the parts, with the target where there is one; "—" where they are not
	// known.
	Text string
	// Length is how long the bar is, and Tick where the target stands; below 0 where
	// there is none: then there is no bar either.
	Length, Tick float64
}

// newPartsBar makes the bar of parts beside their target.
func newPartsBar(parts, target *float64) partsBar {
	b := partsBar{Text: "—", Tick: -1}
	if parts == nil {
		return b
	}
	b.Text = measureText(*parts)
	if target != nil {
		most := max(1, *parts, *target)
		b.Text += " / " + measureText(*target)
		b.Length, b.Tick = barUnits**parts/most, barUnits**target/most
	}
	return b
}

// shownFigure is a figure as it is shown.
type shownFigure struct {
	api.Figure
	// Text is the value, "—" where there is none, with "~" where it is doubtful.
	// Missing says why there is none, where somebody can do something about that. Why is
	// what it was worked out from.
	Text, Missing, Why string
}

// showFigure shows the first of the figures that is one of those with the ids.
func showFigure(figures []api.Figure, ids ...string) shownFigure {
	for _, id := range ids {
		for _, f := range figures {
			if f.ID == id {
				return newShownFigure(f)
			}
		}
	}
	return shownFigure{Text: "—"}
}

func newShownFigure(f api.Figure) shownFigure {
	s := shownFigure{Figure: f}
	s.Text = "—"
	if f.Value != nil {
		s.Text = percentText(*f.Value)
		if f.Doubtful {
			s.Text = "~" + s.Text
		}
	} else if f.Note == insight.NoteNotScheduled {
		s.Text = "— " + f.Note
	} else if strings.Contains(f.Note, insight.NoteNotSet) {
		s.Missing = "no ideal cycle is set"
	}
	why := []string{f.Label}
	if f.Value != nil && f.Unit != "" {
		why = append(why, fmt.Sprintf("%s of %s", amountText(f.Numerator, f.Unit), amountText(f.Denominator, f.Unit)))
	}
	if f.Note != "" {
		why = append(why, f.Note)
	}
	why = append(why, "coverage "+percentText(f.Coverage), "definition "+f.ID)
	s.Why = strings.Join(why, "; ")
	return s
}

// amountText gives an amount of seconds or of parts.
func amountText(v float64, unit string) string {
	if unit == "s" {
		return durationText(time.Duration(v * float64(time.Second)))
	}
	return measureText(v) + " " + unit
}

// Availability figures, the best first.
var (
	runningFigures = []string{"running-share-scheduled", "running-share"}
	productFigures = []string{"oee", "a-x-p"}
)

func (s *site) production(w http.ResponseWriter, r *http.Request) {
	picked, ok := s.pickRange(w, r)
	if !ok {
		return
	}
	v, err := s.views.Production(r.Context(), api.ProductionQuery{From: picked.From, To: picked.Planned, At: s.moment()})
	if err != nil {
		s.fail(w, r, fmt.Errorf("production: %w", err))
		return
	}
	body := productionBody{Production: v, Range: picked, Now: s.now(), JSON: inForm(r, asJSON), CSV: inForm(r, asCSV)}
	for _, m := range v.Machines {
		row := productionRow{
			MachineProduction: m, Bar: newPartsBar(m.Parts, m.Target),
			Running: showFigure(m.Figures, runningFigures...), Performance: showFigure(m.Figures, "performance"), Product: showFigure(m.Figures, productFigures...),
		}
		if m.Parts != nil && m.Target == nil {
			if row.Targetless = targetless; len(s.shop().Machine(m.Machine).Targets) > 0 {
				row.Targetless = "a target only of whole shifts that have one"
			}
		}
		for _, shift := range m.Shifts {
			row.Cells = append(row.Cells, shiftCell{shift, newPartsBar(shift.Parts, shift.Target), newShownFigure(shift.RunningShare)})
		}
		body.Rows = append(body.Rows, row)
		if len(m.Shifts) > len(body.Shifts) {
			body.Shifts = m.Shifts
		}
	}
	body.Unset = unset(body.Rows)
	body.Total = productionTotal{
		Bar:     newPartsBar(v.Parts, v.Target),
		Running: showFigure(v.Figures, runningFigures...), Performance: showFigure(v.Figures, "performance"), Product: showFigure(v.Figures, productFigures...),
	}
	s.draw(w, r, http.StatusOK, "production", page{Title: "Production", Nav: "production", Script: "production.js", Body: body, Data: v, Table: productionTable(v)})
}

// unset says of how many machines nobody says what the figures need.
func unset(rows []productionRow) string {
	targets, ideals := 0, 0
	for _, r := range rows {
		if r.Targetless == targetless {
			targets++
		}
		if r.Performance.Missing != "" {
			ideals++
		}
	}
	var said []string
	if ideals > 0 {
		said = append(said, fmt.Sprintf("Without an ideal cycle there is no performance: %d of %d machines.", ideals, len(rows)))
	}
	if targets > 0 {
		said = append(said, fmt.Sprintf("No target of parts is set for %d of %d machines.", targets, len(rows)))
	}
	return strings.Join(said, " ")
}

// ProgramRows are the programs that ran, those that ran longest first.
func (r productionRow) ProgramRows() []programRow {
	rows := make([]programRow, len(r.Programs))
	for i, p := range r.Programs {
		rows[i] = programRow{p.ProgramCycle}
	}
	return rows
}

// Beside says what of the parts is not known.
func (r productionRow) Beside() string {
	var said []string
	if r.PartsProblem != "" {
		said = append(said, r.PartsProblem)
	}
	if r.Targetless != "" {
		said = append(said, r.Targetless)
	}
	if r.PartsUnknown > 0 {
		said = append(said, fmt.Sprintf("not known %d×", r.PartsUnknown))
	}
	if r.Bad != nil && *r.Bad > 0 {
		said = append(said, measureText(*r.Bad)+" bad")
	}
	if r.Glitches > 0 {
		said = append(said, fmt.Sprintf("%d× jumped, not counted", r.Glitches))
	}
	return strings.Join(said, ", ")
}

// productionTable has a row for each program, and one for a machine that ran none.
func productionTable(v api.Production) *table {
	t := &table{Columns: []string{
		"machine", "name", "from", "to", "parts", "target", "bad", "runningShare", "runningSeconds", "knownSeconds", "performance", "aXP", "oee", "coverage",
		"path", "program", "cycles", "complete", "medianSeconds", "p10Seconds", "p90Seconds", "idealSeconds", "programParts", "programRunningSeconds", "problem",
	}}
	for _, m := range v.Machines {
		running := showFigure(m.Figures, runningFigures...)
		head := []any{
			m.Machine, m.Name, v.From, v.To, cell(m.Parts), cell(m.Target), cell(m.Bad), cell(running.Value), running.Numerator, running.Denominator,
			cell(showFigure(m.Figures, "performance").Value), cell(showFigure(m.Figures, "a-x-p").Value), cell(showFigure(m.Figures, "oee").Value), m.Coverage,
		}
		problem := strings.TrimSpace(m.PartsProblem + " " + m.Problem)
		if len(m.Programs) == 0 {
			t.Rows = append(t.Rows, append(append([]any{}, head...), nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, problem))
		}
		for _, p := range m.Programs {
			t.Rows = append(t.Rows, append(append([]any{}, head...), p.Path, cell(p.Program), int64(p.Cycles), int64(p.Whole),
				cell(p.MedianSeconds), cell(p.P10Seconds), cell(p.P90Seconds), cell(p.IdealSeconds), cell(p.Parts), p.RunningSeconds, problem))
		}
	}
	return t
}
