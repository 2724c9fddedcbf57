package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// What the pages of the settings draw of the calendar.
const (
	// shownDays is how many days are drawn as they will be.
	shownDays = 14
	// specialDays is how far ahead holidays and exceptions are listed.
	specialDays = 366
)

// saidBody is what is said of the plant, with where it comes from.
type saidBody struct {
	*shop.Shop
	Now time.Time
	// Problems are what is wrong with the newest file, a line each.
	Problems []string
}

func newSaidBody(said *shop.Shop, now time.Time) saidBody {
	b := saidBody{Shop: said, Now: now}
	if said.Problem != "" {
		b.Problems = strings.Split(strings.TrimPrefix(said.Problem, "shop file: "), "\n")
	}
	return b
}

// Names are the names of the shifts.
func (b saidBody) Names() string { return strings.Join(b.Calendar.Names(), ", ") }

// ZoneName is the plant's time zone for people.
func (b saidBody) ZoneName() string {
	_, word := zoneNames(b.Now.In(b.Zone))
	return word
}

// settings is the index of what is set.
func (s *site) settings(w http.ResponseWriter, r *http.Request) {
	s.draw(w, r, http.StatusOK, "settings", page{Title: "Settings", Nav: "settings", Body: newSaidBody(s.shop(), s.now())})
}

// shiftsBody is what the page of the shifts shows.
type shiftsBody struct {
	saidBody
	Patterns []patternRow
	Days     []dayPlan
	// Special are the holidays and exceptions of the year to come.
	Special []dayPlan
}

// patternRow is a week that repeats.
type patternRow struct {
	shop.Pattern
	// InForce is true for the one of today.
	InForce bool
}

// dayPlan is a day of the calendar.
type dayPlan struct {
	Date   shop.Date `json:"date"`
	Hours  float64   `json:"hours"`
	Reason string    `json:"reason,omitempty"`
	// Holiday is true for a day without shifts that is named as one; Exception for
	// any day that is not as its week has it.
	Holiday   bool        `json:"holiday"`
	Exception bool        `json:"exception"`
	Shifts    []shiftPlan `json:"shifts"`
	// Night is the shift that is on when the day begins, and until when, for a day on
	// which none begins; empty where there is none.
	Night string `json:"-"`
	// Bars are what is drawn of it.
	Bars []dayBar `json:"-"`
}

// shiftPlan is a shift of a day.
type shiftPlan struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Working float64   `json:"workingSeconds"`
}

// dayBar is a part of a day's drawing, in thousandths of the day.
type dayBar struct {
	Kind, Name string
	X, Width   int
}

// Weekday is the day's name in the week.
func (d dayPlan) Weekday() string { return d.Date.Weekday().String()[:3] }

// Changed says that clocks are changed on the day.
func (d dayPlan) Changed() string {
	switch {
	case d.Hours < 24:
		return "Clocks go forward: " + numberText(d.Hours) + " h"
	case d.Hours > 24:
		return "Clocks go back: " + numberText(d.Hours) + " h"
	}
	return ""
}

// shifts draws the calendar.
func (s *site) shifts(w http.ResponseWriter, r *http.Request) {
	said, now := s.shop(), s.now()
	today := shop.DateOf(now, said.Zone)
	body := shiftsBody{saidBody: newSaidBody(said, now)}
	for _, p := range said.Calendar.Patterns() {
		if p.From <= today {
			for i := range body.Patterns {
				body.Patterns[i].InForce = false
			}
		}
		body.Patterns = append(body.Patterns, patternRow{p, p.From <= today})
	}
	for d := today; d < today+shownDays; d++ {
		body.Days = append(body.Days, planDay(said, d))
	}
	for _, d := range said.Calendar.Exceptions(today, today+specialDays) {
		body.Special = append(body.Special, planDay(said, d))
	}
	t := &table{Columns: []string{"date", "shift", "from", "to", "working_seconds", "holiday", "reason"}}
	for _, d := range body.Days {
		for _, shift := range d.Shifts {
			t.Rows = append(t.Rows, []any{d.Date.String(), shift.Name, shift.From, shift.To, shift.Working, d.Holiday, d.Reason})
		}
		if len(d.Shifts) == 0 {
			t.Rows = append(t.Rows, []any{d.Date.String(), nil, nil, nil, 0.0, d.Holiday, d.Reason})
		}
	}
	s.draw(w, r, http.StatusOK, "shifts", page{Title: "Shifts", Nav: "settings", Body: body, Data: body.Days, Table: t})
}

// planDay gives a day of the calendar as it will be.
func planDay(said *shop.Shop, d shop.Date) dayPlan {
	from, to := d.Begin(said.Zone), (d + 1).Begin(said.Zone)
	day := dayPlan{Date: d, Hours: to.Sub(from).Hours(), Shifts: []shiftPlan{}}
	day.Reason, day.Holiday, day.Exception = said.Calendar.Exception(d)
	for _, s := range said.Calendar.Day(d) {
		p := shiftPlan{ID: s.ID(), Name: s.Name, From: time.UnixMicro(s.From).In(said.Zone), To: time.UnixMicro(s.To).In(said.Zone)}
		for _, w := range s.Working() {
			p.Working += float64(w.To-w.From) / 1e6
		}
		day.Shifts = append(day.Shifts, p)
	}
	// The night before is on when the day begins.
	length := to.Sub(from).Microseconds()
	add := func(kind, name string, w insight.Window) {
		begin, end := max(w.From, from.UnixMicro()), min(w.To, to.UnixMicro())
		if begin < end {
			x := int((begin - from.UnixMicro()) * 1000 / length)
			day.Bars = append(day.Bars, dayBar{kind, name, x, int((end-from.UnixMicro())*1000/length) - x})
		}
	}
	for _, s := range said.Calendar.Between(from.UnixMicro(), to.UnixMicro()) {
		if len(day.Shifts) == 0 && s.From < from.UnixMicro() {
			begun := time.UnixMicro(s.From).In(said.Zone)
			day.Night = fmt.Sprintf("%s of %s until %s", s.Name, begun.Format("Mon"), time.UnixMicro(s.To).In(said.Zone).Format("15:04"))
		}
		add("shift", s.Name, insight.Window{From: s.From, To: s.To})
		for _, b := range s.Breaks {
			add("break", "Break", b)
		}
	}
	return day
}

// machinesBody is what the page of the machines shows.
type machinesBody struct {
	saidBody
	Rows []saidMachine
	// Missing are machines that the file names and no agent has told of.
	Missing      []string
	RulesVersion int
	// Problem says that it is not known which machines there are.
	Problem string
}

// saidMachine is what is said of a machine.
type saidMachine struct {
	Slug string `json:"machine"`
	// Name is what people call it, Agent the agent's name of it.
	Name  string `json:"name"`
	Agent string `json:"agent"`
	Area  string `json:"area,omitempty"`
	// Ideal and Target are for people: what a cycle takes, and parts per shift.
	Ideal  string `json:"idealCycles,omitempty"`
	Target string `json:"targets,omitempty"`
	// PartsPerCycle, MicroStop and MaxJump are those in force.
	PartsPerCycle float64 `json:"partsPerCycle"`
	MicroStop     string  `json:"microStop"`
	MaxJump       int     `json:"maxJump"`
	Wait          string  `json:"wait"`
	SemiAutomatic string  `json:"semiAutomatic"`
	Path          string  `json:"path"`
	// Said is true where the file says anything of it.
	Said bool `json:"said"`
}

// machineSettings draws what is said of the machines, and the rules in force.
func (s *site) machineSettings(w http.ResponseWriter, r *http.Request) {
	said := s.shop()
	machines, err := s.views.Machines(r.Context())
	body := machinesBody{saidBody: newSaidBody(said, s.now()), RulesVersion: insight.RulesVersion}
	status := http.StatusOK
	if err != nil {
		if formOf(r) != asHTML || plant.ErrorCode(err) != plant.Unavailable {
			s.fail(w, r, err)
			return
		}
		status, body.Problem = http.StatusServiceUnavailable, message(err)
	}
	slugs := make([]string, len(machines))
	for i, m := range machines {
		slugs[i] = m.Slug
		row := describeMachine(said.Machine(m.Slug))
		row.Slug, row.Agent = m.Slug, m.Agent
		row.Name = cmp.Or(row.Name, m.Name)
		_, row.Said = said.Machines[m.Slug]
		body.Rows = append(body.Rows, row)
	}
	if err == nil {
		body.Missing = said.Unknown(slugs)
	}
	slices.SortFunc(body.Rows, func(a, b saidMachine) int { return cmp.Compare(a.Slug, b.Slug) })
	t := &table{Columns: []string{"machine", "name", "agent", "area", "ideal_cycles", "parts_per_cycle", "targets", "micro_stop", "max_jump", "wait", "semi_automatic", "path"}}
	for _, m := range body.Rows {
		t.Rows = append(t.Rows, []any{m.Slug, m.Name, m.Agent, m.Area, m.Ideal, m.PartsPerCycle, m.Target, m.MicroStop, m.MaxJump, m.Wait, m.SemiAutomatic, m.Path})
	}
	data := map[string]any{"rulesVersion": body.RulesVersion, "machines": body.Rows, "missing": body.Missing}
	s.draw(w, r, status, "machines", page{Title: "Machines", Nav: "settings", Body: body, Data: data, Table: t})
}

// describeMachine puts what is said of a machine, and what holds where nothing is,
// into words.
func describeMachine(m shop.Machine) saidMachine {
	row := saidMachine{
		Name: m.Name, Area: m.Area, PartsPerCycle: cmp.Or(m.PartsPerCycle, 1),
		MicroStop: spanText(cmp.Or(m.MicroStop, shop.DefaultMicroStop)), MaxJump: cmp.Or(m.MaxJump, shop.DefaultMaxJump),
		Wait:          spanText(cmp.Or(m.Rules.Wait, insight.DefaultWait)),
		SemiAutomatic: cmp.Or(m.Rules.SemiAutomatic, plant.Setup).Slug(), Path: cmp.Or(m.Rules.Path, "any"),
	}
	var ideals, targets []string
	for program, d := range m.IdealCycles {
		ideals = append(ideals, program+" "+spanText(d))
	}
	slices.Sort(ideals)
	if m.IdealCycle > 0 {
		ideals = append(ideals, spanText(m.IdealCycle))
	}
	for shift, n := range m.Targets {
		targets = append(targets, shift+" "+numberText(n))
	}
	slices.Sort(targets)
	row.Ideal, row.Target = strings.Join(ideals, ", "), strings.Join(targets, ", ")
	return row
}

// spanText writes a duration of the shop file for people.
func spanText(d time.Duration) string {
	text := exactText(d.Microseconds())
	if whole, ok := strings.CutSuffix(text, " min 0 s"); ok {
		return whole + " min"
	}
	return text
}
