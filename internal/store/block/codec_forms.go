package block

import (
	"encoding/binary"
	"fmt"

	"github.com/factorydash/factorydash/internal/plant"
)

// A column of forms is
//
//	uvarint  how many there are
//	uvarint  how many bytes they take
//	chunk    of passages: the forms
//
// and a form is
//
//	1 byte   the kind of value, with a bit each where it has an alarm and extra
//	text     the value's text, where the kind has one
//	text     extra, where there is one
//	1 byte   the alarm's level, and 5 texts, where there is one
//
// A text is its length as uvarint and its bytes.
const (
	kindBits = 0x3f
	hasAlarm = 1 << 6
	hasExtra = 1 << 7
)

// maxFormBytes is how many bytes the forms of a block take at most. One
// observation never has as many: an agent's document has at most 64 MiB.
const maxFormBytes = 256 << 20

// maxExpansion is how many bytes zstd makes of one at most: a block of 128 KiB
// that are all the same takes 4.
const maxExpansion = 128 << 10 / 4

// formWriter writes columns of forms. It keeps its memory.
type formWriter struct{ plain []byte }

// write writes a column of forms.
func (w *formWriter) write(out *output, forms []plant.Observation) error {
	plain := kept(w.plain)
	for i := range forms {
		if kind := forms[i].Value.Kind; kind > plant.Set {
			return fmt.Errorf("there is no kind of value %d", kind)
		}
		plain = appendForm(plain, &forms[i])
		if len(plain) > maxFormBytes {
			return fmt.Errorf("its texts have more than %d bytes", maxFormBytes)
		}
	}
	w.plain = plain
	out.uvarint(uint64(len(forms)))
	out.uvarint(uint64(len(plain)))
	out.passages(plain)
	return nil
}

func appendForm(data []byte, f *plant.Observation) []byte {
	head := byte(f.Value.Kind)
	if f.Alarm != nil {
		head |= hasAlarm
	}
	if f.Extra != "" {
		head |= hasExtra
	}
	data = append(data, head)
	if hasText(f.Value.Kind) {
		data = appendText(data, f.Value.Text)
	}
	if f.Extra != "" {
		data = appendText(data, f.Extra)
	}
	if a := f.Alarm; a != nil {
		data = append(data, byte(a.Level))
		for _, text := range alarmTexts(a) {
			data = appendText(data, *text)
		}
	}
	return data
}

// alarmTexts gives the texts of an alarm in the order in which they are written.
func alarmTexts(a *plant.Alarm) [5]*string {
	return [...]*string{&a.NativeCode, &a.NativeSeverity, &a.Qualifier, &a.ConditionID, &a.Text}
}

func appendText(data []byte, text string) []byte {
	return append(binary.AppendUvarint(data, uint64(len(text))), text...)
}

// formReader reads columns of forms. It keeps its memory.
type formReader struct{ plain []byte }

// read reads a column of forms of a block and appends them to forms. It asks for
// no more memory than the data can fill.
func (r *formReader) read(in *input, forms []plant.Observation, m *Meta) []plant.Observation {
	count, size := in.uvarint(), in.uvarint()
	if count == 0 || count > uint64(m.Count) || size < count || size > min(maxFormBytes, maxExpansion*uint64(len(in.data))) {
		in.fail()
		return forms
	}
	r.plain = resize(kept(r.plain), int(size))
	in.passages(r.plain)
	if in.bad {
		return forms
	}
	plain := input{data: r.plain}
	// One string has all texts; forms without any, as of numbers, need none.
	var all string
	if size > count {
		all = string(r.plain)
	}
	for range count {
		forms = append(forms, readForm(&plain, all, m))
	}
	if plain.bad || len(plain.data) > 0 {
		in.fail()
	}
	return forms
}

// readForm reads a form; its texts are parts of all.
func readForm(in *input, all string, m *Meta) plant.Observation {
	f := plant.Observation{Item: m.Item, Run: m.Run}
	head := in.byte()
	text := func() string {
		n := in.uvarint()
		at := len(all) - len(in.data)
		return all[at : at+len(in.bytes(n))]
	}
	f.Value.Kind = plant.Kind(head & kindBits)
	if f.Value.Kind > plant.Set {
		in.fail()
	}
	if hasText(f.Value.Kind) {
		f.Value.Text = text()
	}
	if head&hasExtra != 0 {
		f.Extra = text()
	}
	if head&hasAlarm != 0 {
		a := &plant.Alarm{Level: plant.Level(in.byte())}
		for _, t := range alarmTexts(a) {
			*t = text()
		}
		f.Alarm = a
	}
	return f
}

// runs says which form each observation has, as runs of the same:
//
//	uvarint  how many runs there are
//	column   the form of each, as integers from 0; none where there is one run
//	column   the length of each less 1, as integers from 0; none where there is
//	         one, or there are as many as observations
type runs struct{ forms, lengths []int64 }

// write writes the runs of form.
func (r *runs) write(out *output, form []uint16) {
	r.forms, r.lengths = r.forms[:0], r.lengths[:0]
	for i, f := range form {
		if i > 0 && f == form[i-1] {
			r.lengths[len(r.lengths)-1]++
			continue
		}
		r.forms, r.lengths = append(r.forms, int64(f)), append(r.lengths, 0)
	}
	n := len(r.forms)
	out.uvarint(uint64(n))
	if n > 1 {
		out.integers(r.forms, 0, false)
	}
	if n > 1 && n < len(form) {
		out.integers(r.lengths, 0, false)
	}
}

// read reads runs and sets the forms of all observations.
func (r *runs) read(in *input, into *Columns) {
	all := len(into.form)
	n := in.uvarint()
	if n == 0 || n > uint64(all) {
		in.fail()
		return
	}
	r.forms, r.lengths = resize(r.forms, int(n)), resize(r.lengths, int(n))
	clear(r.forms)
	clear(r.lengths)
	if n == 1 {
		r.lengths[0] = int64(all) - 1
	} else {
		in.integers(r.forms, 0)
		if int(n) < all {
			in.integers(r.lengths, 0)
		}
	}
	rest := into.form
	for i, f := range r.forms {
		less := uint64(r.lengths[i])
		if uint64(f) >= uint64(len(into.forms)) || less >= uint64(len(rest)) {
			in.fail()
			return
		}
		if same := rest[:less+1]; f == 0 { // the only form, mostly
			clear(same)
		} else {
			for j := range same {
				same[j] = uint16(f)
			}
		}
		rest = rest[less+1:]
	}
	if len(rest) > 0 {
		in.fail()
	}
}

// numbers gives how many observations have a form that is a number.
func (r *runs) numbers(forms []plant.Observation) int {
	n := 0
	for i, f := range r.forms {
		if forms[f].Value.Kind == plant.Number {
			n += int(r.lengths[i]) + 1
		}
	}
	return n
}
