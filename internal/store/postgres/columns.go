package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// columns is observations as arrays, one for each of rowColumns, for one statement
// that stores them all. Those that may be NULL are as long as they must be: behind
// their end everything is.
type columns struct {
	times, sequences     []int64
	numbers              []*float64
	items, runs          []int32
	texts, sets, details []*string
}

// unnestColumns is the table that the arrays of columns make.
const unnestColumns = `unnest($1::bigint[], $2::bigint[], $3::double precision[], $4::integer[], $5::integer[], $6::text[], $7::text[], $8::text[])`

// args are the arguments of unnestColumns.
func (c *columns) args() []any {
	return []any{c.times, c.sequences, c.numbers, c.items, c.runs, c.texts, c.sets, c.details}
}

// add adds an observation of a run.
func (c *columns) add(run plant.RunID, o *plant.Observation) error {
	v, err := encodeValues(o)
	if err != nil {
		return err
	}
	row := len(c.times)
	c.times = append(c.times, o.Time)
	c.sequences = append(c.sequences, o.Sequence)
	c.items = append(c.items, int32(o.Item))
	c.runs = append(c.runs, int32(run))
	if v.isNumber {
		c.numbers = put(c.numbers, row, v.number)
	}
	c.texts = putText(c.texts, row, v.text)
	c.sets = putText(c.sets, row, v.set)
	c.details = putText(c.details, row, v.detail)
	return nil
}

// put puts a value into a row of an array, with NULL in those before it that have
// none.
func put[T any](array []*T, row int, value T) []*T {
	for len(array) < row {
		array = append(array, nil)
	}
	return append(array, &value)
}

func putText(array []*string, row int, o optional) []*string {
	if !o.there {
		return array
	}
	return put(array, row, o.text)
}

// latestRows is what a commit makes known of items: for each the last that any of
// its batches says.
type latestRows struct {
	rows []latestRow
	at   map[plant.ItemID]int
}

type latestRow struct {
	run    plant.RunID
	latest *plant.Latest
}

func (l *latestRows) add(b *store.Batch) {
	if l.at == nil {
		l.at = make(map[plant.ItemID]int, len(b.Latest))
	}
	for i := range b.Latest {
		row := latestRow{b.Run, &b.Latest[i]}
		if at, known := l.at[row.latest.Item]; known {
			l.rows[at] = row
			continue
		}
		l.at[row.latest.Item] = len(l.rows)
		l.rows = append(l.rows, row)
	}
}

// queue adds the statement that stores what is known.
func (l *latestRows) queue(batch *pgx.Batch) error {
	if len(l.rows) == 0 {
		return nil
	}
	var (
		c              columns
		active, merged []*string
	)
	for i, row := range l.rows {
		if err := c.add(row.run, &row.latest.Observation); err != nil {
			return err
		}
		if len(row.latest.Active) > 0 {
			encoded, err := store.EncodeActive(row.latest.Active)
			if err != nil {
				return err
			}
			active = put(active, i, encoded)
		}
		if row.latest.Merged != "" {
			merged = put(merged, i, encodeText(row.latest.Merged))
		}
	}
	batch.Queue(`
		INSERT INTO latest (`+rowColumns+`, active, merged)
		SELECT * FROM `+unnestLatest+`
		ON CONFLICT (item) DO UPDATE SET time = excluded.time, sequence = excluded.sequence, number = excluded.number,
			instance = excluded.instance, text = excluded.text, set = excluded.set, detail = excluded.detail,
			active = excluded.active, merged = excluded.merged`,
		append(c.args(), active, merged)...)
	return nil
}

// unnestLatest is unnestColumns with the two columns that latest has besides.
const unnestLatest = `unnest($1::bigint[], $2::bigint[], $3::double precision[], $4::integer[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])`
