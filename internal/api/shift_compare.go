package api

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/shop"
)

// comparison is a machine's shift beside those before it.
type comparison struct {
	worker
	shift shop.Shift
	// lasts is true while the shift is on.
	lasts bool
	// parts are the shifts and facts what the machine did in them: the last is the one
	// that is compared.
	parts []shiftPart
	facts []shiftFacts
	// program is the one whose cycle times are compared.
	program programID
}

// wording is how a figure is told: what it is called, what of the earlier shifts is
// said where it is less and where it is more than usual, and which of these is worse.
type wording struct {
	id, label, unit string
	less, more      string
	thanLess        string
	thanMore        string
	worse           insight.Verdict
}

// The figures of a shift.
var (
	ranWords    = wording{insight.FigureRunningShareScheduled, "Running share (scheduled)", "", "less", "more", "ran longer", "ran shorter", insight.LessThanUsual}
	stopWords   = wording{FigureStops, "Stops", "", "fewer", "more", "had more", "had fewer", insight.MoreThanUsual}
	alarmWords  = wording{FigureAlarms, "Alarms raised", "", "fewer", "more", "had more", "had fewer", insight.MoreThanUsual}
	partsWords  = wording{FigureParts, "Parts of the shift", "", "fewer", "more", "made more", "made fewer", insight.LessThanUsual}
	cyclesWords = wording{FigureCycleTime, "Cycle time", "s", "shorter", "longer", "had longer ones", "had shorter ones", insight.MoreThanUsual}
)

// programID names a program of a path; Path is -1 for none.
type programID struct {
	path    int
	program string
}

// mainProgram is the program that ran longest in a shift.
func mainProgram(f *shiftFacts) programID {
	for _, p := range f.programs {
		if p.program != "" {
			return programID{p.path, p.program}
		}
	}
	return programID{path: -1}
}

// cycleSeconds is the median of the running times of the whole cycles of a program in
// a shift; nil where it had none.
func (f *shiftFacts) cycleSeconds(of programID) *float64 {
	for _, p := range f.programs {
		if p.path == of.path && p.program == of.program && p.whole > 0 {
			return new(p.median / 1e6)
		}
	}
	return nil
}

// machine compares the shift.
func (c *comparison) machine() MachineUsual {
	own := &c.facts[len(c.facts)-1]
	v := MachineUsual{Coverage: own.shares.Coverage(), Problem: own.problem, Figures: []UsualFigure{}}
	cycles := cyclesWords
	if c.program.path >= 0 {
		cycles.label += " of " + c.program.program
	}
	for _, figure := range []struct {
		wording
		of func(f *shiftFacts) *float64
		// none says why there is no value, where much is known of the shift.
		none string
	}{
		{ranWords, func(f *shiftFacts) *float64 { return insight.RunningShareScheduled(f.shares).Value }, "nothing is known of it"},
		{stopWords, func(f *shiftFacts) *float64 { return f.known(f.stops) }, "nothing is known of it"},
		{alarmWords, func(f *shiftFacts) *float64 { return f.known(f.alarms) }, "nothing is known of it"},
		{partsWords, func(f *shiftFacts) *float64 { return f.parts }, c.noParts()},
		{cycles, func(f *shiftFacts) *float64 { return f.cycleSeconds(c.program) }, c.noCycles()},
	} {
		v.Figures = append(v.Figures, c.figure(figure.wording, figure.of, figure.none))
	}
	v.Figures[len(v.Figures)-1].Program = c.program.program
	v.Verdict, v.Says = verdictOf(v.Figures)
	return v
}

func (c *comparison) noParts() string {
	if c.counter() == nil {
		return noCount
	}
	return fmt.Sprintf("the part counter was not known all the time; while it was known, it counted %g", c.facts[len(c.facts)-1].seen)
}

func (c *comparison) noCycles() string {
	if !slices.ContainsFunc(c.paths, func(p workPath) bool { return p.execution != nil }) {
		return noExecution
	}
	return "no program ran from begin to end"
}

// figure compares one figure.
func (c *comparison) figure(words wording, of func(*shiftFacts) *float64, none string) UsualFigure {
	v := UsualFigure{ID: words.id, Label: words.label, Unit: words.unit, Verdict: VerdictUnsaid}
	own := &c.facts[len(c.facts)-1]
	if own.problem == "" {
		v.Value = of(own)
	}
	var earlier []float64
	for i := range c.facts[:len(c.facts)-1] {
		if f := &c.facts[i]; f.counted() {
			if value := of(f); value != nil {
				earlier = append(earlier, *value)
			}
		}
	}
	number := 0.
	if v.Value != nil {
		number = *v.Value
	}
	standing := insight.Stand(number, earlier)
	if v.Shifts = standing.Earlier; v.Shifts > 0 {
		v.P10, v.Median, v.P90 = &standing.P10, &standing.Median, &standing.P90
	}
	switch {
	case own.problem != "":
		v.Says = "not said: " + own.problem
		return v
	case own.shares.Total == 0:
		v.Says = "not said: the shift has no working time up to then"
		return v
	case !own.counted():
		v.Says = fmt.Sprintf("not said: only %.0f %% of the shift is known", math.Floor(100*own.shares.Coverage()))
		return v
	case v.Value == nil:
		v.Says = "not said: " + none
		return v
	}
	v.Verdict, v.Lower, v.Higher = string(standing.Verdict), standing.Lower, standing.Higher
	v.Worse = standing.Verdict == words.worse
	v.Says = c.says(words, standing)
	return v
}

// says says in words how a figure stands.
func (c *comparison) says(words wording, s insight.Standing) string {
	tell := func(word string, n int, did string) string {
		then := ""
		if c.lasts {
			then = " by then"
		}
		return fmt.Sprintf("%s than usual: %d of %d %s shifts %s%s", word, n, s.Earlier, c.shift.Name, did, then)
	}
	switch s.Verdict {
	case insight.LessThanUsual:
		return tell(words.less, s.Higher, words.thanLess)
	case insight.MoreThanUsual:
		return tell(words.more, s.Lower, words.thanMore)
	case insight.TooFewToSay:
		return fmt.Sprintf("too few shifts to say: %d of the %d that it takes", s.Earlier, insight.StandingLeast)
	default:
		return "as usual"
	}
}

// verdictOf puts the figures of a machine together: the worst counts.
func verdictOf(figures []UsualFigure) (verdict, says string) {
	var worse, better []string
	for _, f := range figures {
		if f.Verdict != string(insight.LessThanUsual) && f.Verdict != string(insight.MoreThanUsual) {
			continue
		}
		said := strings.ToLower(f.Label[:1]) + f.Label[1:] + " " + f.Says
		if f.Worse {
			worse = append(worse, said)
		} else {
			better = append(better, said)
		}
	}
	switch {
	case worse != nil:
		return VerdictWorse, strings.Join(append(worse, better...), "; ")
	case figures[0].Verdict == VerdictUnsaid || figures[0].Verdict == string(insight.TooFewToSay):
		return VerdictUnsaid, figures[0].Says
	case better != nil:
		return VerdictBetter, strings.Join(better, "; ")
	}
	return VerdictUsual, figures[0].Says
}

// usualSentence says how the machines did together.
func usualSentence(machines []MachineUsual) string {
	of := func(verdict string) []string {
		var names []string
		for _, m := range machines {
			if m.Verdict == verdict {
				names = append(names, m.Name)
			}
		}
		return names
	}
	said := []string{fmt.Sprintf("%d of %d machines as usual", len(of(VerdictUsual)), len(machines))}
	for _, part := range []struct{ verdict, words string }{
		{VerdictWorse, "%d worse than usual"}, {VerdictBetter, "%d better than usual"}, {VerdictUnsaid, "of %d it cannot be said"},
	} {
		names := of(part.verdict)
		if len(names) == 0 {
			continue
		}
		text := fmt.Sprintf(part.words, len(names)) + " (" + strings.Join(names[:min(len(names), MaxNamed)], ", ")
		if more := len(names) - MaxNamed; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		said = append(said, text+")")
	}
	return strings.Join(said, "; ")
}
