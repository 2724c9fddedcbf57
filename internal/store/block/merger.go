package block

import (
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// MergeSpan is how much time a merged block spans at most, in microseconds, unless
// one that it is made of spans more: a chart of a day should not decode a month of
// a quiet item.
const MergeSpan = 24 * 60 * 60 * 1_000_000

// Mergeable finds the blocks that are worth putting together: groups of two or
// more neighbours in blocks, which stand in ascending order of run, item and
// FirstSequence. A group is of one item and run, does not overlap, fits into one
// block within MergeSpan, and holds at least twice as much as the largest of it:
// so an observation is written again no more than ten times, however many small
// blocks come.
func Mergeable(blocks []Meta) [][]Meta {
	var groups [][]Meta
	for len(blocks) > 1 {
		n := mergeable(blocks)
		if n > 1 {
			groups = append(groups, blocks[:n:n])
		}
		blocks = blocks[max(n, 1):]
	}
	return groups
}

// mergeable gives how many of the first blocks are worth putting together.
func mergeable(blocks []Meta) (n int) {
	first := &blocks[0]
	count, largest := first.Count, first.Count
	low, high, widest := first.MinTime, first.MaxTime, max(MergeSpan, span(first.MinTime, first.MaxTime))
	for i := 1; i < len(blocks); i++ {
		before, m := &blocks[i-1], &blocks[i]
		if m.Run != first.Run || m.Item != first.Item || m.FirstSequence <= before.LastSequence {
			break
		}
		low, high = min(low, m.MinTime), max(high, m.MaxTime)
		widest = max(widest, span(m.MinTime, m.MaxTime))
		count, largest = count+m.Count, max(largest, m.Count)
		if count > MaxObservations || span(low, high) > widest {
			break
		}
		if count >= 2*largest {
			n = i + 1
		}
	}
	return n
}

// span is how much time there is from low to high: more than an int64 may hold.
func span(low, high int64) uint64 { return uint64(high) - uint64(low) }

// Merger puts blocks together. It belongs to one goroutine and keeps its memory.
type Merger struct {
	encoder *Encoder
	decoder *Decoder
	columns Columns
	draft   draft
}

// NewMerger makes a merger.
func NewMerger() *Merger { return &Merger{encoder: NewEncoder(), decoder: NewDecoder()} }

// Merge puts the blocks of a group of Mergeable together; clocks are those that
// Clocks.Fetch has for them. What it gives holds the same observations, and takes
// the place of all of them; it is nothing where that would not be fewer blocks,
// since their texts are long. It returns a *DamagedError for the first block that
// cannot be decoded.
func (m *Merger) Merge(group []Block, clocks *Clocks) ([]Block, error) {
	tells := told{decoder: m.decoder, run: group[0].Run, clocks: clocks}
	m.draft.begin(group[0].Run, group[0].Item)
	defer m.draft.begin(0, 0) // so that it holds no texts
	var merged []Block
	seal := func() error {
		b, err := m.encoder.seal(&m.draft, &tells)
		merged = append(merged, b)
		return err
	}
	for _, b := range group {
		if err := m.decoder.Decode(b, clocks, &m.columns); err != nil {
			return nil, err
		}
		for i := range m.columns.Len() {
			if m.draft.full() {
				if err := seal(); err != nil {
					return nil, err
				}
			}
			o := m.columns.At(i)
			m.draft.add(&o)
		}
	}
	if err := seal(); err != nil {
		return nil, err
	}
	if len(merged) >= len(group) {
		return nil, nil
	}
	return merged, nil
}

// told tells whether clocks that are there say the times of observations.
type told struct {
	decoder *Decoder
	run     plant.RunID
	clocks  *Clocks
	times   []int64
}

func (t *told) tells(sequences, times []int64) bool {
	t.times = resize(t.times, len(times))
	return t.clocks.read(t.decoder, t.run, sequences, t.times) == nil && slices.Equal(t.times, times)
}
