package web

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
)

// handoverBody is what the page of a shift shows to who takes over from it.
type handoverBody struct {
	api.ShiftUsual
	Range rangePicker
	Rows  []handoverRow
	// One is the machine of which alone it is told, nil for all.
	One *handoverRow
	// NoShifts is true where there is no calendar, and NoShift where the range is no
	// shift.
	NoShifts, NoShift bool
	// Basis says with what the machines are compared.
	Basis string
	// Least is how many earlier shifts it takes to say what is usual, and Known how much
	// of a shift has to be known.
	Least int
	Known float64
	Now   time.Time
	// JSON and CSV are the addresses of the page in its other forms.
	JSON, CSV string
}

// handoverRow is one machine.
type handoverRow struct {
	api.MachineUsual
	Mark    usualMark
	Figures []figureRow
	// Stands leads to the shifts that it stands on, Lane to what the machine did.
	Stands, Lane string
	Earlier      []shiftRow
}

// In names the figures that make the verdict: in what it was better or worse.
func (r handoverRow) In() string {
	if r.Verdict != api.VerdictWorse && r.Verdict != api.VerdictBetter {
		return ""
	}
	var in []string
	for _, f := range r.Figures {
		if more := f.Verdict == string(insight.MoreThanUsual); f.Worse == (r.Verdict == api.VerdictWorse) && (more || f.Verdict == string(insight.LessThanUsual)) {
			in = append(in, f.Label)
		}
	}
	return "in: " + strings.Join(in, ", ")
}

// addTarget adds the parts that a whole shift is to make, where somebody said so.
func (r *handoverRow) addTarget(parts float64) {
	for i := range r.Figures {
		if f := &r.Figures[i]; f.ID == api.FigureParts && parts > 0 {
			f.Beside = "of " + measureText(parts) + " for the whole shift"
		}
	}
}

// hush leaves out of the figures that there are too few shifts: the page says it once.
func (r *handoverRow) hush() {
	for i := range r.Figures {
		f := &r.Figures[i]
		f.Hushed = f.Verdict == string(insight.TooFewToSay)
	}
}

// anyUsual reports whether it is known of any figure what is usual.
func anyUsual(rows []handoverRow) bool {
	return slices.ContainsFunc(rows, func(r handoverRow) bool {
		return slices.ContainsFunc(r.Figures, func(f figureRow) bool { return f.Usual != "" })
	})
}

// basisText says with how many shifts the machines are compared: with those of which
// enough is known.
func basisText(v *api.ShiftUsual) string {
	least, most := math.MaxInt, 0
	for _, m := range v.Machines {
		if len(m.Figures) == 0 {
			continue
		}
		most = max(most, m.Figures[0].Shifts)
		if m.Verdict != api.VerdictUnsaid {
			least = min(least, m.Figures[0].Shifts)
		}
	}
	kind := fmt.Sprintf("%s of the same working time in the %d days before", countedText(float64(v.Earlier), v.Shift.Name+" shift"), int(api.ShiftHistory/(24*time.Hour)))
	switch {
	case most < insight.StandingLeast:
		return fmt.Sprintf("Too few shifts to say what is usual: of %s enough is known of %d at most, and it takes %d.", kind, most, insight.StandingLeast)
	case least >= most:
		return fmt.Sprintf("Each machine is compared with its own shifts: of %s, those %d of which enough is known.", kind, most)
	}
	return fmt.Sprintf("Each machine is compared with its own shifts: of %s, those %d to %d of which enough is known.", kind, least, most)
}

// usualMark is a verdict as it is shown: never by its colour alone.
type usualMark struct{ Glyph, Word string }

var usualMarks = map[string]usualMark{
	api.VerdictUsual: {"=", "as usual"}, api.VerdictWorse: {"▼", "worse than usual"}, api.VerdictBetter: {"▲", "better than usual"}, api.VerdictUnsaid: {"?", "not said"},
}

// figureRow is one figure of a machine.
type figureRow struct {
	api.UsualFigure
	// Text is its value, Usual what it usually is; empty where that is not known.
	// Beside stands beside the value: the target, or the program.
	Text, Usual, Beside string
	Band                usualBand
	// Hushed is true where the page says elsewhere what there is to say.
	Hushed bool
}

// Off reports whether there is more to say than that it is as usual.
func (f figureRow) Off() bool { return f.Verdict != string(insight.AsUsual) && !f.Hushed }

// usualBand is a value beside what is usual as a picture, from 0 to bandUnits. Nothing
// is drawn where Width is 0.
type usualBand struct{ From, Width, Median, Value float64 }

const (
	bandUnits = 100
	// bandLeast is how wide the band of what is usual is drawn at least.
	bandLeast = 2
)

func newUsualBand(f api.UsualFigure) usualBand {
	if f.Value == nil || f.P10 == nil || f.Shifts < insight.StandingLeast {
		return usualBand{}
	}
	// From nothing on, so that bands of one kind may be compared at a glance.
	scale := bandUnits / max(*f.Value, *f.P90, 1e-9) / 1.1
	return usualBand{From: *f.P10 * scale, Width: max(bandLeast, (*f.P90-*f.P10)*scale), Median: *f.Median * scale, Value: *f.Value * scale}
}

// usualText gives a figure of a shift.
func usualText(id string, v *float64) string {
	switch {
	case v == nil:
		return unknown
	case id == insight.FigureRunningShareScheduled:
		return percentText(*v)
	case id == api.FigureCycleTime:
		return cycleText(*v)
	}
	return measureText(*v)
}

func newFigureRow(f api.UsualFigure) figureRow {
	row := figureRow{UsualFigure: f, Text: usualText(f.ID, f.Value), Beside: f.Program, Band: newUsualBand(f)}
	if f.Median != nil && f.Shifts >= insight.StandingLeast {
		row.Usual = fmt.Sprintf("usually %s (%s – %s)", usualText(f.ID, f.Median), usualText(f.ID, f.P10), usualText(f.ID, f.P90))
	}
	return row
}

// shiftRow is one of the shifts that a machine is compared with.
type shiftRow struct {
	api.ShiftFacts
	Href string
}

// Text gives a figure of it by its id.
func (r shiftRow) Text(id string) string {
	return usualText(id, map[string]*float64{
		insight.FigureRunningShareScheduled: r.RunningShare, api.FigureStops: r.Stops, api.FigureAlarms: r.Alarms, api.FigureParts: r.Parts, api.FigureCycleTime: r.CycleSeconds,
	}[id])
}

// handoverOrder is in which order machines stand: what needs a look first.
var handoverOrder = []string{api.VerdictWorse, api.VerdictUnsaid, api.VerdictBetter, api.VerdictUsual}

func (s *site) handover(w http.ResponseWriter, r *http.Request) {
	picked, ok := s.pickShift(w, r)
	if !ok {
		return
	}
	body := handoverBody{
		Range: picked, Now: s.now(), NoShifts: s.shop().Calendar.Empty(), NoShift: picked.Shift == nil,
		Least: insight.StandingLeast, Known: insight.DoubtfulBelow,
		JSON: inForm(r, asJSON), CSV: inForm(r, asCSV),
	}
	p := page{Title: "Handover", Nav: "handover"}
	if formOf(r) == asHTML { // The other forms have no place for it: the view refuses it.
		body.Note = notBegun(picked, body.Now)
	}
	if !body.NoShift && body.Note == "" {
		q := api.ShiftUsualQuery{Shift: picked.Shift.ID(), At: s.moment()}
		if one := r.FormValue("machine"); one != "" {
			q.Machines = []string{one}
		}
		var err error
		if body.ShiftUsual, err = s.views.ShiftUsual(r.Context(), q); err != nil {
			s.fail(w, r, fmt.Errorf("handover: %w", err))
			return
		}
		for _, m := range body.Machines {
			row := newHandoverRow(m, q.Shift)
			row.addTarget(s.shop().Machine(m.Machine).Targets[picked.Shift.Name])
			body.Rows = append(body.Rows, row)
		}
		body.Basis = basisText(&body.ShiftUsual)
		if !anyUsual(body.Rows) {
			for _, row := range body.Rows {
				row.hush()
			}
		}
		slices.SortStableFunc(body.Rows, func(a, b handoverRow) int {
			return cmp.Compare(slices.Index(handoverOrder, a.Verdict), slices.Index(handoverOrder, b.Verdict))
		})
		p.Table = usualTable(body.ShiftUsual)
		if q.Machines != nil && len(body.Rows) == 1 {
			body.One = &body.Rows[0]
			p.Table = shiftsTable(body.Machines[0])
		}
	}
	p.Body, p.Data = body, body.ShiftUsual
	s.draw(w, r, http.StatusOK, "handover", p)
}

// notBegun says that the range is a shift that is still to come; empty where it is not.
func notBegun(p rangePicker, now time.Time) string {
	if p.Shift == nil || !p.From.After(now) {
		return ""
	}
	return "The shift has not begun: it begins at " + clockText(p.From, now) + "."
}

// pickShift reads the range of a page that is of one shift: of the one that ended last
// where the address names none.
func (s *site) pickShift(w http.ResponseWriter, r *http.Request) (rangePicker, bool) {
	q, calendar, at := r.URL.Query(), s.shop().Calendar, s.now().UnixMicro()
	if _, before := calendar.Previous(at); before && !slices.ContainsFunc(rangeNames, q.Has) {
		name := "shift:current" // Where none is on, that is the last one.
		if _, on := calendar.At(at); on {
			name = "shift:prev"
		}
		q.Set("range", name)
		r = r.Clone(r.Context())
		r.URL.RawQuery = q.Encode()
	}
	return s.pickRange(w, r)
}

func newHandoverRow(m api.MachineUsual, shift string) handoverRow {
	row := handoverRow{MachineUsual: m, Mark: usualMarks[m.Verdict], Stands: standsHref(m.Machine, shift), Lane: "/m/" + url.PathEscape(m.Machine) + "?range=" + url.QueryEscape("shift:"+shift)}
	for _, f := range m.Figures {
		row.Figures = append(row.Figures, newFigureRow(f))
	}
	for _, e := range m.Shifts {
		row.Earlier = append(row.Earlier, shiftRow{e, "/m/" + url.PathEscape(m.Machine) + "?range=" + url.QueryEscape("shift:"+e.ID)})
	}
	return row
}

// standsHref leads to the shifts that what is said of a machine stands on.
func standsHref(machine, shift string) string {
	return "/handover?" + url.Values{"machine": {machine}, "range": {"shift:" + shift}}.Encode()
}

// Said is what is said beside the machine's word.
func (r handoverRow) Said() string {
	if r.Verdict == api.VerdictUsual {
		return ""
	}
	return r.Says
}

// usualTable has a row for each figure of each machine.
func usualTable(v api.ShiftUsual) *table {
	t := &table{Columns: []string{"shift", "until", "machine", "name", "coverage", "figure", "label", "value", "unit", "verdict", "says", "p10", "median", "p90", "shifts", "lower", "higher", "problem"}}
	if v.Shift == nil {
		return t
	}
	for _, m := range v.Machines {
		for _, f := range m.Figures {
			t.Rows = append(t.Rows, []any{
				v.Shift.ID, v.Until, m.Machine, m.Name, m.Coverage, f.ID, f.Label, cell(f.Value), f.Unit, f.Verdict, f.Says,
				cell(f.P10), cell(f.Median), cell(f.P90), f.Shifts, f.Lower, f.Higher, m.Problem,
			})
		}
	}
	return t
}

// shiftsTable has a row for each shift that a machine is compared with, the shift
// itself in front.
func shiftsTable(m api.MachineUsual) *table {
	t := &table{Columns: []string{"machine", "shift", "from", "to", "counts", "note", "coverage", "runningShare", "stops", "alarms", "parts", "cycle", "cycleSeconds"}}
	cycle := ""
	if n := len(m.Figures); n > 0 {
		cycle = m.Figures[n-1].Label
	}
	for _, e := range m.Shifts {
		t.Rows = append(t.Rows, []any{
			m.Machine, e.ID, e.From, e.To, e.Counts, e.Note, e.Coverage, cell(e.RunningShare), cell(e.Stops), cell(e.Alarms), cell(e.Parts), cycle, cell(e.CycleSeconds),
		})
	}
	return t
}

// normal is what a machine's page says of the shift that it shows.
type normal struct {
	// Label names the shift; Note says why nothing else is said of it.
	Label, Note string
	// Verdict is the machine's, Says what it is worked out from; Href leads there.
	Verdict, Says, Href string
	Mark                usualMark
}

// addNormal adds whether the shift that the page shows was as usual.
func (s *site) addNormal(r *http.Request, body *machineBody) {
	if body.Range.Shift == nil {
		return
	}
	n := &normal{Label: "Shift " + body.Range.Shift.Name, Note: notBegun(body.Range, body.Now)}
	if n.Note != "" {
		body.Normal = n
		return
	}
	q := api.ShiftUsualQuery{Shift: body.Range.Shift.ID(), Machines: []string{body.Slug}, At: s.moment()}
	v, err := s.views.ShiftUsual(r.Context(), q)
	if err != nil {
		s.log.ErrorContext(r.Context(), "machine without what is usual of its shift", "error", err)
		body.Problems = append(body.Problems, "Whether the shift is as usual could not be found out.")
		return
	}
	body.Normal = n
	if n.Note = v.Note; n.Note != "" {
		return // It has just begun.
	}
	m := v.Machines[0]
	n.Verdict, n.Mark, n.Href = m.Verdict, usualMarks[m.Verdict], standsHref(m.Machine, v.Shift.ID)
	if v.Lasts {
		n.Label += " up to " + v.Until.In(body.Now.Location()).Format("15:04")
	}
	ran := newFigureRow(m.Figures[0])
	n.Says = "ran " + ran.Text
	if ran.Usual != "" {
		n.Says += ", " + ran.Usual
	}
	if m.Verdict != api.VerdictUsual {
		n.Says += "; " + m.Says
	}
}
