package block

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// A clock says what time it was at each sequence number of a stretch of a run. An
// adapter stamps all that it says in one line alike, so that there are far fewer
// times than observations; blocks of items that say much leave their times to the
// clocks of their run. A clock is stored as a block of no data item. What it says
// was seen, number by number: it never becomes wrong, two that overlap say the
// same, and it may go when no block lies where it does.
const (
	// ClockItem stands in Meta.Item of a clock.
	ClockItem plant.ItemID = 0
	// ClockSpan is how many sequence numbers a clock has at most: decoding all of
	// them takes some 20 µs.
	ClockSpan = 4096
	// clockLeast is how many it has at least, mostly.
	clockLeast = 256
	// clockReach is how many sequence numbers there may be for each observation of a
	// block that leaves its times to clocks: it bounds what is decoded beside it.
	clockReach = 32
	// ClockReach is how far the sequence numbers of a block that leaves its times to
	// clocks may lie apart, at most.
	ClockReach = clockReach * maxCount
)

// IsClock reports whether the block is a clock.
func (m *Meta) IsClock() bool { return m.Item == ClockItem }

// near reports whether the sequence numbers from first to last lie near enough
// together for clocks to say the times of count observations among them.
func near(first, last int64, count int) bool {
	return uint64(last)-uint64(first) < uint64(count)*clockReach
}

// leavesTimes reports whether a block leaves its times to clocks.
func leavesTimes(data []byte) bool { return len(data) > 0 && data[0] == clockTimes }

// The data of a clock has, behind version and checksum,
//
//	column   the times that differ from the one before, as integers from MinTime
//	column   for how many sequence numbers each lasts, less 1, as integers from 0
//
// Count of its Meta is how many times there are.

// clock puts the times of a stretch of a run into a clock. Each has the sequence
// numbers from its own of firsts to before the next one, and the last up to last.
func (e *Encoder) clock(run plant.RunID, firsts []int64, last int64, times []int64) Block {
	b := Block{Meta: Meta{Run: run, Item: ClockItem, Count: len(times), FirstSequence: firsts[0], LastSequence: last}}
	b.MinTime, b.MaxTime = bounds(times)
	out := &e.out
	out.data = append(kept(out.data), make([]byte, headerSize)...)
	out.integers(times, b.MinTime, false)
	e.lengths = resize(e.lengths, len(times))
	for i, first := range firsts[1:] {
		e.lengths[i] = first - firsts[i] - 1
	}
	e.lengths[len(times)-1] = last - firsts[len(times)-1]
	out.integers(e.lengths, 0, false)
	e.finish(&b, clock)
	return b
}

// DecodeClock gives the time of each sequence number of a clock from FirstSequence
// on, in the memory of times where that is enough. It returns a *DamagedError where
// anything in the clock, but for its ID, is not as it was encoded.
func (d *Decoder) DecodeClock(b Block, times []int64) ([]int64, error) {
	wrong := d.open(&b, clock, clock)
	if wrong == "" {
		times, wrong = d.readClock(&b.Meta, times)
	}
	if wrong != "" {
		return nil, &DamagedError{b.Meta, wrong}
	}
	return times, nil
}

// readClock reads the columns of a clock.
func (d *Decoder) readClock(m *Meta, into []int64) (times []int64, wrong string) {
	span := uint64(m.LastSequence) - uint64(m.FirstSequence)
	if m.LastSequence < m.FirstSequence || span >= ClockSpan || m.Count < 1 || uint64(m.Count) > span+1 {
		return nil, fmt.Sprintf("it has %d times for sequence numbers from %d to %d", m.Count, m.FirstSequence, m.LastSequence)
	}
	d.times, d.lengths = resize(d.times, m.Count), resize(d.lengths, m.Count)
	d.in.integers(d.times, m.MinTime)
	d.in.integers(d.lengths, 0)
	if !d.ended() {
		return nil, wrongLength
	}
	times = resize(into, int(span)+1)
	rest := times
	for i, t := range d.times {
		less := uint64(d.lengths[i])
		if less >= uint64(len(rest)) {
			return nil, "its times last too long"
		}
		for j := range rest[:less+1] {
			rest[j] = t
		}
		rest = rest[less+1:]
	}
	if low, high := bounds(d.times); len(rest) > 0 || low != m.MinTime || high != m.MaxTime {
		return nil, "its times are not those it should have"
	}
	return times, ""
}

// Clocks are the clocks by which some blocks are decoded. The zero value has none.
// It belongs to one goroutine.
type Clocks struct {
	// all are in order of run and FirstSequence.
	all   []opened
	spare [][]int64
}

// opened is a clock that is decoded when it is needed.
type opened struct {
	Block
	// times is nil until then; err is what was wrong.
	times []int64
	err   error
}

// ClockView is what is read of a View to have clocks.
type ClockView interface {
	// Clocks gives the clocks that have a sequence number within one of the blocks, in
	// any order, and perhaps more than once.
	Clocks(ctx context.Context, blocks []Meta) ([]Meta, error)
	// Data gives the data of blocks and clocks, in their order, which nobody changes.
	// Where one is gone or cannot be read, its place is nil.
	Data(ctx context.Context, blocks []Meta) ([][]byte, error)
}

// Fetch reads the clocks that blocks of a view leave their times to, and keeps no
// others.
func (c *Clocks) Fetch(ctx context.Context, view ClockView, blocks []Block) error {
	var leave []Meta
	for i := range blocks {
		if leavesTimes(blocks[i].Data) {
			leave = append(leave, blocks[i].Meta)
		}
	}
	if len(leave) == 0 {
		c.Set(nil)
		return nil
	}
	found, err := view.Clocks(ctx, leave)
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(a, b Meta) int { return cmp.Compare(a.ID, b.ID) })
	found = slices.CompactFunc(found, func(a, b Meta) bool { return a.ID == b.ID })
	have := make(map[identity]bool, len(c.all))
	for i := range c.all {
		have[c.all[i].identity()] = true
	}
	clocks := make([]Block, len(found))
	var missing []Meta
	var places []int
	for i, m := range found {
		if clocks[i].Meta = m; !have[m.identity()] {
			missing, places = append(missing, m), append(places, i)
		}
	}
	if len(missing) > 0 {
		data, err := view.Data(ctx, missing)
		if err != nil {
			return err
		}
		for i, place := range places {
			clocks[place].Data = data[i]
		}
	}
	c.Set(clocks)
	return nil
}

// Set makes c have some clocks and no others, in any order. Those that it has need
// no data.
func (c *Clocks) Set(clocks []Block) {
	have := make(map[identity]opened, len(c.all))
	for _, o := range c.all {
		have[o.identity()] = o
	}
	all := make([]opened, len(clocks))
	for i, b := range clocks {
		o, ok := have[b.identity()]
		if !ok {
			o = opened{Block: b}
		}
		delete(have, b.identity())
		all[i] = o
	}
	for _, o := range have {
		if o.times != nil {
			c.spare = append(c.spare, o.times)
		}
	}
	slices.SortFunc(all, func(a, b opened) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.FirstSequence, b.FirstSequence), cmp.Compare(a.ID, b.ID))
	})
	c.all = all
}

// open decodes a clock where that was not done yet.
func (o *opened) open(d *Decoder, c *Clocks) error {
	if o.times != nil || o.err != nil {
		return o.err
	}
	if o.Data == nil {
		o.err = errGone
		return o.err
	}
	var into []int64
	if last := len(c.spare) - 1; last >= 0 {
		into, c.spare = c.spare[last], c.spare[:last]
	}
	o.times, o.err = d.DecodeClock(o.Block, into)
	o.Data = nil
	return o.err
}

// read sets the times of sequence numbers of a run, which ascend. It gives the
// reason where the clocks do not say all of them.
func (c *Clocks) read(d *Decoder, run plant.RunID, sequences, times []int64) error {
	if c == nil {
		return errNoClock
	}
	// Where clocks overlap, the last numbers of clocks are in no order.
	i, _ := slices.BinarySearchFunc(c.all, run, func(o opened, run plant.RunID) int { return cmp.Compare(o.Run, run) })
	err, at := errNoClock, 0
	for ; i < len(c.all) && at < len(sequences); i++ {
		o := &c.all[i]
		if o.Run != run || o.FirstSequence > sequences[at] {
			break
		}
		if o.LastSequence < sequences[at] {
			continue
		}
		if wrong := o.open(d, c); wrong != nil {
			// Another may say the same.
			err = fmt.Errorf("its clock from sequence number %d to %d cannot be read: %w", o.FirstSequence, o.LastSequence, wrong)
			continue
		}
		for ; at < len(sequences); at++ {
			place := uint64(sequences[at]) - uint64(o.FirstSequence)
			if place >= uint64(len(o.times)) {
				break
			}
			times[at] = o.times[place]
		}
	}
	if at < len(sequences) {
		return err
	}
	return nil
}

// errNoClock is the fault of a block whose times no clock says.
var errNoClock = errors.New("the clock of its times is gone")

// Part parts the clocks from the blocks of items.
func Part(all []Block) (blocks, clocks []Block) {
	for _, b := range all {
		if b.IsClock() {
			clocks = append(clocks, b)
		} else {
			blocks = append(blocks, b)
		}
	}
	return blocks, clocks
}

// Needed gives those of some clocks that blocks leave their times to.
func Needed(clocks, blocks []Block) []Block {
	var leave []Meta
	for i := range blocks {
		if leavesTimes(blocks[i].Data) {
			leave = append(leave, blocks[i].Meta)
		}
	}
	stretches := Stretches(leave)
	var needed []Block
	for _, c := range clocks {
		if slices.ContainsFunc(stretches, func(s Stretch) bool {
			return s.Run == c.Run && s.First <= c.LastSequence && s.Last >= c.FirstSequence
		}) {
			needed = append(needed, c)
		}
	}
	return needed
}

// Check decodes a block, which may be a clock, into columns where it is not.
func (d *Decoder) Check(b Block, clocks *Clocks, into *Columns) error {
	if !b.IsClock() {
		return d.Decode(b, clocks, into)
	}
	_, err := d.DecodeClock(b, nil)
	return err
}
