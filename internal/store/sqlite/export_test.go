package sqlite

import "database/sql"

// Write gives the tests the connection that writes, to trip it up.
func (s *Store) Write() *sql.DB { return s.write }

// SetPartitionRows makes partitions smaller.
func (s *Store) SetPartitionRows(n int64) { s.partitionRows = n }
