package sqlite

import "database/sql"

// Write gives the tests the connection that writes, to trip it up.
func (s *Store) Write() *sql.DB { return s.write }

// SetPartitionRows makes partitions smaller.
func (s *Store) SetPartitionRows(n int64) { s.partitionRows = n }

// Around gives from and to of the periods that Merge looks at where blocks of an
// item are new, of which it is given the first and the last time.
func Around(added ...[2]int64) (looked [][2]int64) {
	var blocks []period
	for _, a := range added {
		blocks = append(blocks, period{1, a[0], a[1]})
	}
	for _, p := range around(blocks) {
		looked = append(looked, [2]int64{p.from, p.to})
	}
	return looked
}
