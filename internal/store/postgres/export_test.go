package postgres

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// RowColumns are the columns of rows that tests write.
const RowColumns = rowColumns

// SelectData reads the data of blocks.
const SelectData = selectData

// Write gives the tests the connections that write, to trip them up.
func (s *Store) Write() *pgxpool.Pool { return s.write }

// Forget forgets what this process knows of the database, as where a connection is lost.
func (s *Store) Forget() { s.forget() }

// Knows reports whether the partition that commits go to is known, and whose an item is.
func (s *Store) Knows(item plant.ItemID) (partition, owner bool) {
	return s.current.Load().table != "", s.itemAgents.known(int32(item)) != 0
}

// ReadData reads the data of blocks.
func (s *Store) ReadData(ctx context.Context, ids []block.ID) (map[block.ID][]byte, error) {
	return readData(ctx, s.read, ids)
}

// EncodeRows gives observations in COPY's binary form.
func EncodeRows(t testing.TB, run plant.RunID, observations []plant.Observation) []byte {
	t.Helper()
	var c copier
	c.begin()
	for i := range observations {
		if err := c.observation(run, &observations[i]); err != nil {
			t.Fatal(err)
		}
	}
	c.end()
	return c.data
}
