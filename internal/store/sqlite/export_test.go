package sqlite

import (
	"database/sql"

	"github.com/factorydash/factorydash/internal/store/block"
)

// Write gives the tests the connection that writes, to trip it up.
func (s *Store) Write() *sql.DB { return s.write }

// SetPartitionRows makes partitions smaller.
func (s *Store) SetPartitionRows(n int64) { s.partitionRows = n }

// What keeps the data of blocks, for its test.
const CacheBytes = cacheBytes

type DataCache struct{ *dataCache }

func NewDataCache() DataCache { return DataCache{newDataCache()} }

func (c DataCache) Get(id block.ID) []byte       { return c.get(id) }
func (c DataCache) Put(id block.ID, data []byte) { c.put(id, data) }
