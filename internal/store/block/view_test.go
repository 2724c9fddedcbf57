package block_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// memory is a store of rows and blocks in memory, as simple as can be.
type memory struct {
	rows   []plant.Observation
	blocks []block.Meta
	clocks []block.Meta
	data   map[block.ID][]byte
	gaps   []plant.Gap
	lost   []block.Lost
	lastID block.ID
	// before is called before each view, and has the store to change.
	before func()
	// fail may give an error in place of what a method of a view gives.
	fail func(method string) error
	// views, listed, read and rowsRead count the views, the blocks listed, those
	// the data of which was read, and the rows read; calls counts the calls by
	// method.
	views, listed, read, rowsRead int
	calls                         map[string]int
	// open is true while a view is.
	open bool
}

func newMemory() *memory {
	return &memory{data: make(map[block.ID][]byte), calls: make(map[string]int)}
}

// maxRowText is after how many bytes of text the rows of a run end.
const maxRowText = 1 << 20

// errStale is of a view whose rows went away.
var errStale = errors.New("what the view stands on went away")

// View implements block.Source.
func (m *memory) View(ctx context.Context, f func(block.View) error) error {
	for {
		if m.before != nil {
			m.before()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		m.views++
		m.open = true
		v := &view{memory: m, rows: slices.Clone(m.rows), blocks: slices.Clone(m.blocks)}
		err := f(v)
		m.open, v.closed = false, true
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

// Damaged implements block.Source.
func (m *memory) Damaged(b block.Meta, why error) error {
	return &plant.Error{Code: plant.Damaged, Msg: "block", Err: errors.Join(why, damage(b.ID))}
}

// damage is an error that names a block.
type damage block.ID

func (damage) Error() string { return "damaged" }

// view is a state of a memory.
type view struct {
	*memory
	rows   []plant.Observation
	blocks []block.Meta
	closed bool
}

// begin begins a method.
func (v *view) begin(ctx context.Context, method string) error {
	if v.closed {
		panic("a view is used after its end")
	}
	v.calls[method]++
	if v.fail != nil {
		if err := v.fail(method); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (v *view) Edition() string { return fmt.Sprint(block.IDs(v.blocks)) }

// list gives the blocks that pass.
func (v *view) list(pass func(m *block.Meta) bool) []block.Meta {
	var found []block.Meta
	for i := range v.blocks {
		if pass(&v.blocks[i]) {
			found = append(found, v.blocks[i])
		}
	}
	return found
}

// set gives items as a set.
func set(items []plant.ItemID) map[plant.ItemID]bool {
	s := make(map[plant.ItemID]bool, len(items))
	for _, it := range items {
		s[it] = true
	}
	return s
}

func (v *view) BlocksByTime(ctx context.Context, items []plant.ItemID, from, to, afterTime int64, afterID block.ID, limit int) ([]block.Meta, error) {
	if err := v.begin(ctx, "BlocksByTime"); err != nil {
		return nil, err
	}
	of := set(items)
	found := v.list(func(m *block.Meta) bool {
		behind := m.MinTime > afterTime || m.MinTime == afterTime && m.ID > afterID
		return of[m.Item] && m.MaxTime >= from && m.MinTime < to && behind
	})
	slices.SortFunc(found, func(a, b block.Meta) int {
		return cmp.Or(cmp.Compare(a.MinTime, b.MinTime), cmp.Compare(a.ID, b.ID))
	})
	found = found[:min(limit, len(found))]
	v.listed += len(found)
	return found, nil
}

func (v *view) BlocksBefore(ctx context.Context, items []plant.ItemID, time int64) ([]block.Meta, error) {
	if err := v.begin(ctx, "BlocksBefore"); err != nil {
		return nil, err
	}
	last := make(map[plant.ItemID]int64)
	for _, b := range v.blocks {
		if b.MaxTime < time {
			if l, ok := last[b.Item]; !ok || b.MaxTime > l {
				last[b.Item] = b.MaxTime
			}
		}
	}
	of := set(items)
	found := v.list(func(m *block.Meta) bool {
		l, ok := last[m.Item]
		return of[m.Item] && m.MinTime < time && (m.MaxTime >= time || ok && m.MaxTime == l)
	})
	v.listed += len(found)
	return found, nil
}

func (v *view) BlocksBySequence(ctx context.Context, run plant.RunID, from, to int64) ([]block.Meta, error) {
	if err := v.begin(ctx, "BlocksBySequence"); err != nil {
		return nil, err
	}
	found := v.list(func(m *block.Meta) bool {
		return m.Run == run && m.LastSequence >= from && m.FirstSequence < to
	})
	v.listed += len(found)
	return found, nil
}

func (v *view) Clocks(ctx context.Context, blocks []block.Meta) ([]block.Meta, error) {
	if err := v.begin(ctx, "Clocks"); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(v.clocks), func(c block.Meta) bool {
		return !slices.ContainsFunc(blocks, func(b block.Meta) bool {
			return b.Run == c.Run && b.FirstSequence <= c.LastSequence && c.FirstSequence <= b.LastSequence
		})
	}), nil
}

func (v *view) Data(ctx context.Context, blocks []block.Meta) ([][]byte, error) {
	if err := v.begin(ctx, "Data"); err != nil {
		return nil, err
	}
	data := make([][]byte, len(blocks))
	for i, b := range blocks {
		data[i] = v.data[b.ID]
	}
	v.read += len(blocks)
	return data, nil
}

func (v *view) RowsByTime(ctx context.Context, items []plant.ItemID, after block.Position, to int64, limit int) ([]plant.Observation, bool, error) {
	if err := v.begin(ctx, "RowsByTime"); err != nil {
		return nil, false, err
	}
	of := set(items)
	var found []plant.Observation
	for _, o := range v.rows {
		if of[o.Item] && comparePositions(positionOf(o), after) > 0 && o.Time < to {
			found = append(found, o)
		}
	}
	sortByTime(found)
	more := len(found) > limit
	found = found[:min(limit, len(found))]
	v.rowsRead += len(found)
	return found, more, nil
}

func (v *view) RowsBefore(ctx context.Context, items []plant.ItemID, time int64) ([]plant.Observation, error) {
	if err := v.begin(ctx, "RowsBefore"); err != nil {
		return nil, err
	}
	found := lastBefore(v.rows, items, time)
	slices.Reverse(found)
	return found, nil
}

// LatestBefore gives nothing, since nothing is freed of this store.
func (v *view) LatestBefore(ctx context.Context, _ []plant.ItemID, _ int64) ([]plant.Observation, error) {
	return nil, v.begin(ctx, "LatestBefore")
}

func (v *view) RowsBySequence(ctx context.Context, run plant.RunID, from, to int64) (found []plant.Observation, more bool, err error) {
	if err := v.begin(ctx, "RowsBySequence"); err != nil {
		return nil, false, err
	}
	for _, o := range v.rows {
		if o.Run == run && o.Sequence >= from && o.Sequence < to {
			found = append(found, o)
		}
	}
	sortBySequence(found)
	text := 0
	for i := range found {
		if text > maxRowText {
			found, more = found[:i], true
			break
		}
		text += found[i].TextBytes()
	}
	v.rowsRead += len(found)
	return found, more, nil
}

func (v *view) NextSequence(ctx context.Context, run plant.RunID, from int64) (int64, bool, error) {
	if err := v.begin(ctx, "NextSequence"); err != nil {
		return 0, false, err
	}
	next := int64(math.MaxInt64)
	for _, o := range v.rows {
		if o.Run == run && o.Sequence >= from {
			next = min(next, o.Sequence)
		}
	}
	for _, b := range v.blocks {
		if b.Run == run && b.FirstSequence >= from {
			next = min(next, b.FirstSequence)
		}
	}
	return next, next < math.MaxInt64, nil
}

func (v *view) LostOfItems(ctx context.Context, items []plant.ItemID) ([]block.Lost, error) {
	if err := v.begin(ctx, "LostOfItems"); err != nil {
		return nil, err
	}
	of := set(items)
	return slices.DeleteFunc(slices.Clone(v.lost), func(l block.Lost) bool { return !of[l.Item] }), nil
}

func (v *view) LostOfRun(ctx context.Context, run plant.RunID) ([]block.Lost, error) {
	if err := v.begin(ctx, "LostOfRun"); err != nil {
		return nil, err
	}
	return v.lost, nil
}

func (v *view) Gapless(ctx context.Context, blocks []block.Meta) ([]bool, error) {
	if err := v.begin(ctx, "Gapless"); err != nil {
		return nil, err
	}
	gapless := make([]bool, len(blocks))
	for i, b := range blocks {
		gapless[i] = !slices.ContainsFunc(v.gaps, func(g plant.Gap) bool {
			return g.Run == b.Run && g.From < b.LastSequence && (g.To == plant.OpenEnd || g.To > b.FirstSequence)
		})
	}
	return gapless, nil
}

// wind makes a clock of the times of the observations of a run, which stand in order
// of sequence: those of the first number on, as long as none is missing.
func (m *memory) wind(observations []plant.Observation) {
	first := observations[0]
	var times []int64
	for i, o := range observations {
		if o.Sequence != first.Sequence+int64(i) || i == block.ClockSpan {
			break
		}
		times = append(times, o.Time)
	}
	c := block.EncodeClock(first.Run, first.Sequence, times)
	m.lastID++
	c.ID = m.lastID
	m.clocks = append(m.clocks, c.Meta)
	m.data[c.ID] = c.Data
}

// told gives the clocks.
func (m *memory) told() *block.Clocks {
	var clocks []block.Block
	for _, c := range m.clocks {
		clocks = append(clocks, block.Block{Meta: c, Data: m.data[c.ID]})
	}
	told := new(block.Clocks)
	told.Set(clocks)
	return told
}

// seal puts observations of one item and one run, in order of sequence, into
// blocks of at most so many, which leave their times to clocks that are there.
func (m *memory) seal(t testing.TB, observations []plant.Observation, most int) {
	t.Helper()
	clocks := m.told()
	for part := range slices.Chunk(observations, most) {
		b, err := block.EncodeTold(part, clocks)
		if err != nil {
			t.Fatalf("encode: %v", err)
		}
		m.lastID++
		b.ID = m.lastID
		m.blocks = append(m.blocks, b.Meta)
		m.data[b.ID] = b.Data
	}
}

// unseal takes a block out and gives its observations.
func (m *memory) unseal(t testing.TB, i int) []plant.Observation {
	t.Helper()
	var columns block.Columns
	b := block.Block{Meta: m.blocks[i], Data: m.data[m.blocks[i].ID]}
	if err := block.NewDecoder().Decode(b, m.told(), &columns); err != nil {
		t.Fatalf("decode: %v", err)
	}
	var all []plant.Observation
	for i := range columns.Len() {
		all = append(all, columns.At(i))
	}
	m.blocks = slices.Delete(m.blocks, i, i+1)
	return all
}

func positionOf(o plant.Observation) block.Position {
	return block.Position{Time: o.Time, Run: o.Run, Sequence: o.Sequence}
}

func comparePositions(a, b block.Position) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Sequence, b.Sequence))
}

func sortByTime(observations []plant.Observation) {
	slices.SortFunc(observations, func(a, b plant.Observation) int { return comparePositions(positionOf(a), positionOf(b)) })
}

func sortBySequence(observations []plant.Observation) {
	slices.SortFunc(observations, func(a, b plant.Observation) int { return cmp.Compare(a.Sequence, b.Sequence) })
}

// lastBefore gives the last observation of each item before a time, in order.
func lastBefore(observations []plant.Observation, items []plant.ItemID, time int64) []plant.Observation {
	last := make(map[plant.ItemID]plant.Observation)
	for _, o := range observations {
		if l, ok := last[o.Item]; slices.Contains(items, o.Item) && o.Time < time && (!ok || comparePositions(positionOf(l), positionOf(o)) < 0) {
			last[o.Item] = o
		}
	}
	var found []plant.Observation
	for _, o := range last {
		found = append(found, o)
	}
	sortByTime(found)
	return found
}

// itemObservations is what ItemObservations is to give.
func itemObservations(all []plant.Observation, items []plant.ItemID, from, to int64, before bool) []plant.Observation {
	var found []plant.Observation
	if before {
		found = lastBefore(all, items, from)
	}
	n := len(found)
	for _, o := range all {
		if slices.Contains(items, o.Item) && o.Time >= from && o.Time < to {
			found = append(found, o)
		}
	}
	sortByTime(found[n:])
	return found
}

// runObservations is what RunObservations is to give.
func runObservations(all []plant.Observation, run plant.RunID, sequence int64) []plant.Observation {
	var found []plant.Observation
	for _, o := range all {
		if o.Run == run && o.Sequence >= sequence {
			found = append(found, o)
		}
	}
	sortBySequence(found)
	return found
}
