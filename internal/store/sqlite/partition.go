package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// Rows lie in partitions, each a table of its own, since a table can be dropped
// at next to no cost where deleting its rows takes as long as inserting them did.
// The newest one is open and takes the rows of commits. It is closed when it has
// maxPartitionRows, or texts of maxPartitionText bytes, so that encoding it takes
// little memory and dropping it little time (70 ms for a million rows), or when it
// is partitionAge old; see Seal.
const (
	maxPartitionRows = 1 << 20
	maxPartitionText = 128 << 20
	partitionAge     = time.Hour
)

// openTable is the table of the open partition.
const openTable = "observations"

// partition is an entry of the catalogue of partitions.
type partition struct {
	id int64
	// firstRow to lastRow are the numbers of its rows.
	firstRow, lastRow int64
	// text is how many bytes their texts have.
	text int64
	// opened and changed are our clock at its first and its last commit.
	opened, changed time.Time
	// minTime and maxTime are the earliest and the latest time in it.
	minTime, maxTime int64
	// sealedItem is the item up to which its rows lie in blocks too.
	sealedItem plant.ItemID
	// open is true for the newest.
	open bool
	// missing is true where its table is not there.
	missing bool
}

func (p *partition) rows() int64 { return p.lastRow - p.firstRow + 1 }

// table is the name of its table.
func (p *partition) table() string {
	if p.open {
		return openTable
	}
	return closedTable(p.id)
}

func closedTable(id int64) string { return fmt.Sprintf("%s_%d", openTable, id) }

// name says which partition it is, for people.
func (p *partition) name() string {
	return fmt.Sprintf("partition %d (%s)", p.id, p.opened.Format(time.RFC3339))
}

// overlaps reports whether it may have rows with from ≤ time < to.
func (p *partition) overlaps(from, to int64) bool {
	return p.rows() > 0 && p.maxTime >= from && p.minTime < to
}

const partitionColumns = `id, first_row, last_row, text, opened, changed, min_time, max_time, sealed_item,
	id = (SELECT max(id) FROM partitions),
	NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '` + openTable + `_' || partitions.id)`

const selectPartitions = `SELECT ` + partitionColumns + ` FROM partitions WHERE last_row >= first_row ORDER BY id`

func scanPartition(row scanner) (p partition, err error) {
	var opened, changed int64
	err = row.Scan(&p.id, &p.firstRow, &p.lastRow, &p.text, &opened, &changed, &p.minTime, &p.maxTime, &p.sealedItem, &p.open, &p.missing)
	p.missing = p.missing && !p.open
	p.opened, p.changed = fromMicros(opened), fromMicros(changed)
	return p, err
}

// openPartition gives the partition that takes the rows of commits.
func openPartition(ctx context.Context, tx *sql.Tx) (partition, error) {
	return scanPartition(tx.QueryRowContext(ctx, `SELECT `+partitionColumns+` FROM partitions ORDER BY id DESC LIMIT 1`))
}

// settledBy reports whether nothing was added to it since a time of our clock. Where
// something was added at a time that is still to come, the clock was ahead then, and
// nobody knows how long that has been.
func (p *partition) settledBy(settled, now time.Time) bool {
	return p.changed.Before(settled) || p.changed.After(now)
}

// add counts an observation that a commit adds as a row at a time of our clock.
func (p *partition) add(o *plant.Observation, now time.Time) {
	if p.rows() == 0 {
		p.opened, p.changed, p.minTime, p.maxTime = now, now, o.Time, o.Time
	}
	if p.changed.Before(now) {
		p.changed = now
	}
	p.minTime, p.maxTime = min(p.minTime, o.Time), max(p.maxTime, o.Time)
	p.lastRow++
	p.text += int64(o.TextBytes())
}

// save writes what add has counted into the catalogue.
func (p *partition) save(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE partitions SET last_row = ?, text = ?, opened = ?, changed = ?, min_time = ?, max_time = ? WHERE id = ?`,
		p.lastRow, p.text, p.opened.UnixMicro(), p.changed.UnixMicro(), p.minTime, p.maxTime, p.id)
	return err
}

// tableColumns are the columns of a partition's table, as migration 1 made them
// for the first one, which says what they mean.
const tableColumns = `(
    id       INTEGER PRIMARY KEY,
    instance INTEGER NOT NULL,
    item     INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    value    ANY,
    detail   ANY
) STRICT`

// close closes the open partition, and opens the next one. Its table gets another
// name, so that the statement that inserts rows stays the same.
func (p *partition) close(ctx context.Context, tx *sql.Tx) error {
	next := p.id + 1
	for _, statement := range []string{
		fmt.Sprintf(`ALTER TABLE %s RENAME TO %s`, openTable, closedTable(p.id)),
		fmt.Sprintf(`CREATE TABLE %s %s`, openTable, tableColumns),
		fmt.Sprintf(`CREATE INDEX %s_item_time ON %s (item, time)`, closedTable(next), openTable),
		fmt.Sprintf(`INSERT INTO partitions VALUES (%d, %d, %d, 0, 0, 0, 0, 0, 0)`, next, p.lastRow+1, p.lastRow),
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("close partition %d: %w", p.id, err)
		}
	}
	p.open = false
	return nil
}
