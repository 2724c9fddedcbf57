package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

const (
	metaColumns = `b.id, b.instance, b.item, b.count, b.first_sequence, b.last_sequence, b.min_time, b.max_time,
		b.numbers, b.low, b.high, b.sum, b.summary`
	metaFields = 13
)

// wantedItems are the items of a JSON array, each with how long its longest block
// is: one that reaches a time begins no more than that before it. wantedItem is
// one item.
const (
	wantedItems = `SELECT i.id AS item, i.longest_block AS length FROM json_each(?1) j CROSS JOIN data_items i ON i.id = j.value`
	wantedItem  = `SELECT id AS item, longest_block AS length FROM data_items WHERE id = ?1`
)

// selectBlocks and selectBlocksOfItem find the blocks of items and of one item by
// time. Within an item the index has the order that is asked for, so that SQLite
// leaves an item where it has as many blocks as are wanted that come first. Only
// what is in the index is sorted.
const (
	selectBlocks       = `SELECT ` + metaColumns + ` FROM (SELECT b.id FROM (` + wantedItems + `)` + blocksByTime + `) k CROSS JOIN blocks b ON b.id = k.id`
	selectBlocksOfItem = `SELECT ` + metaColumns + ` FROM (` + wantedItem + `)` + blocksByTime

	blocksByTime = ` wanted CROSS JOIN blocks b ON b.item = wanted.item
		WHERE b.min_time >= max(?2 - length, ?4) AND b.min_time < ?3 AND b.max_time >= ?2 AND (b.min_time > ?4 OR b.id > ?5)
		ORDER BY b.min_time, b.id LIMIT ?6`
)

// metaReader reads blocks from rows of metaColumns.
type metaReader struct{ *fields }

func newMetaReader() metaReader { return metaReader{newFields(metaFields)} }

func (r metaReader) meta(row scanner) (block.Meta, error) {
	err := r.read(row)
	return block.Meta{
		ID: block.ID(r.int(0)), Run: plant.RunID(r.int(1)), Item: plant.ItemID(r.int(2)), Count: int(r.int(3)),
		FirstSequence: r.int(4), LastSequence: r.int(5), MinTime: r.int(6), MaxTime: r.int(7),
		Numbers: int(r.int(8)), Low: r.number(9), High: r.number(10), Sum: r.number(11), Summary: r.bytes(12),
	}, err
}

// Edition implements block.View. To list blocks takes little within a process.
func (v *view) Edition() string { return "" }

// BlocksByTime implements block.View.
func (v *view) BlocksByTime(ctx context.Context, items []plant.ItemID, from, to int64, afterTime int64, afterID block.ID, limit int) ([]block.Meta, error) {
	if len(items) == 1 {
		return ask(ctx, v, v.reads.blocksOfItem, newMetaReader().meta, items[0], from, to, afterTime, afterID, limit)
	}
	found, err := ask(ctx, v, v.reads.blocks, newMetaReader().meta, numberList(items), from, to, afterTime, afterID, limit)
	slices.SortFunc(found, func(a, b block.Meta) int {
		return cmp.Or(cmp.Compare(a.MinTime, b.MinTime), cmp.Compare(a.ID, b.ID))
	})
	return found, err
}

// BlocksBefore implements block.View.
func (v *view) BlocksBefore(ctx context.Context, items []plant.ItemID, time int64) ([]block.Meta, error) {
	return collect(ctx, v.tx, newMetaReader().meta, `
		WITH wanted AS MATERIALIZED (`+wantedItems+`),
		-- What ended before the time: of the block that began last, when it ended;
		-- one that ended later began no more than its length before that.
		begun AS MATERIALIZED (
			SELECT item, length, (
				SELECT max_time FROM blocks WHERE item = w.item AND min_time < ?2 AND max_time < ?2 ORDER BY min_time DESC LIMIT 1
			) AS ended FROM wanted w
		),
		last AS MATERIALIZED (
			SELECT item, length, (
				SELECT max(max_time) FROM blocks WHERE item = w.item AND min_time >= w.ended - w.length AND min_time < ?2 AND max_time < ?2
			) AS ended FROM begun w
		)
		SELECT `+metaColumns+` FROM last w CROSS JOIN blocks b ON b.item = w.item
		WHERE b.min_time >= w.ended - w.length AND b.min_time <= w.ended AND b.max_time = w.ended
		UNION ALL
		SELECT `+metaColumns+` FROM wanted w CROSS JOIN blocks b ON b.item = w.item
		WHERE b.min_time >= ?2 - w.length AND b.min_time < ?2 AND b.max_time >= ?2`,
		numberList(items), time)
}

// reaches are the reaches of the blocks of a run, see the table, but for clocks.
// Each is found by one look into the index.
const reaches = `
	WITH RECURSIVE reaches (reach) AS (
		SELECT min(sequence_reach) FROM blocks WHERE instance = ?1 AND sequence_reach >= 0
		UNION ALL
		SELECT (SELECT min(sequence_reach) FROM blocks WHERE instance = ?1 AND sequence_reach > reach) FROM reaches WHERE reach IS NOT NULL
	)`

// BlocksBySequence implements block.View.
func (v *view) BlocksBySequence(ctx context.Context, run plant.RunID, from, to int64) ([]block.Meta, error) {
	return collect(ctx, v.tx, newMetaReader().meta, reaches+`
		SELECT `+metaColumns+` FROM reaches CROSS JOIN blocks b ON b.instance = ?1 AND b.sequence_reach = reach
		WHERE b.first_sequence >= ?2 - reach AND b.first_sequence < ?3 AND b.last_sequence >= ?2`,
		run, from, to)
}

// firstBlock is the lowest first sequence number of a block of a run that is at
// least from; math.MaxInt64 where there is none.
func (v *view) firstBlock(ctx context.Context, run plant.RunID, from int64) (sequence int64, err error) {
	err = v.tx.QueryRowContext(ctx, reaches+`
		SELECT coalesce(min((
			SELECT min(first_sequence) FROM blocks WHERE instance = ?1 AND sequence_reach = reach AND first_sequence >= ?2
		)), ?3) FROM reaches`,
		run, from, int64(math.MaxInt64)).Scan(&sequence)
	return sequence, err
}

// selectClocks finds the clocks of stretches, which are a JSON array of
// [run, first, last].
const selectClocks = `
	SELECT ` + metaColumns + ` FROM json_each(?1) s CROSS JOIN blocks b ON b.instance = s.value ->> 0 AND b.sequence_reach = -1
	WHERE b.first_sequence > (s.value ->> 1) - ?2 AND b.first_sequence <= s.value ->> 2 AND b.last_sequence >= s.value ->> 1`

// Clocks implements block.View.
func (v *view) Clocks(ctx context.Context, blocks []block.Meta) ([]block.Meta, error) {
	var stretches [][3]int64
	for _, s := range block.Stretches(blocks) {
		stretches = append(stretches, [3]int64{int64(s.Run), s.First, s.Last})
	}
	list, err := json.Marshal(stretches)
	if err != nil {
		return nil, err
	}
	return ask(ctx, v, v.reads.clocks, newMetaReader().meta, string(list), int64(block.ClockSpan))
}

// stored is a view that reads data out of the file.
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

// storedData is Data out of the file.
func (v *view) storedData(ctx context.Context, ids []block.ID) ([][]byte, error) {
	data, err := v.data(ctx, ids)
	if err == nil || !corrupt(err) {
		return data, err
	}
	// The file is damaged somewhere within: what can be read is found out one by
	// one.
	data = make([][]byte, len(ids))
	for i, id := range ids {
		one, err := v.data(ctx, []block.ID{id})
		switch {
		case err == nil:
			data[i] = one[0]
		case !corrupt(err):
			return nil, err
		}
	}
	return data, nil
}

const (
	selectPlaces = `SELECT id, page, start, bytes FROM blocks WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`
	selectPages  = `SELECT id, data FROM block_pages WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`
)

// data gives the data of blocks in the order of ids, nil for one that is not there
// or of which a page is missing.
func (v *view) data(ctx context.Context, ids []block.ID) ([][]byte, error) {
	f := newFields(4)
	places, err := ask(ctx, v, v.reads.places, func(row scanner) (place, error) {
		err := f.read(row)
		return place{block.ID(f.int(0)), f.int(1), f.int(2), f.int(3)}, err
	}, numberList(ids))
	if err != nil {
		return nil, err
	}
	found, err := v.pages(ctx, places)
	if err != nil {
		return nil, err
	}
	all := make([][]byte, len(ids))
	for i, id := range ids {
		all[i] = found[id]
	}
	return all, nil
}

// pages gives the data of places, which stand in order of their pages; of one that
// lacks a page, none.
func (v *view) pages(ctx context.Context, places []place) (map[block.ID][]byte, error) {
	var pages []int64
	for _, p := range places {
		for page := p.page; page <= p.lastPage(); page++ {
			if n := len(pages); n == 0 || pages[n-1] < page {
				pages = append(pages, page)
			}
		}
	}
	found := make(map[block.ID][]byte, len(places))
	missing := make([]int, len(places)) // bytes
	for i, p := range places {
		found[p.id], missing[i] = make([]byte, p.bytes), int(p.bytes)
	}
	first := 0
	_, err := ask(ctx, v, v.reads.pages, func(row scanner) (page int64, err error) {
		var data sql.RawBytes
		if err := row.Scan(&page, &data); err != nil {
			return 0, err
		}
		for first < len(places) && places[first].lastPage() < page {
			first++
		}
		for i := first; i < len(places) && places[i].page <= page; i++ {
			missing[i] -= places[i].fill(found[places[i].id], page, data)
		}
		return page, nil
	}, numberList(pages))
	for i, p := range places {
		if missing[i] > 0 {
			delete(found, p.id)
		}
	}
	return found, err
}

// fill copies what a page has of the data of a block into it, and gives how many
// bytes that are.
func (p place) fill(data []byte, page int64, content []byte) int {
	at := (page-p.page)*pageBytes - p.start // of the page in the data
	if at < 0 {
		content, at = content[min(-at, int64(len(content))):], 0
	}
	return copy(data[at:], content)
}

// Gapless implements block.View. Since the first and the last observation of a
// block are stored, a gap between the two lies there as a whole.
func (v *view) Gapless(ctx context.Context, blocks []block.Meta) ([]bool, error) {
	order := make([]int, len(blocks))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(blocks[a].Run, blocks[b].Run), cmp.Compare(blocks[a].FirstSequence, blocks[b].FirstSequence))
	})
	gapless := make([]bool, len(blocks))
	var (
		run plant.RunID
		// gap is where the first gap of the run behind a block begins.
		gap int64
	)
	for _, i := range order {
		b := &blocks[i]
		if b.Run != run || gap <= b.FirstSequence {
			run = b.Run
			err := v.tx.QueryRowContext(ctx, `
				SELECT coalesce(min(from_sequence), ?3) FROM gaps WHERE instance = ?1 AND from_sequence > ?2`,
				run, b.FirstSequence, int64(math.MaxInt64)).Scan(&gap)
			if err != nil {
				return nil, err
			}
		}
		gapless[i] = gap > b.LastSequence
	}
	return gapless, nil
}
