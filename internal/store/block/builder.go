package block

import (
	"cmp"
	"maps"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// MaxBuffered is how many bytes of observations a Builder holds at most, but for
// one observation: about two million numbers.
const MaxBuffered = 64 << 20

// What a draft takes, about, in bytes: by itself, for each observation there is
// room for, and for each form but for its texts.
const (
	draftBytes       = 512
	observationBytes = 8 + 8 + 8 + 2
	draftFormBytes   = 256
)

// memory is about how many bytes the draft takes.
func (d *draft) memory() int {
	return draftBytes + observationBytes*cap(d.Times) + draftFormBytes*cap(d.forms) + d.textBytes
}

// Builder cuts observations of many items and runs into blocks. It holds those of
// each item until they fill a block. It belongs to one goroutine; after an error
// it is not used any more.
type Builder struct {
	encoder *Encoder
	emit    func(Block) error
	drafts  map[source]*held
	clocks  map[plant.RunID]*heldChronicle
	// last is the draft of the last observation, and run the chronicle of its run:
	// often those of the next are the same.
	last *held
	run  *heldChronicle
	// bytes is what all drafts and chronicles take.
	bytes int
}

// source is where observations of a block come from.
type source struct {
	run  plant.RunID
	item plant.ItemID
}

// held is a draft with what it takes.
type held struct {
	draft
	bytes int
}

// heldChronicle is a chronicle with what it takes.
type heldChronicle struct {
	chronicle
	bytes int
}

// NewBuilder makes a builder that gives each block to emit: those of an item and
// run in order, those of different ones, and the clocks that they need, in any. The
// error of emit is returned as it is.
func NewBuilder(emit func(Block) error) *Builder {
	return &Builder{encoder: NewEncoder(), emit: emit, drafts: make(map[source]*held), clocks: make(map[plant.RunID]*heldChronicle)}
}

// Add takes an observation, with its Run and Item; those of each of them in
// ascending order of sequence. There are clocks only where those of a run are so
// too.
func (b *Builder) Add(o plant.Observation) error {
	d := b.last
	if d == nil || d.run != o.Run || d.item != o.Item {
		d = b.draft(source{o.Run, o.Item})
	}
	d.add(&o)
	b.account(d)
	if err := b.note(d, &o); err != nil {
		return err
	}
	switch {
	case d.full():
		return b.flush(d)
	case b.bytes > MaxBuffered:
		return b.relieve()
	default:
		return nil
	}
}

func (b *Builder) draft(s source) *held {
	d := b.drafts[s]
	if d == nil {
		d = new(held)
		d.begin(s.run, s.item)
		b.drafts[s] = d
	}
	b.last = d
	return d
}

// note takes down the time of an observation in the chronicle of its run.
func (b *Builder) note(d *held, o *plant.Observation) error {
	c := b.run
	if c == nil || c.run != o.Run {
		if c = b.clocks[o.Run]; c == nil {
			c = new(heldChronicle)
			c.begin(b.encoder, o.Run)
			b.clocks[o.Run] = c
		}
		b.run = c
	}
	if c.add(o.Sequence, o.Time, d.near()) {
		if err := b.emitClocks(c); err != nil {
			return err
		}
		c.forget()
	}
	bytes := c.memory()
	b.bytes += bytes - c.bytes
	c.bytes = bytes
	return nil
}

// account takes note of what a draft takes now.
func (b *Builder) account(d *held) {
	bytes := d.memory()
	b.bytes += bytes - d.bytes
	d.bytes = bytes
}

// flush makes a block of a draft, which keeps its memory: as its item filled one
// block, it will fill another.
func (b *Builder) flush(d *held) error {
	block, err := b.encoder.seal(&d.draft, b.teller(d.run))
	if err != nil {
		return err
	}
	b.account(d)
	return b.emit(block)
}

// relieve makes blocks of the drafts that hold the most, and drops them, until
// half of what may be held is free: so this is rare. Of very many runs it may have
// to drop the chronicles too.
func (b *Builder) relieve() error {
	all := b.sorted(func(x, y *held) int { return cmp.Compare(y.size(), x.size()) })
	for _, d := range all {
		if b.bytes <= MaxBuffered/2 {
			return nil
		}
		if err := b.drop(d); err != nil {
			return err
		}
	}
	if b.bytes <= MaxBuffered/2 {
		return nil
	}
	return b.endClocks()
}

// size is about how many bytes what a draft holds takes.
func (d *draft) size() int {
	return observationBytes*d.Len() + draftFormBytes*len(d.forms) + d.textBytes
}

// Flush makes blocks of all that is held, in order of run and item.
func (b *Builder) Flush() error {
	all := b.sorted(func(x, y *held) int { return cmp.Or(cmp.Compare(x.run, y.run), cmp.Compare(x.item, y.item)) })
	for _, d := range all {
		if err := b.drop(d); err != nil {
			return err
		}
	}
	return b.endClocks()
}

func (b *Builder) sorted(order func(x, y *held) int) []*held {
	all := make([]*held, 0, len(b.drafts))
	for _, d := range b.drafts {
		all = append(all, d)
	}
	slices.SortFunc(all, order)
	return all
}

// drop makes a block of what a draft holds, if anything, and frees its memory.
func (b *Builder) drop(d *held) error {
	delete(b.drafts, source{d.run, d.item})
	b.bytes -= d.bytes
	if b.last == d {
		b.last = nil
	}
	if d.Len() == 0 {
		return nil
	}
	block, err := b.encoder.encode(&d.draft, b.teller(d.run))
	if err != nil {
		return err
	}
	return b.emit(block)
}

// teller gives what says which times of a run clocks say.
func (b *Builder) teller(run plant.RunID) teller {
	if c := b.clocks[run]; c != nil {
		return &c.chronicle
	}
	return nil // its chronicle was dropped
}

// emitClocks emits the clocks of a run that blocks use and that were not emitted yet.
func (b *Builder) emitClocks(c *heldChronicle) error {
	for _, clock := range c.take() {
		if err := b.emit(clock); err != nil {
			return err
		}
	}
	return nil
}

// endClocks makes clocks of what the chronicles hold, as far as blocks use it, and
// drops them.
func (b *Builder) endClocks() error {
	for _, run := range slices.Sorted(maps.Keys(b.clocks)) {
		c := b.clocks[run]
		c.end()
		if err := b.emitClocks(c); err != nil {
			return err
		}
		b.bytes -= c.bytes
		delete(b.clocks, run)
	}
	b.run = nil
	return nil
}
