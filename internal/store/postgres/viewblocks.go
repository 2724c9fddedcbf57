package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// blockColumns are the columns of a block but for its data.
const blockColumns = `id, instance, item, count, numbers, first_sequence, last_sequence, min_time, max_time, low, high, sum, summary`

// scanMeta reads a block from its columns as they come: there may be thousands, and
// that takes a tenth of the time of Scan.
func scanMeta(row pgx.CollectableRow) (m block.Meta, err error) {
	c := columnReader{columns: row.RawValues()}
	m.ID, m.Run, m.Item = block.ID(c.int(8)), plant.RunID(c.int(4)), plant.ItemID(c.int(4))
	m.Count, m.Numbers = int(c.int(2)), int(c.int(2))
	m.FirstSequence, m.LastSequence = c.int(8), c.int(8)
	m.MinTime, m.MaxTime = c.int(8), c.int(8)
	m.Low, m.High, m.Sum = c.number(), c.number(), c.number()
	m.Summary = bytes.Clone(c.next())
	return m, c.err
}

// columnReader reads columns in their binary form one after the other.
type columnReader struct {
	columns [][]byte
	at      int
	err     error
}

func (c *columnReader) next() []byte {
	if c.at == len(c.columns) {
		c.err = errors.New("a row has too few columns")
		return nil
	}
	c.at++
	return c.columns[c.at-1]
}

// int reads an integer of so many bytes.
func (c *columnReader) int(size int) int64 {
	column := c.next()
	switch {
	case len(column) != size:
		c.err = fmt.Errorf("column %d of a row has %d bytes and not %d", c.at, len(column), size)
		return 0
	case size == 2:
		return int64(int16(binary.BigEndian.Uint16(column)))
	case size == 4:
		return int64(int32(binary.BigEndian.Uint32(column)))
	default:
		return int64(binary.BigEndian.Uint64(column))
	}
}

func (c *columnReader) number() float64 { return math.Float64frombits(uint64(c.int(8))) }

// Blocks are found by the place where they begin or end. How far away the other
// end can be is known by their reach, which bounds the search: those of a run are
// looked for reach by reach, those of an item as if all had the greatest that one
// of the item has.

// maxReach is the greatest reach there is.
const maxReach = 64

// reach is how many bits the distance between two places has.
func reach(first, last int64) int { return bits.Len64(uint64(last) - uint64(first)) }

// clockReach stands for the reach of the sequence numbers of a clock, so that the
// index keeps clocks apart.
const clockReach = -1

// sequenceReach is the reach of the sequence numbers of a block.
func sequenceReach(m *block.Meta) int {
	if m.IsClock() {
		return clockReach
	}
	return reach(m.FirstSequence, m.LastSequence)
}

// lowest gives for each reach, from 0 on, the lowest first place that a block with
// it can have that reaches the place from.
func lowest(from int64) []int64 {
	places := make([]int64, maxReach+1)
	for n := range places {
		distance := uint64(1)<<n - 1
		if room := uint64(from) - 1<<63; distance > room {
			places[n] = math.MinInt64
		} else {
			places[n] = from - int64(distance)
		}
	}
	return places
}

// greatestReach is the greatest reach in time of the blocks of an item that is
// wanted, as a place in an array.
const greatestReach = `(SELECT time_reach + 1 FROM blocks WHERE item = wanted ORDER BY time_reach DESC LIMIT 1)`

// blocksByTime gives the blocks of the items $1 that begin before the time $3 and end
// at $4 or later, the first $7 of those behind the place $5, $6. $2 is for each reach
// where those begin at the earliest.
const blocksByTime = `
	SELECT ` + blockColumns + ` FROM unnest($1::integer[]) wanted, LATERAL (
		SELECT ` + blockColumns + ` FROM blocks
		WHERE item = wanted AND min_time >= ($2::bigint[])[` + greatestReach + `] AND min_time < $3 AND max_time >= $4
			AND (min_time, id) > ($5, $6) ORDER BY min_time, id LIMIT $7) found
	ORDER BY min_time, id LIMIT $7`

// Edition implements block.View.
func (v *view) Edition() string { return v.edition }

// BlocksByTime implements block.View.
func (v *view) BlocksByTime(ctx context.Context, items []plant.ItemID, from, to int64, afterTime int64, afterID block.ID, limit int) ([]block.Meta, error) {
	begins := lowest(from)
	for n := range begins {
		begins[n] = max(begins[n], afterTime)
	}
	return collect(ctx, v.conn, scanMeta, blocksByTime, items, begins, to, from, afterTime, afterID, limit)
}

// BlocksBefore implements block.View. The block of an item that ends last of those
// that end before the time can begin before the one that begins last of them, but
// no more than the greatest reach before the end of that. So can one that ends later.
func (v *view) BlocksBefore(ctx context.Context, items []plant.ItemID, time int64) ([]block.Meta, error) {
	return collect(ctx, v.conn, scanMeta, `
		SELECT `+blockColumns+` FROM unnest($1::integer[]) wanted, LATERAL (
			SELECT `+blockColumns+`, max(max_time) FILTER (WHERE max_time < $2) OVER () AS last FROM blocks
			WHERE item = wanted AND min_time < $2 AND min_time >= greatest(-9223372036854775808, coalesce((
				SELECT max_time FROM blocks WHERE item = wanted AND min_time < $2 AND max_time < $2 ORDER BY min_time DESC LIMIT 1
			), $2)::numeric - 2::numeric ^ (`+greatestReach+` - 1))::bigint) found
		WHERE max_time >= $2 OR max_time = last`,
		items, time)
}

// eachReach is the reaches, with the places that are the argument of this number.
const eachReach = `(SELECT place, (number - 1)::smallint AS reach FROM unnest($%d::bigint[]) WITH ORDINALITY AS r(place, number)) r`

// BlocksBySequence implements block.View.
func (v *view) BlocksBySequence(ctx context.Context, run plant.RunID, from, to int64) ([]block.Meta, error) {
	return collect(ctx, v.conn, scanMeta, `
		SELECT `+blockColumns+` FROM `+fmt.Sprintf(eachReach, 2)+`, LATERAL (
			SELECT `+blockColumns+` FROM blocks
			WHERE instance = $1 AND sequence_reach = r.reach AND first_sequence >= r.place AND first_sequence < $3 AND last_sequence >= $4) found`,
		run, lowest(from), to, from)
}

// NextSequence implements block.View.
func (v *view) NextSequence(ctx context.Context, run plant.RunID, from int64) (sequence int64, ok bool, err error) {
	query := `
		SELECT min(sequence) FROM (
			SELECT found.first_sequence AS sequence FROM generate_series(0, $3) reach, LATERAL (
				SELECT first_sequence FROM blocks
				WHERE instance = $1 AND sequence_reach = reach AND first_sequence >= $2 ORDER BY first_sequence LIMIT 1) found`
	for _, p := range v.partitions {
		query += `
			UNION ALL (SELECT sequence FROM ` + p.table + ` WHERE instance = $1 AND sequence >= $2 ORDER BY sequence LIMIT 1)`
	}
	found, err := one(ctx, v.conn, pgx.RowTo[*int64], query+`) first`, run, from, maxReach)
	if err != nil || found == nil {
		return 0, false, again(err)
	}
	return *found, true, nil
}

// maxGaps is how many gaps of a run Gapless looks at by itself.
const maxGaps = 1000

// Gapless implements block.View. A gap between the first and the last observation
// of a block begins between them. Most runs have few gaps: those are read, and else
// the database is asked for each block.
func (v *view) Gapless(ctx context.Context, blocks []block.Meta) ([]bool, error) {
	between := make(map[plant.RunID][2]int64)
	for _, m := range blocks {
		b, known := between[m.Run]
		if !known {
			b = [2]int64{m.FirstSequence, m.LastSequence}
		}
		between[m.Run] = [2]int64{min(b[0], m.FirstSequence), max(b[1], m.LastSequence)}
	}
	gaps := make(map[plant.RunID][]int64)
	for run, b := range between {
		begins, err := collect(ctx, v.conn, pgx.RowTo[int64], `
			SELECT from_sequence FROM gaps WHERE instance = $1 AND from_sequence > $2 AND from_sequence < $3 ORDER BY from_sequence LIMIT $4`,
			run, b[0], b[1], maxGaps+1)
		if err != nil {
			return nil, err
		}
		if len(begins) > maxGaps {
			return v.gaplessEach(ctx, blocks)
		}
		gaps[run] = begins
	}
	gapless := make([]bool, len(blocks))
	for i, m := range blocks {
		begins := gaps[m.Run]
		next, _ := slices.BinarySearch(begins, m.FirstSequence+1)
		gapless[i] = next == len(begins) || begins[next] >= m.LastSequence
	}
	return gapless, nil
}

// gaplessEach is Gapless that asks for each block.
func (v *view) gaplessEach(ctx context.Context, blocks []block.Meta) ([]bool, error) {
	runs := make([]plant.RunID, len(blocks))
	first, last := make([]int64, len(blocks)), make([]int64, len(blocks))
	for i, m := range blocks {
		runs[i], first[i], last[i] = m.Run, m.FirstSequence, m.LastSequence
	}
	return collect(ctx, v.conn, pgx.RowTo[bool], `
		SELECT NOT EXISTS (SELECT 1 FROM gaps WHERE instance = run AND from_sequence > first AND from_sequence < last)
		FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS b(run, first, last, place) ORDER BY place`,
		runs, first, last)
}

// Clocks implements block.View.
func (v *view) Clocks(ctx context.Context, blocks []block.Meta) ([]block.Meta, error) {
	return readClocks(ctx, v.conn, blocks)
}

// readClocks reads the clocks that have a sequence number within one of some blocks.
func readClocks(ctx context.Context, q querier, blocks []block.Meta) ([]block.Meta, error) {
	var (
		runs        []plant.RunID
		first, last []int64
	)
	for _, s := range block.Stretches(blocks) {
		runs, first, last = append(runs, s.Run), append(first, s.First), append(last, s.Last)
	}
	return collect(ctx, q, scanMeta, `
		SELECT `+blockColumns+` FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) s(run, first, last), LATERAL (
			SELECT `+blockColumns+` FROM blocks
			WHERE instance = run AND sequence_reach = -1 AND first_sequence > first - $4 AND first_sequence <= last AND last_sequence >= first) found`,
		runs, first, last, int64(block.ClockSpan))
}

// stored is a view that reads data out of the database.
type stored struct{ *view }

func (v stored) Data(ctx context.Context, blocks []block.Meta) ([][]byte, error) {
	return v.storedData(ctx, block.IDs(blocks))
}

// Data implements block.View.
func (v *view) Data(ctx context.Context, blocks []block.Meta) ([][]byte, error) {
	return v.cache.Data(blocks, func(missing []block.Meta) ([][]byte, error) {
		return v.storedData(ctx, block.IDs(missing))
	})
}

// storedData is Data out of the database.
func (v *view) storedData(ctx context.Context, ids []block.ID) ([][]byte, error) {
	data := make([][]byte, len(ids))
	if v.careful {
		for i, id := range ids {
			var err error
			if data[i], err = v.dataOf(ctx, id); err != nil {
				return nil, err
			}
		}
		return data, nil
	}
	found, err := readData(ctx, v.conn, ids)
	if isCorrupt(err) {
		// Which of them it is, is found out in another view.
		v.careful = true
		return nil, errGone
	}
	for i, id := range ids {
		data[i] = found[id]
	}
	return data, err
}

// dataOf gives the data of one block: nil where it is gone or the database cannot
// read it.
func (v *view) dataOf(ctx context.Context, id block.ID) ([]byte, error) {
	if _, err := v.conn.Exec(ctx, `SAVEPOINT data`); err != nil {
		return nil, err
	}
	found, err := readData(ctx, v.conn, []block.ID{id})
	if isCorrupt(err) {
		_, err = v.conn.Exec(ctx, `ROLLBACK TO SAVEPOINT data`)
		return nil, err
	}
	return found[id], err
}
