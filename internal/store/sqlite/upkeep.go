package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/factorydash/factorydash/internal/store"
)

var _ store.Upkeep = (*Store)(nil)

// Upkeep writes in steps, each a transaction of its own: SQLite has one writer, so
// that commits wait while a step runs. What can take long, reading and encoding,
// is done before it.
const (
	// stepBlocks is how many blocks a step writes or deletes, some 50 ms, and
	// stepBytes after how many bytes of them it ends, where their texts are long.
	stepBlocks = 1000
	stepBytes  = 16 << 20
	// stepRows is how many rows of other tables a step deletes.
	stepRows = 10_000
	// maxPause is the longest pause after a step.
	maxPause = 100 * time.Millisecond
)

// step runs one step of upkeep, and then leaves the file to others for as long as
// the step took. Another process that waits for it only looks now and then
// whether it is free, and would hardly ever find it so.
func (s *Store) step(ctx context.Context, op string, f func(tx *sql.Tx) error) error {
	began := s.now()
	if err := s.update(ctx, op, f); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(min(max(s.now().Sub(began), 0), maxPause)):
	}
	return nil
}
