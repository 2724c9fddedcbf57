package block_test

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// history is random observations, some of which lie in blocks.
type history struct {
	*memory
	t      testing.TB
	random *rand.Rand
	items  []plant.ItemID
	runs   []plant.RunID
	// all is every observation there is.
	all []plant.Observation
	// next is the next sequence number of each run.
	next map[plant.RunID]int64
	// orderly is true where all are numbers in order of time; clock is that of the
	// last one.
	orderly bool
	clock   int64
}

const (
	maxItems = 4
	maxRuns  = 3
)

// newHistory draws a history, with limits so close that it takes many pages.
func newHistory(t testing.TB, r *rapid.T) (*history, block.Limits) {
	h := &history{memory: newMemory(), t: t, next: make(map[plant.RunID]int64)}
	h.random = rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0))
	for i := range rapid.IntRange(1, maxItems).Draw(r, "items") {
		h.items = append(h.items, plant.ItemID(i+1))
	}
	for i := range rapid.IntRange(1, maxRuns).Draw(r, "runs") {
		h.runs = append(h.runs, plant.RunID(i+1))
		h.next[plant.RunID(i+1)] = 1
	}
	h.orderly = rapid.Bool().Draw(r, "orderly")
	for range rapid.IntRange(0, 12).Draw(r, "batches") {
		h.commit(rapid.IntRange(1, 40).Draw(r, "observations"))
	}
	for range rapid.IntRange(0, 12).Draw(r, "seals") {
		h.sealSome()
	}
	l := block.Limits{
		FirstPage: rapid.IntRange(1, 5).Draw(r, "first page"), MaxPage: rapid.IntRange(5, 100).Draw(r, "most page"),
		MaxWindow:   rapid.IntRange(1, 300).Draw(r, "most window"),
		MaxText:     rapid.SampledFrom([]int{1, 10, 100, 1 << 20}).Draw(r, "most text"),
		MaxDecoded:  rapid.SampledFrom([]int{1, 1000, 20_000, 1 << 20}).Draw(r, "most decoded"),
		MaxData:     rapid.IntRange(1, 6).Draw(r, "most data"),
		FirstListed: rapid.IntRange(1, 5).Draw(r, "first listed"), MaxListed: rapid.IntRange(5, 30).Draw(r, "most listed"),
		FirstRows: rapid.IntRange(1, 10).Draw(r, "first rows"),
	}
	return h, l
}

// commit adds n observations of a run, as rows.
func (h *history) commit(n int) {
	run := h.runs[h.random.IntN(len(h.runs))]
	at := h.random.Int64N(1000)
	step := h.random.Int64N(8) - 2
	numbers := h.random.IntN(3) > 0
	one := h.random.IntN(2) > 0
	item := h.items[h.random.IntN(len(h.items))]
	for range n {
		if !one {
			item = h.items[h.random.IntN(len(h.items))]
		}
		at += step
		if h.random.IntN(20) == 0 {
			at += h.random.Int64N(50) - 25
		}
		if h.orderly {
			h.clock += h.random.Int64N(5)
			at, numbers = h.clock, true
		}
		o := plant.Observation{Item: item, Run: run, Sequence: h.next[run], Time: at}
		h.next[run] += 1 + h.random.Int64N(2)*h.random.Int64N(2)*h.random.Int64N(100)
		switch kind := h.random.IntN(10); {
		case numbers || kind < 4:
			o.Value = plant.Value{Kind: plant.Number, Number: float64(h.random.IntN(9))}
		case kind < 6:
			o.Value = plant.Value{Kind: plant.Text, Text: fmt.Sprint("text ", kind)}
		case kind < 8:
			o.Alarm = &plant.Alarm{Level: plant.LevelFault, NativeCode: fmt.Sprint(kind)}
		}
		h.rows = append(h.rows, o)
		h.all = append(h.all, o)
	}
}

// sealSome seals some rows of an item of a run, mostly consecutive ones.
func (h *history) sealSome() {
	if len(h.rows) == 0 {
		return
	}
	of := h.rows[h.random.IntN(len(h.rows))]
	var observations []plant.Observation
	for _, o := range h.rows {
		if o.Item == of.Item && o.Run == of.Run {
			observations = append(observations, o)
		}
	}
	sortBySequence(observations)
	first := h.random.IntN(len(observations))
	last := first + h.random.IntN(len(observations)-first)
	observations = observations[first : last+1]
	if h.random.IntN(8) == 0 {
		observations = slices.DeleteFunc(observations, func(plant.Observation) bool { return len(observations) > 1 && h.random.IntN(3) == 0 })
	}
	h.rows = slices.DeleteFunc(slices.Clone(h.rows), func(o plant.Observation) bool {
		return o.Item == of.Item && o.Run == of.Run && slices.ContainsFunc(observations, func(s plant.Observation) bool { return s.Sequence == o.Sequence })
	})
	if h.random.IntN(2) == 0 {
		all := runObservations(h.all, of.Run, 0)
		h.wind(all[h.random.IntN(len(all)):])
	}
	h.seal(h.t, observations, 1+h.random.IntN(30))
}

// mergeSome puts two blocks of an item of a run together.
func (h *history) mergeSome() {
	if len(h.blocks) == 0 {
		return
	}
	h.blocks = slices.Clone(h.blocks)
	h.random.Shuffle(len(h.blocks), func(i, j int) { h.blocks[i], h.blocks[j] = h.blocks[j], h.blocks[i] })
	of := h.blocks[0]
	second := slices.IndexFunc(h.blocks[1:], func(b block.Meta) bool {
		return b.Item == of.Item && b.Run == of.Run && b.Count+of.Count <= block.MaxObservations
	})
	if second < 0 {
		return
	}
	merged := slices.Concat(h.unseal(h.t, second+1), h.unseal(h.t, 0))
	sortBySequence(merged)
	h.seal(h.t, merged, block.MaxObservations)
}

// keepUp may have blocks be sealed and merged between views, and views go stale.
func (h *history) keepUp(r *rapid.T) {
	if rapid.Bool().Draw(r, "upkeep") {
		h.before = func() {
			h.sealSome()
			h.mergeSome()
		}
	}
	if rapid.Bool().Draw(r, "stale") {
		h.fail = func(string) error {
			if h.random.IntN(10) == 0 {
				return errStale
			}
			return nil
		}
	}
}

// query draws a range of times and some items, one of which is unknown or there
// twice.
func (h *history) query(r *rapid.T) (items []plant.ItemID, from, to int64) {
	items = append(items, h.items...)
	h.random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	items = items[:1+h.random.IntN(len(items))]
	items = append(items, plant.ItemID(1+h.random.IntN(maxItems+3)))
	times := []int64{math.MinInt64, math.MaxInt64, h.random.Int64N(1000), h.random.Int64N(1000)}
	for range 4 {
		if len(h.all) > 0 {
			times = append(times, h.all[h.random.IntN(len(h.all))].Time+h.random.Int64N(2))
		}
	}
	return items, rapid.SampledFrom(times).Draw(r, "from"), rapid.SampledFrom(times).Draw(r, "to")
}

// read reads a sequence to its end.
func read[T any](t rapid.TB, sequence iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for v, err := range sequence {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		all = append(all, v)
	}
	return all
}

func same[T any](t rapid.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func TestItemObservationsProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h, limits := newHistory(t, r)
		items, from, to := h.query(r)
		before := rapid.Bool().Draw(r, "before")
		want := itemObservations(h.all, items, from, to, before)
		h.keepUp(r)
		read := read(r, limits.ItemObservations(r.Context(), h, items, from, to, before))
		same(r, "observations", read, want)
	})
}

func TestRunObservationsProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h, limits := newHistory(t, r)
		run := plant.RunID(rapid.IntRange(1, maxRuns).Draw(r, "run"))
		sequence := rapid.OneOf(rapid.Int64Range(-1, 500), rapid.Int64()).Draw(r, "sequence")
		want := runObservations(h.all, run, sequence)
		h.keepUp(r)
		same(r, "observations", read(r, limits.RunObservations(r.Context(), h, run, sequence)), want)
	})
}

func TestItemSummariesProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h, limits := newHistory(t, r)
		items, from, to := h.query(r)
		columns, room := rapid.IntRange(1, 20).Draw(r, "columns"), rapid.IntRange(0, 60).Draw(r, "room")
		for range rapid.IntRange(0, 2).Draw(r, "gaps") {
			first := h.random.Int64N(200)
			h.gaps = append(h.gaps, plant.Gap{Run: h.runs[0], From: first, To: first + h.random.Int64N(3)})
		}
		want := itemObservations(h.all, items[:1], from, to, true)
		h.keepUp(r)
		sums := read(r, limits.ItemSummaries(r.Context(), h, items[0], from, to, columns, room))
		for i, s := range sums {
			if s.Count > len(want) {
				r.Fatalf("summary %d is of %d observations where %d are left", i, s.Count, len(want))
			}
			same(r, fmt.Sprint("summary ", i), s, h.sum(r, want[:s.Count], from, to, columns))
			want = want[s.Count:]
		}
		same(r, "what is left", want, nil)
	})
}

// sum puts observations together, which may be.
func (h *history) sum(t rapid.TB, of []plant.Observation, from, to int64, columns int) plant.Summary {
	if len(of) == 1 {
		return plant.Single(of[0])
	}
	low, high := 0, 0
	for i, o := range of {
		if o.Alarm != nil || o.Value.Kind != plant.Number {
			t.Fatalf("%+v is no number", o)
		}
		if o.Value.Number < of[low].Value.Number {
			low = i
		}
		if o.Value.Number > of[high].Value.Number {
			high = i
		}
	}
	first, last := of[0], of[len(of)-1]
	width := int64(math.MaxInt64)
	if span := float64(to) - float64(from); span < 1<<60 {
		width = (to-from-1)/int64(columns) + 1
	}
	if first.Time < from || width < math.MaxInt64 && (first.Time-from)/width != (last.Time-from)/width {
		t.Fatalf("the times %d to %d are not of one column of %d from %d on", first.Time, last.Time, width, from)
	}
	for _, g := range h.gaps {
		if g.Run == first.Run && g.From < last.Sequence && g.To > first.Sequence {
			t.Fatalf("the gap %v lies between %d and %d", g, first.Sequence, last.Sequence)
		}
	}
	return plant.Summary{Count: len(of), First: first, Last: last, Low: of[low], LowAt: low, High: of[high], HighAt: high}
}

// TestPictureProperty draws a chart from summaries, which is the same as one drawn
// from all observations.
func TestPictureProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h, limits := newHistory(t, r)
		items, from, to := h.query(r)
		columns := rapid.IntRange(1, 12).Draw(r, "columns")
		want := itemObservations(h.all, items[:1], from, to, true)
		h.keepUp(r)
		draw := func(what string, summaries iter.Seq2[plant.Summary, error]) []plant.Observation {
			points, err := insight.Downsample(summaries, from, to, columns)
			if err != nil {
				r.Fatalf("%s: %v", what, err)
			}
			return points
		}
		got := draw("summaries", limits.ItemSummaries(r.Context(), h, items[0], from, to, columns, columns*insight.PointsPerColumn))
		same(r, "points", got, draw("observations", func(yield func(plant.Summary, error) bool) {
			for _, o := range want {
				if !yield(plant.Single(o), nil) {
					return
				}
			}
		}))
	})
}

// TestCommitBetweenPages commits while pages are read: of a commit, all that lies
// behind what was given by then is still to come.
func TestCommitBetweenPages(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h, limits := newHistory(t, r)
		items, from, to := h.query(r)
		want := itemObservations(h.all, items, from, to, false)
		var got []plant.Observation
		h.before = func() {
			committed := len(h.all)
			if h.random.IntN(2) == 0 && committed < 1000 {
				h.commit(1 + h.random.IntN(20))
			}
			for _, o := range itemObservations(h.all[committed:], items, from, to, false) {
				if len(got) == 0 || comparePositions(positionOf(got[len(got)-1]), positionOf(o)) < 0 {
					want = append(want, o)
				}
			}
			h.sealSome()
		}
		for o, err := range limits.ItemObservations(r.Context(), h, items, from, to, false) {
			if err != nil {
				r.Fatal(err)
			}
			got = append(got, o)
		}
		sortByTime(want)
		same(r, "observations", got, want)
	})
}

// TestCommitBetweenWindows commits while a run is read: it is read without a hole.
func TestCommitBetweenWindows(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h, limits := newHistory(t, r)
		run := h.runs[0]
		known := len(runObservations(h.all, run, 0))
		h.before = func() {
			if h.random.IntN(2) == 0 && len(h.all) < 1000 {
				h.commit(1 + h.random.IntN(20))
			}
			h.sealSome()
		}
		got := read(r, limits.RunObservations(r.Context(), h, run, 0))
		want := runObservations(h.all, run, 0)
		if len(got) < known || len(got) > len(want) {
			r.Fatalf("%d observations, want %d to %d", len(got), known, len(want))
		}
		same(r, "observations", got, want[:len(got)])
	})
}
