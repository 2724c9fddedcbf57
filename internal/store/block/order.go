package block

import (
	"cmp"
	"iter"
	"slices"
	"sort"
	"strings"

	"github.com/factorydash/factorydash/internal/plant"
)

// before reports whether p comes before q.
func (p Position) before(q Position) bool {
	if p.Time != q.Time {
		return p.Time < q.Time
	}
	if p.Run != q.Run {
		return p.Run < q.Run
	}
	return p.Sequence < q.Sequence
}

func positionOf(o *plant.Observation) Position { return Position{o.Time, o.Run, o.Sequence} }

func (p Position) compare(q Position) int {
	switch {
	case p.before(q):
		return -1
	case q.before(p):
		return 1
	default:
		return 0
	}
}

// beginning is the place before all observations of a time: runs and sequence
// numbers begin at 1.
func beginning(time int64) Position { return Position{Time: time} }

// decoded is the observations of a block, each known by its place in the order
// of Position, from 0.
type decoded struct {
	Meta
	columns *Columns
	// order has for each place the one in columns; nil where they are the same,
	// which is so unless times run backwards.
	order []uint16
	// trimmed is true where columns has a part of the observations only.
	trimmed bool
	// wordy is true where the observations have texts that take much memory
	// together.
	wordy bool
	// bytes is about the memory taken.
	bytes int
}

// orderOf gives for each place in the order of time the one in columns, which is
// that of the sequence numbers.
func orderOf(c *Columns) []uint16 {
	if slices.IsSorted(c.Times) {
		return nil
	}
	order := make([]uint16, c.Len())
	for i := range order {
		order[i] = uint16(i)
	}
	slices.SortFunc(order, func(a, b uint16) int {
		return cmp.Or(cmp.Compare(c.Times[a], c.Times[b]), cmp.Compare(a, b))
	})
	return order
}

func (d *decoded) column(place int) int {
	if d.order == nil {
		return place
	}
	return int(d.order[place])
}

func (d *decoded) position(place int) Position {
	i := d.column(place)
	return Position{d.columns.Times[i], d.Run, d.columns.Sequences[i]}
}

func (d *decoded) observation(place int) (o plant.Observation) {
	d.read(d.column(place), &o)
	return o
}

// read puts the observation at a place in columns into o.
func (d *decoded) read(i int, o *plant.Observation) {
	*o = d.columns.At(i)
	if d.wordy {
		detach(o)
	}
}

// detach gives an observation texts of its own, so that the memory of a block is
// not held by one of them that is short.
func detach(o *plant.Observation) {
	o.Value.Text, o.Extra = strings.Clone(o.Value.Text), strings.Clone(o.Extra)
	if o.Alarm == nil {
		return
	}
	a := *o.Alarm
	for _, text := range []*string{&a.NativeCode, &a.NativeSeverity, &a.Qualifier, &a.ConditionID, &a.Text} {
		*text = strings.Clone(*text)
	}
	o.Alarm = &a
}

// behind is the place of the first observation behind a position: their number
// where there is none.
func (d *decoded) behind(p Position) int {
	return sort.Search(d.columns.Len(), func(i int) bool { return p.before(d.position(i)) })
}

// strand is observations in the order of Position, of a block or in a list, of
// which those from next up to but not including end are still to come.
type strand struct {
	block     *decoded
	list      []plant.Observation
	next, end int
	// rows is true for a list of rows, behind which there may be more of them.
	rows bool
}

func (s *strand) position() Position {
	if s.block != nil {
		return s.block.position(s.next)
	}
	return positionOf(&s.list[s.next])
}

// read puts the next observation into o.
func (s *strand) read(o *plant.Observation) {
	if s.block != nil {
		s.block.read(s.block.column(s.next), o)
	} else {
		*o = s.list[s.next]
	}
}

// heads merges strands: it knows which comes next of all. The zero value has
// none.
type heads struct {
	strands []strand
	// order is a heap of the strands that have not ended.
	order []head
}

// head is the position of what comes next in a strand, by the strand's place. It
// has no pointers, since it is moved more than anything else.
type head struct {
	time, sequence int64
	run            plant.RunID
	strand         int32
}

func newHead(p Position, strand int32) head { return head{p.Time, p.Sequence, p.Run, strand} }

func (a head) before(b head) bool {
	return Position{a.time, a.run, a.sequence}.before(Position{b.time, b.run, b.sequence})
}

// any reports whether anything comes next.
func (h *heads) any() bool { return len(h.order) > 0 }

// time is that of what comes next.
func (h *heads) time() int64 { return h.order[0].time }

// next is the strand that comes next, until another one is added.
func (h *heads) next() *strand { return &h.strands[h.order[0].strand] }

// open gives the strands that have not ended.
func (h *heads) open() iter.Seq[*strand] {
	return func(yield func(*strand) bool) {
		for _, o := range h.order {
			if !yield(&h.strands[o.strand]) {
				return
			}
		}
	}
}

// add adds a strand, which has not ended.
func (h *heads) add(s strand) {
	added := newHead(s.position(), int32(len(h.strands)))
	h.strands = append(h.strands, s)
	h.order = append(h.order, added)
	h.rise(len(h.order)-1, added)
}

// settle puts the strand that came next to its place after it has gone on, or
// takes it out where it has ended.
func (h *heads) settle() {
	all := h.order
	moved := all[0]
	if s := h.next(); s.next < s.end {
		moved = newHead(s.position(), moved.strand)
	} else {
		last := len(all) - 1
		moved, all = all[last], all[:last]
		h.order = all
		if last == 0 {
			return
		}
	}
	// Mostly it goes far down, as the strands are of the same time. So the lower
	// ones go up along one way to the end, and it rises from there.
	i := 0
	for child := 1; child < len(all); child = 2*i + 1 {
		if right := child + 1; right < len(all) && all[right].before(all[child]) {
			child = right
		}
		if i == 0 && moved.before(all[child]) {
			break // It still comes next.
		}
		all[i] = all[child]
		i = child
	}
	h.rise(i, moved)
}

// rise puts a head to its place between the first and a free one.
func (h *heads) rise(free int, moved head) {
	for free > 0 {
		parent := (free - 1) / 2
		if !moved.before(h.order[parent]) {
			break
		}
		h.order[free] = h.order[parent]
		free = parent
	}
	h.order[free] = moved
}
