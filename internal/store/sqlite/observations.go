package sqlite

import (
	"context"
	"iter"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// ItemObservations implements store.Reader.
func (s *Store) ItemObservations(ctx context.Context, items []plant.ItemID, from, to int64, before bool) iter.Seq2[plant.Observation, error] {
	return block.ItemObservations(ctx, s, items, from, to, before)
}

// ItemSummaries implements store.Reader.
func (s *Store) ItemSummaries(ctx context.Context, item plant.ItemID, from, to int64, columns, room int) iter.Seq2[plant.Summary, error] {
	return block.ItemSummaries(ctx, s, item, from, to, columns, room)
}

// Observations implements store.Reader.
func (s *Store) Observations(ctx context.Context, run plant.RunID, sequence int64) iter.Seq2[plant.Observation, error] {
	return block.RunObservations(ctx, s, run, sequence)
}
