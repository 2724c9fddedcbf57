package block

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// limits bound what a read holds. Observations are read in pages, each within
// one view, which are complete before their first observation is given out: a
// caller that takes its time, or writes to the store meanwhile, holds no view.
// The next page goes on behind the last observation given, and so does not depend
// on where it lies: what was in rows may be in a block by then, and what was in
// several blocks in one.
type limits struct {
	// firstPage and maxPage are how many observations the first page has at most,
	// since many callers want no more than a few, and a later one: each has
	// pageGrowth times as many as the one before.
	firstPage, maxPage int
	// maxWindow is how many sequence numbers a page of a run spans at most. The
	// first one has a single number, since many callers look up one.
	maxWindow int
	// maxText is after how many bytes of text a page ends.
	maxText int
	// maxDecoded is how many bytes of decoded blocks are held, within a page and
	// from one to the next.
	maxDecoded int
	// maxData is the data of how many blocks is fetched at once.
	maxData int
	// firstListed and maxListed are how many blocks are listed at once, the first
	// time and at most.
	firstListed, maxListed int
	// firstRows is how many rows are read at once the first time in a page: few,
	// since those behind the page are read again for the next one.
	firstRows int
}

// standard are the limits of every read; tests have closer ones.
func standard() limits {
	return limits{
		firstPage: 50, maxPage: 40_000,
		maxWindow: 1 << 16,
		maxText:   4 << 20,
		// About 1200 blocks of numbers.
		maxDecoded:  32 << 20,
		maxData:     64,
		firstListed: 64, maxListed: 1024,
		firstRows: 50,
	}
}

// maxCatalogue is how many listed blocks are kept from one page to the next: some
// 800 KiB of them.
const maxCatalogue = 4096

// firstOfItem is how many observations the first page has for each item at least:
// it opens a block of each, which takes as long as to read so many from one.
const firstOfItem = 10

// growth is how many times as much as before is read at once, as long as the
// caller goes on.
const growth = 8

// pageGrowth is the same for pages: each lists its blocks anew, which takes longer
// than what a caller leaves unread.
const pageGrowth = 40

// sharedText is up to how many bytes of text of one block are shared by the
// observations read from it.
const sharedText = 4 << 10

// errGone is the fault of a block that is listed and has no data.
var errGone = errors.New("its data is gone or cannot be read")

// shelf holds blocks that were decoded, by their number: a block never changes,
// whatever view it is read from. It belongs to one read.
type shelf struct {
	limits
	source  Source
	decoder *Decoder
	blocks  map[ID]*decoded
	// bytes is the memory that blocks takes.
	bytes int
	// data is that of blocks that will be opened soon, maxData of them at most, and
	// clocks are those they need, which take at most 300 KiB of each when decoded.
	data   map[ID][]byte
	clocks Clocks
	// spare is the memory of blocks that were dropped.
	spare []*Columns
}

func newShelf(source Source, l limits) *shelf {
	return &shelf{limits: l, source: source, decoder: NewDecoder(), blocks: make(map[ID]*decoded), data: make(map[ID][]byte)}
}

// full reports whether there is no room for another block.
func (s *shelf) full() bool { return s.bytes >= s.maxDecoded }

// fetch reads the data of those blocks that need it to be opened. It keeps no
// other.
func (s *shelf) fetch(ctx context.Context, view View, blocks []Meta) error {
	var missing []Meta
	fetched := make(map[ID][]byte, len(blocks))
	for i := range blocks {
		id := blocks[i].ID
		if data, ok := s.data[id]; ok {
			fetched[id] = data
		} else if s.blocks[id] == nil {
			missing = append(missing, blocks[i])
		}
	}
	if len(missing) > 0 {
		data, err := view.Data(ctx, missing)
		if err != nil {
			return err
		}
		for i := range missing {
			fetched[missing[i].ID] = data[i]
		}
		held := make([]Block, len(blocks))
		for i := range blocks {
			held[i] = Block{blocks[i], fetched[blocks[i].ID]}
		}
		if err := s.clocks.Fetch(ctx, view, held); err != nil {
			return err
		}
	}
	s.data = fetched
	return nil
}

// ready reports whether a block can be opened.
func (s *shelf) ready(id ID) bool {
	_, fetched := s.data[id]
	return fetched || s.blocks[id] != nil
}

// open gives a block that is ready, decoded. It stays on the shelf until it is
// dropped.
func (s *shelf) open(m Meta) (*decoded, error) {
	if d := s.blocks[m.ID]; d != nil {
		return d, nil
	}
	data := s.data[m.ID]
	delete(s.data, m.ID)
	if data == nil {
		return nil, s.source.Damaged(m, errGone)
	}
	var columns *Columns
	if last := len(s.spare) - 1; last >= 0 {
		columns, s.spare = s.spare[last], s.spare[:last]
	} else {
		columns = new(Columns)
	}
	if err := s.decoder.Decode(Block{m, data}, &s.clocks, columns); err != nil {
		return nil, s.source.Damaged(m, err)
	}
	d := &decoded{Meta: m, columns: columns, order: orderOf(columns)}
	s.put(d)
	return d, nil
}

// put puts a block on the shelf.
func (s *shelf) put(d *decoded) {
	texts := 0
	for i := range d.columns.forms {
		texts += d.columns.forms[i].TextBytes()
	}
	d.wordy = texts > sharedText
	d.bytes = d.columns.size() + 2*cap(d.order) + texts
	s.blocks[d.ID] = d
	s.bytes += d.bytes
}

// each opens blocks one after the other, which the caller drops.
func (s *shelf) each(ctx context.Context, view View, blocks []Meta) iter.Seq2[*decoded, error] {
	return func(yield func(*decoded, error) bool) {
		for batch := range slices.Chunk(blocks, s.maxData) {
			if err := s.fetch(ctx, view, batch); err != nil {
				yield(nil, err)
				return
			}
			for _, m := range batch {
				d, err := s.open(m)
				if !yield(d, err) || err != nil {
					return
				}
			}
		}
	}
}

// drop takes a block off the shelf; its memory is used again.
func (s *shelf) drop(d *decoded) {
	delete(s.blocks, d.ID)
	s.bytes -= d.bytes
	if !d.trimmed {
		s.spare = append(s.spare, d.columns)
	}
}

// trim leaves on the shelf what a block has at the places from first up to but
// not including end, where that is less than half of it, and reports whether it
// did. Its places are counted from first on then.
func (s *shelf) trim(d *decoded, first, end int) bool {
	if d.order != nil || 2*(end-first) > d.columns.Len() {
		return false
	}
	s.drop(d)
	whole := d.columns
	d.columns, d.trimmed = &Columns{
		Times:     slices.Clone(whole.Times[first:end]),
		Sequences: slices.Clone(whole.Sequences[first:end]),
		numbers:   slices.Clone(whole.numbers[first:end]),
		form:      slices.Clone(whole.form[first:end]),
		forms:     slices.Clone(whole.forms),
	}, true
	s.put(d)
	return true
}

// keep drops all blocks but those that are open in heads.
func (s *shelf) keep(heads *heads) {
	kept := make(map[ID]bool)
	for h := range heads.open() {
		if h.block != nil {
			kept[h.block.ID] = true
		}
	}
	for id, d := range s.blocks {
		if !kept[id] {
			s.drop(d)
		}
	}
}

// formBytes is about how many bytes a form takes, without its texts.
const formBytes = 80

// size is about how many bytes the columns take, without texts.
func (c *Columns) size() int {
	return 8*(cap(c.Times)+cap(c.Sequences)+cap(c.numbers)) + 2*cap(c.form) + formBytes*cap(c.forms)
}
