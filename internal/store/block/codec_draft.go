package block

import (
	"hash/maphash"

	"github.com/factorydash/factorydash/internal/plant"
)

// draft is observations of one item of one run that are gathered for a block, as
// columns: of a quiet item it takes little.
type draft struct {
	Columns
	run  plant.RunID
	item plant.ItemID
	// textBytes is how long the texts of its forms are together.
	textBytes int
	// places says by its hash where a form stands, once there are more than
	// fewForms.
	places map[uint64]uint16
}

// fewForms is up to how many forms are looked through one by one: nearly all
// items have fewer.
const fewForms = 8

// hashSeed is of the hashes of forms, which are not kept.
var hashSeed = maphash.MakeSeed()

// begin makes the draft an empty one of an item. It keeps its memory, but no
// text.
func (d *draft) begin(run plant.RunID, item plant.ItemID) {
	d.reset()
	d.run, d.item, d.textBytes = run, item, 0
	clear(d.places)
}

// full reports whether the draft is to be made a block before anything is added.
func (d *draft) full() bool {
	return d.Len() >= MaxObservations || d.textBytes >= MaxTextBytes
}

// near reports whether what the draft holds lies so near together that a clock may
// say its times.
func (d *draft) near() bool {
	n := d.Len()
	return near(d.Sequences[0], d.Sequences[n-1], n)
}

// add puts an observation behind the others. Its run and item are taken to be
// those of the draft.
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
// Of two forms with the same hash the second is always new, which does no harm.
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
		d.fillPlaces()
	}
	hash := hashForm(o)
	i, ok := d.places[hash]
	if !ok {
		i = d.addForm(o)
		d.places[hash] = i
	} else if !sameForm(&d.forms[i], o) {
		i = d.addForm(o)
	}
	return i
}

func (d *draft) fillPlaces() {
	if d.places == nil {
		d.places = make(map[uint64]uint16)
	}
	for i := range d.forms {
		d.places[hashForm(&d.forms[i])] = uint16(i)
	}
}

// addForm adds the form of an observation: what its kind of value has.
func (d *draft) addForm(o *plant.Observation) uint16 {
	form := plant.Observation{Run: d.run, Item: d.item, Alarm: o.Alarm, Extra: o.Extra}
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
		h.WriteByte(0) // so that it matters which text a byte is of
	}
	h.WriteByte(byte(o.Value.Kind))
	if hasText(o.Value.Kind) {
		write(o.Value.Text)
	}
	write(o.Extra)
	if o.Alarm != nil {
		h.WriteByte(byte(o.Alarm.Level))
		for _, text := range alarmTexts(o.Alarm) {
			write(*text)
		}
	}
	return h.Sum64()
}
