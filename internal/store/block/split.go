package block

import "github.com/factorydash/factorydash/internal/plant"

// Splitter parts what is committed at once into blocks and rows. It belongs to
// one goroutine, and keeps memory for the next batch: about 2 MiB.
type Splitter struct {
	encoder *Encoder
	clocks  chronicle
	// tally is a hash table of the items of a batch, less than half full: looking
	// into a map for each observation would take as long as encoding it.
	tally []tallied
	items int
	// spare is drafts that are free.
	spare []*draft
}

// tallied is what is known of an item of a batch.
type tallied struct {
	item plant.ItemID
	// count is how many observations it has: 0 where the place is free.
	count int
	// limit is how many of them go into a block; 0 where they go into rows.
	limit int
	draft *draft
}

// What is kept for the next batch: so many drafts, and a tally of so many places.
const (
	maxSpare = 64
	minTally = 256
	maxTally = 1 << 14
)

// NewSplitter makes a splitter.
func NewSplitter() *Splitter {
	return &Splitter{encoder: NewEncoder(), tally: make([]tallied, minTally)}
}

// Split gives the observations of a run, which stand in ascending order of
// sequence, as blocks of the items that have at least least of them, those of an
// item in order, with the clocks that these need, and the others as they are and
// in their order. Their Run may be 0. What it gives of observations may share their
// memory.
func (s *Splitter) Split(run plant.RunID, observations []plant.Observation, least int) (blocks []Block, rows []plant.Observation, err error) {
	if len(observations) < least {
		return nil, observations, nil
	}
	defer s.release()
	many := s.count(observations, least)
	if many == 0 {
		return nil, observations, nil
	}
	rows = make([]plant.Observation, 0, len(observations)-many)
	seal := func(d *draft) error {
		b, err := s.encoder.seal(d, &s.clocks)
		blocks = append(blocks, b)
		return err
	}
	s.clocks.begin(s.encoder, run)
	for i := range observations {
		o := &observations[i]
		t := s.find(o.Item)
		if t.limit == 0 {
			s.clocks.add(o.Sequence, o.Time, false)
			rows = append(rows, *o)
			continue
		}
		if t.draft == nil {
			t.draft = s.take(run, o.Item)
		}
		t.draft.add(o)
		s.clocks.add(o.Sequence, o.Time, t.draft.near())
		if t.draft.Len() == t.limit || t.draft.full() {
			if err := seal(t.draft); err != nil {
				return nil, nil, err
			}
		}
	}
	for i := range s.tally {
		if d := s.tally[i].draft; d != nil && d.Len() > 0 {
			if err := seal(d); err != nil {
				return nil, nil, err
			}
		}
	}
	s.clocks.end()
	return append(blocks, s.clocks.take()...), rows, nil
}

// count counts the observations of each item, finds how many of them go into a
// block, and gives how many go into blocks in all.
func (s *Splitter) count(observations []plant.Observation, least int) (many int) {
	clear(s.tally)
	s.items = 0
	for i := range observations {
		s.find(observations[i].Item).count++
	}
	for i := range s.tally {
		t := &s.tally[i]
		if t.count == 0 || t.count < least {
			continue
		}
		many += t.count
		// As few blocks as can be, and about as large as each other.
		n := (t.count + MaxObservations - 1) / MaxObservations
		t.limit = (t.count + n - 1) / n
	}
	return many
}

// find gives the place of an item in the tally. One whose count is 0 is new, and
// is to be counted at once.
func (s *Splitter) find(item plant.ItemID) *tallied {
	mask := uint32(len(s.tally) - 1)
	for i := startOf(item); ; i++ {
		switch t := &s.tally[i&mask]; {
		case t.count > 0 && t.item == item:
			return t
		case t.count > 0:
		case 2*s.items < len(s.tally):
			t.item = item
			s.items++
			return t
		default:
			s.grow()
			return s.find(item)
		}
	}
}

// startOf gives where an item is first looked for. The product spreads numbers
// that follow each other over its high bits.
func startOf(item plant.ItemID) uint32 {
	return uint32(uint64(uint32(item)) * 0x9E3779B97F4A7C15 >> 32)
}

// grow makes the tally twice as large.
func (s *Splitter) grow() {
	before := s.tally
	s.tally, s.items = make([]tallied, 2*len(before)), 0
	for _, t := range before {
		if t.count > 0 {
			*s.find(t.item) = t
		}
	}
}

// take gives an empty draft.
func (s *Splitter) take(run plant.RunID, item plant.ItemID) *draft {
	d := new(draft)
	if last := len(s.spare) - 1; last >= 0 {
		d, s.spare = s.spare[last], s.spare[:last]
	}
	d.begin(run, item)
	return d
}

// release keeps memory for the next batch: not that of a large one.
func (s *Splitter) release() {
	for i := range s.tally {
		if d := s.tally[i].draft; d != nil && len(s.spare) < maxSpare {
			d.begin(0, 0) // so that it holds no texts
			s.spare = append(s.spare, d)
		}
	}
	if len(s.tally) > maxTally {
		s.tally = make([]tallied, minTally)
	}
}
