package insight

import (
	"cmp"
	"math"
	"slices"
)

// ProgramRuns is how the runs of one program went.
type ProgramRuns struct {
	Program string
	// Runs counts the cycles, Whole those that were seen from begin to end.
	Runs, Whole int
	// AllParts is what they made, Parts what of it was made in the range that is
	// looked at. Running is for how long of a range they were executed, and
	// Interrupted for how long in all they were interrupted, in microseconds.
	AllParts, Parts      float64
	Running, Interrupted int64
	// Median, P10 and P90 are of the running times of whole cycles, in
	// microseconds; not set where Whole is 0.
	Median, P10, P90 float64
	// Least and Most bound the running times that are usual, after Tukey: 1.5
	// times the distance of the quartiles beyond them. Everything is usual below
	// OutlierRuns whole cycles.
	Least, Most float64
}

// OutlierRuns is how many whole cycles of a program it takes to call one unusual.
const OutlierRuns = 5

// Unusual reports whether a whole cycle took unusually long or short.
func (p *ProgramRuns) Unusual(c *Cycle) bool {
	return c.Whole() && (float64(c.Running) < p.Least || float64(c.Running) > p.Most)
}

// Programs puts the cycles of each program together, with how long they were executed
// at from ≤ time < to, those that were longest first. Cycles in a manual mode are left
// out: they are no production.
func Programs(cycles []Cycle, from, to int64) []ProgramRuns {
	at := make(map[string]int)
	var all []ProgramRuns
	var times [][]float64
	for i := range cycles {
		c := &cycles[i]
		if c.Manual {
			continue
		}
		n, ok := at[c.Program]
		if !ok {
			n = len(all)
			at[c.Program] = n
			all, times = append(all, ProgramRuns{Program: c.Program}), append(times, nil)
		}
		p := &all[n]
		p.Runs++
		p.AllParts += c.AllParts
		p.Parts += c.Parts
		p.Running += c.RunningWithin(from, to)
		p.Interrupted += c.Interrupted
		if c.Whole() {
			p.Whole++
			times[n] = append(times[n], float64(c.Running))
		}
	}
	for i := range all {
		all[i].spread(times[i])
	}
	slices.SortStableFunc(all, func(a, b ProgramRuns) int { return cmp.Compare(b.Running, a.Running) })
	return all
}

// spread sets how the running times lie.
func (p *ProgramRuns) spread(times []float64) {
	p.Least, p.Most = 0, math.Inf(1)
	if len(times) == 0 {
		return
	}
	slices.Sort(times)
	p.P10, p.Median, p.P90 = Quantile(times, 0.1), Quantile(times, 0.5), Quantile(times, 0.9)
	if len(times) >= OutlierRuns {
		low, high := Quantile(times, 0.25), Quantile(times, 0.75)
		// Times that hardly differ are usual, however little they differ.
		reach := max(1.5*(high-low), 0.1*p.Median)
		p.Least, p.Most = low-reach, high+reach
	}
}

// Quantile gives the value below which the share q, from 0 to 1, of values in
// ascending order lies, between two of them as far as q lies between theirs. There
// is at least one value.
func Quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
