package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/store/block"
)

// The data of blocks that are stored together is a segment: one behind the other,
// cut into pages, each of which is a row that fills a page of the database. A block's
// number says where its data begins:
//
//	segment << 29 | page of the segment << 13 | place in the page
//
// The numbers below the first segment are those of blocks that were stored before
// there were any, and have their data in their own rows.
const (
	// pageBytes is how many bytes of data a page has, but for the last one. It is 32 bytes less than fit, since a page of the
	// database that has become free may keep some of its line pointers. Places are
	// counted in it, in the statements below too: it stays as it is.
	pageBytes = 8092
	// pageBits is how many bits of a block's number are the place in a page.
	pageBits = 13
	// segmentBytes is after how many bytes of data a segment ends.
	segmentBytes = 1 << 20
)

// segment is blocks that are to be stored together, by column. The zero value has
// none.
type segment struct {
	pages [][]byte
	// size is how many bytes of data they have, and room how many more the last one
	// takes.
	size, room int

	places                          []int64 // in the segment
	first, last, minTimes, maxTimes []int64
	low, high, sums                 []float64
	runs, items, bytes              []int32
	counts, numbers                 []int16
	sequenceReach, timeReach        []int16
	summaries                       [][]byte
}

// add adds a block.
func (s *segment) add(b *block.Block) {
	if s.room == 0 {
		s.addPage()
	}
	s.places = append(s.places, int64(len(s.pages)-1)<<pageBits|int64(pageBytes-s.room))
	for rest := b.Data; ; s.addPage() {
		page := &s.pages[len(s.pages)-1]
		n := min(len(rest), s.room)
		*page, rest = append(*page, rest[:n]...), rest[n:]
		if s.room -= n; len(rest) == 0 {
			break
		}
	}
	s.size += len(b.Data)
	s.bytes = append(s.bytes, int32(len(b.Data)))
	s.first, s.last = append(s.first, b.FirstSequence), append(s.last, b.LastSequence)
	s.minTimes, s.maxTimes = append(s.minTimes, b.MinTime), append(s.maxTimes, b.MaxTime)
	s.low, s.high, s.sums = append(s.low, b.Low), append(s.high, b.High), append(s.sums, b.Sum)
	s.runs, s.items = append(s.runs, int32(b.Run)), append(s.items, int32(b.Item))
	s.counts, s.numbers = append(s.counts, int16(b.Count)), append(s.numbers, int16(b.Numbers))
	s.sequenceReach = append(s.sequenceReach, int16(sequenceReach(&b.Meta)))
	s.timeReach = append(s.timeReach, int16(reach(b.MinTime, b.MaxTime)))
	s.summaries = append(s.summaries, b.Summary)
}

func (s *segment) addPage() { s.pages, s.room = append(s.pages, make([]byte, 0, pageBytes)), pageBytes }

// queue adds the statements that store the segment: the first gives it its number.
func (s *segment) queue(batch *pgx.Batch) {
	batch.Queue(`
		WITH s AS MATERIALIZED (SELECT nextval('block_segments') AS segment)
		INSERT INTO block_pages (id, data)
		SELECT (segment << 16) + page - 1, data FROM s, unnest($1::bytea[]) WITH ORDINALITY AS p(data, page)`, s.pages)
	batch.Queue(`
		INSERT INTO blocks (id, first_sequence, last_sequence, min_time, max_time, low, high, sum, instance, item, bytes,
			count, numbers, sequence_reach, time_reach, summary)
		SELECT (currval('block_segments') << 29) + place, first, last, min, max, low, high, sum, run, item, bytes, count, numbers, s_reach, t_reach, summary
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
			$6::double precision[], $7::double precision[], $8::double precision[], $9::integer[], $10::integer[], $11::integer[],
			$12::smallint[], $13::smallint[], $14::smallint[], $15::smallint[], $16::bytea[])
			AS b(place, first, last, min, max, low, high, sum, run, item, bytes, count, numbers, s_reach, t_reach, summary)`,
		s.places, s.first, s.last, s.minTimes, s.maxTimes, s.low, s.high, s.sums, s.runs, s.items, s.bytes,
		s.counts, s.numbers, s.sequenceReach, s.timeReach, s.summaries)
}

// place is where the data of a block is. bytes is 0 where it is in the block's own
// row.
type place struct {
	id    block.ID
	bytes int64
}

// offset is how many bytes there are before the place, if all pages that there can
// be were full.
func (p place) offset() int64 {
	return int64(p.id)>>pageBits*pageBytes + int64(p.id)&(1<<pageBits-1)
}

// freePages deletes the pages in which the data of blocks was that are deleted, but
// for those in which a neighbour has some that is not.
func freePages(ctx context.Context, tx pgx.Tx, places []place) error {
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.id, b.id) })
	// Those that stood one behind the other go together: to look for the neighbours of
	// each would lead over all others that are gone.
	var ids, lengths []int64
	end := int64(-1)
	for _, p := range places {
		switch {
		case p.bytes == 0:
			continue
		case p.offset() == end:
			lengths[len(lengths)-1] += p.bytes
		default:
			ids, lengths = append(ids, int64(p.id)), append(lengths, p.bytes)
		}
		end = p.offset() + p.bytes
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		DELETE FROM block_pages WHERE id = ANY (ARRAY(
			SELECT generate_series(
				greatest(gone.id >> 13, (
					SELECT (id >> 13) + ((id & 8191) + bytes - 1) / 8092 + 1 FROM blocks
					WHERE id < gone.id AND id >= gone.id >> 29 << 29 ORDER BY id DESC LIMIT 1)),
				least((gone.id >> 13) + ((gone.id & 8191) + gone.bytes - 1) / 8092, (
					SELECT (id >> 13) - 1 FROM blocks
					WHERE id > gone.id AND id < (gone.id >> 29) + 1 << 29 ORDER BY id LIMIT 1)))
			FROM unnest($1::bigint[], $2::bigint[]) gone(id, bytes)))`, ids, lengths)
	return err
}

// selectData gives the number of blocks, how long their data is, and the data: what
// is in their rows, and what is in pages. Where a page is missing, it is shorter.
const selectData = `
	SELECT b.id, octet_length(b.data) + b.bytes, b.data || coalesce((
		SELECT string_agg(part, '') FROM (
			SELECT substring(p.data
				FROM (greatest((b.id & 8191) - at, 0) + 1)::integer
				FOR (b.bytes - greatest(at - (b.id & 8191), 0))::integer) AS part
			FROM block_pages p, LATERAL (SELECT (p.id - (b.id >> 13)) * 8092 AS at) a
			WHERE p.id >= b.id >> 13 AND p.id <= (b.id >> 13) + ((b.id & 8191) + b.bytes - 1) / 8092
			ORDER BY p.id) parts
	), '') FROM blocks b `

// readData reads the data of those blocks that are there: nil for one of which some
// is missing.
func readData(ctx context.Context, q querier, ids []block.ID) (map[block.ID][]byte, error) {
	rows, err := q.Query(ctx, selectData+`WHERE id = ANY($1)`, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[block.ID][]byte, len(ids))
	var (
		id    block.ID
		bytes int
		data  []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &bytes, &data}, func() error {
		if len(data) != bytes {
			data = nil
		}
		found[id], data = data, nil
		return nil
	})
	return found, err
}
