package api

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
)

// CycleQuery asks for the cycles of a machine.
type CycleQuery struct {
	Machine string
	// Program picks those of one program; all where it is empty.
	Program string
	// From and To bound the range: a cycle is in it where a part of it is. Without
	// From it is the last DefaultRange before To; without To it ends now.
	From, To time.Time
}

// Cycles is the cycles of a machine, the oldest first, and how those of each
// program went.
type Cycles struct {
	Machine string         `json:"machine"`
	From    time.Time      `json:"from"`
	To      time.Time      `json:"to"`
	Cycles  []Cycle        `json:"cycles"`
	Left    int            `json:"left,omitempty" doc:"How many older ones were left out"`
	Runs    []ProgramCycle `json:"programs"`
	// Problem says why there can be none, or what could not be told.
	Problem string `json:"problem,omitempty"`
}

// Cycle is one run of a program on a path.
type Cycle struct {
	// Path is left out where the machine has one path only; Program where it is not
	// known.
	Path    string  `json:"path,omitempty"`
	Program *string `json:"program"`
	// Manual is true where the controller was not in automatic mode.
	Manual bool `json:"manual,omitempty"`
	// From is when it began, To when it ended, or up to when it is known while Open.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Open bool      `json:"open,omitempty"`
	// RunningSeconds and InterruptedSeconds are together the time from From to To.
	RunningSeconds     float64 `json:"runningSeconds"`
	InterruptedSeconds float64 `json:"interruptedSeconds"`
	Interruptions      int     `json:"interruptions"`
	// Whole is true where it was seen from begin to end and ran to its end; End says
	// how it ended.
	Whole bool             `json:"whole"`
	End   insight.CycleEnd `json:"end,omitempty" enum:"completed,stopped,program,unknown"`
	// Unusual is true where it took unusually long or short for its program.
	Unusual bool `json:"unusual,omitempty"`
	// Parts is what was counted in it within the range, AllParts in all of it up to
	// the range's end; nil where parts are not counted on the path.
	Parts    *float64 `json:"parts"`
	AllParts *float64 `json:"allParts" doc:"What was counted in it before the range, too"`
	// Sequence is that of the observation that began it.
	Sequence int64 `json:"sequence,string"`
}

// ProgramCycle is how the cycles of a program went. Times are running times of whole
// cycles.
type ProgramCycle struct {
	Path          string   `json:"path,omitempty"`
	Program       *string  `json:"program"`
	Cycles        int      `json:"cycles"`
	Whole         int      `json:"whole"`
	MedianSeconds *float64 `json:"medianSeconds"`
	P10Seconds    *float64 `json:"p10Seconds"`
	P90Seconds    *float64 `json:"p90Seconds"`
	// IdealSeconds is how long a cycle takes at best; nil where nobody says.
	IdealSeconds *float64 `json:"idealSeconds"`
	// AllParts, RunningSeconds and InterruptedSeconds are those of all its cycles;
	// Parts is what of the parts was counted within the range.
	Parts              *float64 `json:"parts"`
	AllParts           *float64 `json:"allParts" doc:"What its cycles counted before the range, too"`
	RunningSeconds     float64  `json:"runningSeconds"`
	InterruptedSeconds float64  `json:"interruptedSeconds"`
}

// noExecution says why a machine has no cycles.
const noExecution = "This agent offers no EXECUTION: cycles cannot be told."

// Cycles gives the cycles of a machine: the newest MaxCycles where there are more.
// Invalid for a range that cannot be, NotFound where there is no such machine.
func (s *Service) Cycles(ctx context.Context, q CycleQuery) (Cycles, error) {
	m, err := s.findMachine(q.Machine)
	if err != nil {
		return Cycles{}, err
	}
	from, to, err := s.rangeOf(q.From, q.To)
	if err != nil {
		return Cycles{}, err
	}
	l := newLocator(s.reader, leadOf(from))
	w, err := s.work(ctx, l, m, from, to)
	if err != nil {
		return Cycles{}, err
	}
	v := Cycles{Machine: m.Slug, From: timeOf(from), To: timeOf(to), Cycles: []Cycle{}, Runs: []ProgramCycle{}}
	if !slices.ContainsFunc(w.paths, func(p workPath) bool { return p.execution != nil }) {
		v.Problem = noExecution
	} else {
		v.Problem = l.problem()
	}
	for i, cycles := range w.cycles {
		if q.Program != "" {
			cycles = slices.DeleteFunc(cycles, func(c insight.Cycle) bool { return c.Program != q.Program })
		}
		programs := insight.Programs(cycles, math.MinInt64, math.MaxInt64)
		for _, p := range programs {
			v.Runs = append(v.Runs, w.programCycle(i, p))
		}
		for _, c := range cycles {
			v.Cycles = append(v.Cycles, w.cycle(i, c, programs))
		}
	}
	slices.SortStableFunc(v.Cycles, func(a, b Cycle) int { return a.From.Compare(b.From) })
	if v.Left = max(0, len(v.Cycles)-MaxCycles); v.Left > 0 {
		v.Cycles = v.Cycles[v.Left:]
	}
	return v, nil
}

// cycle gives a cycle of a path as it is told.
func (w *work) cycle(path int, c insight.Cycle, programs []insight.ProgramRuns) Cycle {
	v := Cycle{
		Path: w.pathName(path), Program: nameOrNil(c.Program), Manual: c.Manual,
		From: timeOf(c.From), To: timeOf(c.To), Open: c.End == insight.CycleOpen,
		RunningSeconds: inSeconds(c.Running), InterruptedSeconds: inSeconds(c.Interrupted), Interruptions: c.Interruptions,
		Whole: c.Whole(), End: c.End, Parts: w.partsOn(path, c.Parts), AllParts: w.partsOn(path, c.AllParts), Sequence: c.Sequence,
	}
	if i := slices.IndexFunc(programs, func(p insight.ProgramRuns) bool { return p.Program == c.Program }); i >= 0 {
		v.Unusual = programs[i].Unusual(&c)
	}
	return v
}

func (w *work) programCycle(path int, p insight.ProgramRuns) ProgramCycle {
	v := ProgramCycle{
		Path: w.pathName(path), Program: nameOrNil(p.Program), Cycles: p.Runs, Whole: p.Whole,
		Parts: w.partsOn(path, p.Parts), AllParts: w.partsOn(path, p.AllParts), RunningSeconds: inSeconds(p.Running), InterruptedSeconds: inSeconds(p.Interrupted),
	}
	if ideal := w.said.Ideal(p.Program); ideal > 0 {
		v.IdealSeconds = new(ideal.Seconds())
	}
	if p.Whole > 0 {
		v.MedianSeconds, v.P10Seconds, v.P90Seconds = new(p.Median/1e6), new(p.P10/1e6), new(p.P90/1e6)
	}
	return v
}

// pathName is the name of a path, where there are several.
func (w *work) pathName(path int) string {
	if len(w.paths) < 2 {
		return ""
	}
	return cmp.Or(w.paths[path].name, w.paths[path].id)
}

// partsOn gives parts of a path; nil where they are not counted on it.
func (w *work) partsOn(path int, parts float64) *float64 {
	if !w.counts(path) {
		return nil
	}
	return &parts
}

// nameOrNil gives a text; nil where it is empty, which stands for not known.
func nameOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// inSeconds gives microseconds as seconds.
func inSeconds(micros int64) float64 { return float64(micros) / 1e6 }
