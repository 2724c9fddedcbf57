package block

import (
	"cmp"
	"context"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// MaxObservations is how many observations a block has at most. More would take
// fewer bytes each; fewer are decoded where a chart needs only an edge.
const MaxObservations = 1024

// ID is the store's number of a block. No two blocks ever have the same, and a
// block with a number never changes.
type ID int64

// Block is a sealed block: what stands in the columns of its row (Meta) and its
// data.
type Block struct {
	Meta
	// Data is the encoded observations, with version and checksum. The checksum
	// covers Meta too, except ID.
	Data []byte
}

// Meta is what is known of a block without decoding it.
type Meta struct {
	ID   ID
	Run  plant.RunID
	Item plant.ItemID
	// Count is how many observations it holds, 1 to MaxObservations.
	Count int
	// FirstSequence and LastSequence are the lowest and the highest sequence
	// number; the observations stand in ascending order of them.
	FirstSequence, LastSequence int64
	// MinTime and MaxTime are the earliest and the latest time in it, in
	// microseconds.
	MinTime, MaxTime int64
	// Summary is the encoded summary of a block that can be summarized: all its
	// observations are numbers and their times never run backwards. It is nil
	// where one is not. See Meta.Summarize.
	Summary []byte
	// Low, High and Sum are of its numbers, for people who look at the table.
	// They have no meaning where Numbers is 0.
	Low, High, Sum float64
	// Numbers is how many of its observations are numbers.
	Numbers int
}

// IDs gives the numbers of blocks.
func IDs(blocks []Meta) []ID {
	ids := make([]ID, len(blocks))
	for i := range blocks {
		ids[i] = blocks[i].ID
	}
	return ids
}

// Position is a place in the order of time: no two observations have the same.
type Position struct {
	Time     int64
	Run      plant.RunID
	Sequence int64
}

// Stretch is the sequence numbers of a run from First to Last.
type Stretch struct {
	Run         plant.RunID
	First, Last int64
}

// Stretches gives the stretches in which blocks lie, in order; none overlap.
func Stretches(blocks []Meta) []Stretch {
	all := make([]Stretch, len(blocks))
	for i, b := range blocks {
		all[i] = Stretch{b.Run, b.FirstSequence, b.LastSequence}
	}
	slices.SortFunc(all, func(a, b Stretch) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.First, b.First))
	})
	joined := all[:0]
	for _, s := range all {
		if n := len(joined); n > 0 && joined[n-1].Run == s.Run && joined[n-1].Last >= s.First {
			joined[n-1].Last = max(joined[n-1].Last, s.Last)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// View is one unchanging state of a store, from which observations are read. It
// is valid while the function that got it runs, and belongs to one goroutine.
type View interface {
	// Edition tells states of the blocks apart: where two views of a source have the
	// same one, they have the same blocks. It is empty where that is not known.
	Edition() string
	// BlocksByTime gives the blocks of the items, without data, that have
	// MaxTime ≥ from and MinTime < to, in ascending order of MinTime, then ID:
	// those behind (afterTime, afterID) in that order, at most limit of them.
	BlocksByTime(ctx context.Context, items []plant.ItemID, from, to int64, afterTime int64, afterID ID, limit int) ([]Meta, error)
	// BlocksBefore gives for each item the blocks that may hold its last
	// observation before a time: those with MinTime < time ≤ MaxTime, and, of
	// those with MaxTime < time, the ones with the greatest MaxTime.
	BlocksBefore(ctx context.Context, items []plant.ItemID, time int64) ([]Meta, error)
	// ClockView reads the clocks, which the methods before do not give.
	ClockView
	// BlocksBySequence gives the blocks of a run, without data, that have
	// LastSequence ≥ from and FirstSequence < to, in any order.
	BlocksBySequence(ctx context.Context, run plant.RunID, from, to int64) ([]Meta, error)
	// RowsByTime gives the observations of the items in rows that lie behind a
	// position and before the time to, in order of time, run and sequence: at
	// most limit of them, or fewer where their texts are long; more is true where
	// there are others behind them.
	RowsByTime(ctx context.Context, items []plant.ItemID, after Position, to int64, limit int) (rows []plant.Observation, more bool, err error)
	// RowsBefore gives for each item the last observation in rows before a time,
	// in any order.
	RowsBefore(ctx context.Context, items []plant.ItemID, time int64) ([]plant.Observation, error)
	// LatestBefore gives, in any order, what is known now of those of the items
	// that have said nothing since a time, and of whose run retention has deleted.
	LatestBefore(ctx context.Context, items []plant.ItemID, time int64) ([]plant.Observation, error)
	// RowsBySequence gives the observations of a run in rows with
	// from ≤ sequence < to, in order of sequence: the first ones, where their texts
	// are long together; more is true where there are others behind them.
	RowsBySequence(ctx context.Context, run plant.RunID, from, to int64) (rows []plant.Observation, more bool, err error)
	// NextSequence gives the lowest sequence number of a run that is at least from
	// and stored, in rows or as the first of a block, and whether there is one.
	NextSequence(ctx context.Context, run plant.RunID, from int64) (sequence int64, ok bool, err error)
	// LostOfItems and LostOfRun give what is lost of items and of a run, in any order:
	// as a rule nothing. What is lost is in none of the answers above.
	LostOfItems(ctx context.Context, items []plant.ItemID) ([]Lost, error)
	LostOfRun(ctx context.Context, run plant.RunID) ([]Lost, error)
	// Gapless reports for each of the blocks whether the ledger has no gap
	// between its FirstSequence and its LastSequence.
	Gapless(ctx context.Context, blocks []Meta) ([]bool, error)
}

// Source is a store as the reader sees it.
type Source interface {
	// View calls f with a view of the store as it is now. Where what the view
	// stands on went away while f ran (rows that were sealed), it calls f again
	// with a newer one: f begins anew.
	View(ctx context.Context, f func(View) error) error
	// Damaged takes note of a block that cannot be read, and gives the error to
	// return: plant.Damaged.
	Damaged(m Meta, why error) error
}
