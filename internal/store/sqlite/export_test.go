package sqlite

import (
	"context"
	"database/sql"

	"github.com/factorydash/factorydash/internal/store/block"
)

// Write gives the tests the connection that writes, to trip it up.
func (s *Store) Write() *sql.DB { return s.write }

// SetPartitionRows makes partitions smaller.
func (s *Store) SetPartitionRows(n int64) { s.partitionRows = n }

// PutBlocks stores blocks as a step of sealing does.
func (s *Store) PutBlocks(ctx context.Context, blocks []block.Block) error {
	return s.step(ctx, "seal", func(tx *sql.Tx) error { return s.putBlocks(ctx, tx, blocks) })
}
