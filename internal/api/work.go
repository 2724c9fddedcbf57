package api

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// worker is which data items of a machine tell of its work.
type worker struct {
	paths []workPath
	// allCount, goodCount and badCount count parts; nil where the agent offers no such
	// count.
	allCount, goodCount, badCount *item
}

// workPath is the data items of a path that tell of its work; nil for those that
// the agent does not offer.
type workPath struct {
	id, name                       string
	execution, program, mode, tool *item
}

// mainProgramRank prefers the program that was started to the one that is being
// gone through, which may be one that it calls.
func mainProgramRank(subType string) int {
	return slices.Index([]string{"MAIN", "", "ACTIVE"}, subType)
}

// anyRank takes every subtype.
func anyRank(string) int { return 0 }

func newWorker(items []*item) worker {
	var w worker
	for _, id := range pathIDs(items) {
		p := workPath{
			id: id, name: pathName(items, id),
			execution: pick(items, id, "EXECUTION", plainRank),
			program:   pick(items, id, "PROGRAM", mainProgramRank),
			mode:      pick(items, id, "CONTROLLER_MODE", plainRank),
		}
		for _, typ := range []string{"TOOL_NUMBER", "TOOL_ID", "TOOL_ASSET_ID", "TOOL_GROUP"} {
			if p.tool == nil {
				p.tool = pick(items, id, typ, anyRank)
			}
		}
		w.paths = append(w.paths, p)
	}
	count := func(subTypes ...string) *item {
		for _, subType := range subTypes {
			for _, it := range items {
				if it.Type == "PART_COUNT" && it.SubType == subType && !isSet(it.DataItem) {
					return it
				}
			}
		}
		return nil
	}
	w.allCount, w.goodCount, w.badCount = count("ALL", "", "COMPLETE"), count("GOOD"), count("BAD")
	return w
}

// counter is the count that is shown as parts: of good ones where they are told
// apart, as on the floor.
func (w *worker) counter() *item {
	if w.goodCount != nil {
		return w.goodCount
	}
	return w.allCount
}

// items are all data items of the worker.
func (w *worker) items() []*item {
	all := []*item{w.allCount, w.goodCount, w.badCount}
	for _, p := range w.paths {
		all = append(all, p.execution, p.program, p.mode, p.tool)
	}
	slices.SortFunc(all, func(a, b *item) int { return int(idNumber(a)) - int(idNumber(b)) })
	return slices.DeleteFunc(slices.Compact(all), func(it *item) bool { return it == nil })
}

func idNumber(it *item) plant.ItemID {
	if it == nil {
		return 0
	}
	return it.ID
}

// work is what a machine worked over a range.
type work struct {
	worker
	track track
	// from and to are the range, heard up to when the machine was listened to, all
	// in microseconds; what is told of the range ends with end.
	from, to, heard, end int64
	// cycles are those of each path that lie in the range at least in part.
	cycles [][]insight.Cycle
	// made, good and bad are the steps of the counters.
	made, good, bad []insight.PartStep
	rules           insight.PartRules
	// said is what people say of the machine.
	said shop.Machine
	// shifts are those of which a part is in the range.
	shifts []shop.Shift
}

// work reads what a machine worked at from ≤ time < to. What was said up to
// WorkLead before is looked at too, so that a cycle is known that began before.
func (s *Service) work(ctx context.Context, l *locator, m *machine, from, to int64) (work, error) {
	return s.workUntil(ctx, l, m, from, to, math.MaxInt64)
}

// workUntil does the same as of a moment of the past: nothing later is looked at.
func (s *Service) workUntil(ctx context.Context, l *locator, m *machine, from, to, at int64) (work, error) {
	said := s.shop()
	w := work{
		worker: newWorker(m.items), from: from, to: to,
		said: said.Machine(m.Slug), shifts: said.Calendar.Between(from, to),
	}
	until, _ := s.heardUntil(m)
	w.heard = min(until, at, s.now().UnixMicro())
	w.end = min(to, w.heard)
	w.rules = insight.PartRules{MaxJump: float64(w.said.MaxJump)}
	var err error
	if w.track, err = s.track(ctx, l, m.agent, w.items(), leadOf(from), min(to, at)); err != nil {
		return w, err
	}
	w.good, w.bad = w.steps(w.goodCount), w.steps(w.badCount)
	w.made = w.steps(w.allCount)
	if w.allCount == nil {
		w.made = w.good
	}
	for i, p := range w.paths {
		cycles := []insight.Cycle{}
		if p.execution != nil {
			cycles = insight.Cycles(w.track.ofAll(p.execution, p.program, p.mode), w.track.holes, insight.CycleItems{
				Execution: p.execution.ID, Program: idNumber(p.program), Mode: idNumber(p.mode),
			}, w.end)
		}
		if w.counts(i) {
			insight.CountParts(cycles, w.made, from, to)
		}
		w.cycles = append(w.cycles, slices.DeleteFunc(cycles, func(c insight.Cycle) bool { return c.To <= from || c.From >= to }))
	}
	return w, nil
}

// leadOf is where what is read for a range begins: WorkLead before it.
func leadOf(from int64) int64 {
	if from > math.MinInt64+WorkLead.Microseconds() {
		return from - WorkLead.Microseconds()
	}
	return from
}

func (w *work) steps(it *item) []insight.PartStep {
	return insight.Parts(w.track.of(it), w.track.holes, w.rules)
}

// counts reports whether what the counter counts is made by a path: by that of its
// place, or by the first.
func (w *work) counts(path int) bool {
	counter := w.allCount
	if counter == nil {
		counter = w.goodCount
	}
	if counter == nil {
		return false
	}
	at := slices.IndexFunc(w.paths, func(p workPath) bool { return p.id == counter.PathID })
	return path == max(0, at)
}

// perCycle is how many parts a cycle makes.
func (w *work) perCycle() float64 { return cmp.Or(w.said.PartsPerCycle, 1) }

// lasts reports whether what had not ended by the end of the range still lasts.
// A range that ends now was asked for a moment ago.
func (w *work) lasts() bool { return w.heard-lastingSlack <= w.to }

// lastingSlack is how long a question may take on its way, in microseconds, to be one
// of now.
const lastingSlack = int64(2 * time.Second / time.Microsecond)

// rangeOf gives the range of a question in microseconds: without a beginning the
// last DefaultRange before its end, without an end up to now. Invalid where it
// ends before it begins, or is longer than MaxWorkRange.
func (s *Service) rangeOf(from, to time.Time) (first, end int64, err error) {
	if to.IsZero() {
		to = s.now()
	}
	first, end, err = s.microseconds(from, to)
	if err == nil {
		err = checkLength(first, end, MaxWorkRange)
	}
	return first, end, err
}
