package block

import (
	"hash/maphash"

	"github.com/factorydash/factorydash/internal/plant"
)

// Columns is the observations of a block, by column. The zero value is ready for
// Decoder.Decode, which uses its memory again; what At gave before stays as it
// was. It may be read by several goroutines while none decodes into it.
type Columns struct {
	// Times and Sequences are those of the observations, in their order. Readers
	// leave them as they are.
	Times, Sequences []int64

	// numbers has the number of each observation, 0 where it is none.
	numbers []float64
	// forms are the different observations there are but for time, sequence and
	// number; form says which of them each observation has.
	forms []plant.Observation
	form  []uint16
}

// Len is how many observations there are.
func (c *Columns) Len() int { return len(c.Times) }

// At gives the observation at a place from 0 to Len−1, with its Item and Run.
// Observations that say the same share their texts and their Alarm, and all
// texts of a block share one piece of memory.
func (c *Columns) At(i int) plant.Observation {
	o := c.forms[c.form[i]]
	o.Time, o.Sequence = c.Times[i], c.Sequences[i]
	if o.Value.Kind == plant.Number {
		o.Value.Number = c.numbers[i]
	}
	return o
}

// reset makes the columns empty. They keep their memory, but no text.
func (c *Columns) reset() {
	clear(c.forms)
	c.Times, c.Sequences, c.numbers, c.form, c.forms = c.Times[:0], c.Sequences[:0], c.numbers[:0], c.form[:0], c.forms[:0]
}

// draft is observations of one item of one run that are gathered for a block.
// The zero value is empty.
type draft struct {
	Columns
	// textBytes is how long the texts of its forms are together.
	textBytes int
	// places says by its hash where a form stands, once there are more than
	// fewForms.
	places map[uint64]uint16
}

// fewForms is up to how many forms are looked for one by one: nearly all items
// have fewer.
const fewForms = 8

// hashSeed makes the hashes of forms, which are not kept, other ones in each
// process.
var hashSeed = maphash.MakeSeed()

// reset makes the draft empty. It keeps its memory, but no text.
func (d *draft) reset() {
	d.Columns.reset()
	d.textBytes = 0
	clear(d.places)
}

// add puts an observation behind the others. There may be up to maxCount.
func (d *draft) add(o *plant.Observation) {
	var number float64
	if o.Value.Kind == plant.Number {
		number = o.Value.Number
	}
	d.form = append(d.form, d.place(o))
	d.Times = append(d.Times, o.Time)
	d.Sequences = append(d.Sequences, o.Sequence)
	d.numbers = append(d.numbers, number)
}

// place gives the place of an observation's form, which it adds where it is new.
// It takes a form for new where its hash is that of another, which does no harm.
func (d *draft) place(o *plant.Observation) uint16 {
	if n := len(d.form); n > 0 && sameForm(&d.forms[d.form[n-1]], o) {
		return d.form[n-1]
	}
	if len(d.forms) <= fewForms {
		for i := range d.forms {
			if sameForm(&d.forms[i], o) {
				return uint16(i)
			}
		}
		return d.addForm(o)
	}
	if len(d.places) == 0 {
		if d.places == nil {
			d.places = make(map[uint64]uint16)
		}
		for i := range d.forms {
			d.places[hashForm(&d.forms[i])] = uint16(i)
		}
	}
	hash := hashForm(o)
	if i, ok := d.places[hash]; ok && sameForm(&d.forms[i], o) {
		return i
	}
	i := d.addForm(o)
	d.places[hash] = i
	return i
}

// addForm adds the form of an observation, with what its kind of value has.
func (d *draft) addForm(o *plant.Observation) uint16 {
	form := plant.Observation{Item: o.Item, Run: o.Run, Alarm: o.Alarm, Extra: o.Extra}
	form.Value.Kind = o.Value.Kind
	if hasText(o.Value.Kind) {
		form.Value.Text = o.Value.Text
	}
	d.textBytes += form.TextBytes()
	d.forms = append(d.forms, form)
	return uint16(len(d.forms) - 1)
}

// hasText reports whether values of a kind have a text.
func hasText(k plant.Kind) bool { return k == plant.Text || k == plant.Set }

// sameForm reports whether an observation has a form.
func sameForm(form, o *plant.Observation) bool {
	return form.Value.Kind == o.Value.Kind &&
		(!hasText(o.Value.Kind) || form.Value.Text == o.Value.Text) &&
		form.Extra == o.Extra &&
		(form.Alarm == o.Alarm || form.Alarm != nil && o.Alarm != nil && *form.Alarm == *o.Alarm)
}

// hashForm gives the hash of an observation's form.
func hashForm(o *plant.Observation) uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	write := func(s string) {
		h.WriteString(s)
		h.WriteByte(0) // so that what moves from one text to the next changes it
	}
	h.WriteByte(byte(o.Value.Kind))
	if hasText(o.Value.Kind) {
		write(o.Value.Text)
	}
	write(o.Extra)
	if a := o.Alarm; a != nil {
		h.WriteByte(byte(a.Level))
		for _, s := range [...]string{a.NativeCode, a.NativeSeverity, a.Qualifier, a.ConditionID, a.Text} {
			write(s)
		}
	}
	return h.Sum64()
}
