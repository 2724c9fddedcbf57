package web

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// cycleLimit is how many cycles a machine's page shows as bars.
const cycleLimit = 20

// The measure of the picture with the bars, in its own units.
const (
	barStep   = 60 // the longest label, 1:04:12 h, has room between its neighbours
	barWidth  = 20
	barHeight = 110
)

// cyclePanel is the cycles of a machine as bars, the newest last.
type cyclePanel struct {
	Bars []cycleBar
	// Width and Height are the measure of the picture, Ideal the height of the line
	// of the ideal time; below 0 where nobody says, or the bars are of programs with
	// different ones.
	Width, Height int
	Ideal         float64
	IdealText     string
	Programs      []programRow
	// Problem says why there are none.
	Problem string
	// More is how many older ones the range has, and All where they are told, too.
	More int
	All  string
	Now  time.Time
}

// cycleBar is one cycle.
type cycleBar struct {
	api.Cycle
	// X is where its bar stands; Running and Stopped are how high its parts are, and
	// Top and Middle where they begin.
	X                             int
	Running, Stopped, Top, Middle float64
	// Label says what is unusual of it; empty for what is usual.
	Label string
	Href  string
	Now   time.Time
}

// Center is the middle of the bar, above which its label stands.
func (b cycleBar) Center() int { return b.X + barWidth/2 }

// Name is the program, as people read it.
func (b cycleBar) Name() string { return knownText(b.Program) }

// How says in words how it ended.
func (b cycleBar) How() string {
	switch {
	case b.Open:
		return "lasts"
	case b.Whole:
		return "complete"
	case b.End == "stopped":
		return "given up"
	case b.End == "program":
		return "another program came"
	case b.End == "unknown":
		return "cut off: not known how it went on"
	}
	return "begin not seen"
}

// Length is how long it took.
func (b cycleBar) Length() string { return cycleText(b.RunningSeconds + b.InterruptedSeconds) }

// Ran is how long it was executed, Waited how long interrupted.
func (b cycleBar) Ran() string    { return cycleText(b.RunningSeconds) }
func (b cycleBar) Waited() string { return cycleText(b.InterruptedSeconds) }

// Counted says the same of the parts of one cycle.
func (b cycleBar) Counted() string { return partsOfText(b.Parts, b.AllParts) }

// partsOfText gives parts as text: those of a range, of how many in all.
func partsOfText(within, all *float64) string {
	switch {
	case within == nil || all == nil:
		return "—"
	case *within == *all:
		return measureText(*all)
	}
	return fmt.Sprintf("%s, of which %s in this range", measureText(*all), measureText(*within))
}

// programRow is how the cycles of a program went.
type programRow struct{ api.ProgramCycle }

// Name is the program, as people read it.
func (p programRow) Name() string { return knownText(p.Program) }

// Median, P10, P90 and Ideal are times as text, "—" where they are not known.
func (p programRow) Median() string { return knownCycle(p.MedianSeconds) }
func (p programRow) P10() string    { return knownCycle(p.P10Seconds) }
func (p programRow) P90() string    { return knownCycle(p.P90Seconds) }
func (p programRow) Ideal() string  { return knownCycle(p.IdealSeconds) }

// Counted says how many parts were counted in the range, as on the lane, and how many
// in all of the cycles where these reach over it.
func (p programRow) Counted() string { return partsOfText(p.Parts, p.AllParts) }

// PerPart is how long a part took on the average, where a run makes many; empty
// otherwise.
func (p programRow) PerPart() string {
	if p.AllParts == nil || *p.AllParts < 2*float64(p.Cycles) {
		return ""
	}
	return cycleText(p.RunningSeconds / *p.AllParts)
}

// Total is how many cycles the range has.
func (p cyclePanel) Total() int { return p.More + len(p.Bars) }

// Unusual reports whether any of the bars is unusual, so that the key explains it.
func (p cyclePanel) Unusual() bool {
	return slices.ContainsFunc(p.Bars, func(b cycleBar) bool { return b.Unusual })
}

// Partial reports the same of cycles that are not complete.
func (p cyclePanel) Partial() bool {
	return slices.ContainsFunc(p.Bars, func(b cycleBar) bool { return !b.Whole })
}

// newCyclePanel makes the bars of the newest cycles. pick gives the address that
// shows a stretch of time on the lane.
func newCyclePanel(v api.Cycles, pick func(from, to time.Time) string, now time.Time) cyclePanel {
	p := cyclePanel{Problem: v.Problem, Height: barHeight + 40, Ideal: -1, Now: now}
	shown := v.Cycles[max(0, len(v.Cycles)-cycleLimit):]
	p.More = len(v.Cycles) - len(shown) + v.Left
	p.Width = max(1, len(shown)) * barStep
	for _, program := range v.Runs {
		p.Programs = append(p.Programs, programRow{program})
	}
	ideal, longest := idealOf(shown, v.Runs), 1.0
	for _, c := range shown {
		longest = max(longest, c.RunningSeconds+c.InterruptedSeconds)
	}
	longest = max(longest, ideal)
	scale := barHeight / longest
	for i, c := range shown {
		b := cycleBar{Cycle: c, X: i*barStep + (barStep-barWidth)/2, Now: now, Href: pick(c.From, c.To)}
		b.Running, b.Stopped = math.Max(1, c.RunningSeconds*scale), c.InterruptedSeconds*scale
		b.Middle = 20 + barHeight - b.Running
		b.Top = b.Middle - b.Stopped
		if c.Unusual {
			b.Label = cycleText(c.RunningSeconds)
		}
		p.Bars = append(p.Bars, b)
	}
	if ideal > 0 {
		p.Ideal, p.IdealText = 20+barHeight-ideal*scale, cycleText(ideal)
	}
	return p
}

// idealOf is the ideal time that all the cycles have in common, in seconds; 0 where
// they have none.
func idealOf(cycles []api.Cycle, programs []api.ProgramCycle) float64 {
	ideals := make(map[string]float64)
	for _, p := range programs {
		if p.IdealSeconds != nil {
			ideals[knownText(p.Program)] = *p.IdealSeconds
		}
	}
	common := 0.0
	for i, c := range cycles {
		ideal := ideals[knownText(c.Program)]
		if i > 0 && ideal != common {
			return 0
		}
		common = ideal
	}
	return common
}

// cycleText gives seconds as people say cycle times: 4:12, or 1:04:12.
func cycleText(seconds float64) string {
	if seconds < 60 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", seconds), ".0") + " s"
	}
	n := int(math.Round(seconds))
	if n >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d h", n/3600, n/60%60, n%60)
	}
	return fmt.Sprintf("%d:%02d min", n/60, n%60)
}

func knownCycle(seconds *float64) string {
	if seconds == nil {
		return "—"
	}
	return cycleText(*seconds)
}
