package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// The data of a block is
//
//	1 byte   version
//	4 bytes  checksum over Meta and all the rest of the data
//	column   times, as integers from MinTime; none where clocks say them
//	column   sequence numbers, as integers from FirstSequence
//	column   forms: what the observations say but for time, sequence and number
//	runs     which form each has
//	column   the numbers of those whose form is a number; none where there are none
//
// A clock is a block of its own version; what it has is in clock.go. What a column
// of integers, of forms and of numbers is, runs and a chunk in them, stands in
// codec_ints.go, codec_forms.go, codec_numbers.go and codec_chunk.go.
const (
	ownTimes = 1 + iota
	clockTimes
	clock

	headerSize = 1 + crc32.Size
)

// maxCount is how many observations a block of this version may hold: as many as
// MaxObservations may be made without another version.
const maxCount = 1 << 16

// MaxTextBytes is with how many bytes of texts that differ a block is full, so
// that one that is read for a single observation stays handy.
const MaxTextBytes = 1 << 20

// DamagedError is the error of a block, or of its summary, that is not as it was
// encoded.
type DamagedError struct {
	// Block is what stands beside the block.
	Block Meta
	// Reason says what is wrong.
	Reason string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("block %d of run %d, item %d is damaged: %s", e.Block.ID, e.Block.Run, e.Block.Item, e.Reason)
}

// Encoder turns observations into blocks. It belongs to one goroutine, and keeps
// its memory, about half a MiB, for the next block.
type Encoder struct {
	draft   draft
	out     output
	forms   formWriter
	runs    runs
	numbers numberWriter
	// What follows is scratch.
	number  []float64
	lengths []int64
	meta    metaBytes
}

// NewEncoder makes an encoder.
func NewEncoder() *Encoder { return &Encoder{out: newOutput()} }

// Encode puts 1 to MaxObservations observations of one item and one run, in
// ascending order of sequence, into a block, whose ID is 0. Of a value it keeps
// what its kind has. It returns an error where the observations are not as said,
// where a number is not finite, and where the texts take more than 256 MiB
// together.
func (e *Encoder) Encode(observations []plant.Observation) (Block, error) {
	if n := len(observations); n < 1 || n > MaxObservations {
		return Block{}, fmt.Errorf("encode a block of %d observations: it holds 1 to %d", n, MaxObservations)
	}
	run, item := observations[0].Run, observations[0].Item
	e.draft.begin(run, item)
	for i := range observations {
		o := &observations[i]
		if o.Run != run || o.Item != item {
			e.draft.begin(0, 0) // so that it holds no texts
			return Block{}, fmt.Errorf("encode a block of run %d, item %d: an observation is of run %d, item %d", run, item, o.Run, o.Item)
		}
		e.draft.add(o)
	}
	return e.seal(&e.draft, nil)
}

// seal is encode that empties the draft.
func (e *Encoder) seal(d *draft, clocks teller) (Block, error) {
	defer d.begin(d.run, d.item)
	return e.encode(d, clocks)
}

// encode puts what a draft holds into a block, without the times where clocks say
// them; clocks is nil where there are none.
func (e *Encoder) encode(d *draft, clocks teller) (Block, error) {
	b := Block{Meta: Meta{Run: d.run, Item: d.item, Count: d.Len()}}
	version, err := e.write(d, &b.Meta, clocks)
	if err != nil {
		return Block{}, fmt.Errorf("encode a block of run %d, item %d, sequence %d to %d: %w", b.Run, b.Item, b.FirstSequence, b.LastSequence, err)
	}
	e.finish(&b, version)
	return b, nil
}

// finish gives a block what was written, with its header.
func (e *Encoder) finish(b *Block, version byte) {
	data := e.out.data
	data[0] = version
	binary.LittleEndian.PutUint32(data[1:], b.checksum(&e.meta, b.Summary, data[headerSize:]))
	b.Data = slices.Clone(data)
}

// write writes what a draft holds, behind room for the header, and fills Meta.
func (e *Encoder) write(d *draft, m *Meta, clocks teller) (version byte, err error) {
	m.FirstSequence, m.LastSequence = d.Sequences[0], d.Sequences[m.Count-1]
	if !ascending(d.Sequences) {
		return 0, errors.New("the sequence numbers do not ascend")
	}
	m.MinTime, m.MaxTime = bounds(d.Times)
	numbers := e.numbersOf(d)
	for _, n := range numbers {
		if n-n != 0 { // NaN or infinite
			return 0, fmt.Errorf("%v is no finite number", n)
		}
	}
	m.Numbers = len(numbers)
	m.summarize(&d.Columns, numbers, &e.meta)

	out := &e.out
	out.data = append(kept(out.data), make([]byte, headerSize)...)
	version = clockTimes
	if clocks == nil || !near(m.FirstSequence, m.LastSequence, m.Count) || !clocks.tells(d.Sequences, d.Times) {
		version = ownTimes
		out.integers(d.Times, m.MinTime, false)
	}
	out.integers(d.Sequences, m.FirstSequence, false)
	if err := e.forms.write(out, d.forms); err != nil {
		return 0, err
	}
	e.runs.write(out, d.form)
	if len(numbers) > 0 {
		e.numbers.write(out, numbers)
	}
	return version, nil
}

// numbersOf gives the numbers of those observations that have one.
func (e *Encoder) numbersOf(d *draft) []float64 {
	if len(d.forms) == 1 {
		if d.forms[0].Value.Kind == plant.Number {
			return d.numbers
		}
		return nil
	}
	e.number = e.number[:0]
	for i, f := range d.form {
		if d.forms[f].Value.Kind == plant.Number {
			e.number = append(e.number, d.numbers[i])
		}
	}
	return e.number
}

// ascending reports whether each number is larger than the one before it.
func ascending(sequences []int64) bool {
	for i := 1; i < len(sequences); i++ {
		if sequences[i] <= sequences[i-1] {
			return false
		}
	}
	return true
}

// bounds gives the earliest and the latest time.
func bounds(times []int64) (low, high int64) {
	low, high = times[0], times[0]
	for _, t := range times {
		low, high = min(low, t), max(high, t)
	}
	return low, high
}

// wrongChecksum is what is wrong where nearly anything is, and wrongLength where
// the checksum is right.
const (
	wrongChecksum = "its checksum is not that of what it says"
	wrongLength   = "its columns are not as long as they should be"
)

// Decoder turns blocks into observations. It belongs to one goroutine, and keeps
// its memory for the next block.
type Decoder struct {
	in      input
	forms   formReader
	runs    runs
	numbers numberReader
	// What follows is scratch.
	number         []float64
	times, lengths []int64
	meta           metaBytes
}

// NewDecoder makes a decoder, which takes some microseconds.
func NewDecoder() *Decoder { return &Decoder{in: newInput()} }

// Decode puts the observations of a block into columns, in place of what these
// had. clocks are those that Clocks.Fetch has for it; nil stands for none. It
// returns a *DamagedError where anything in the block, but for its ID, is not as it
// was encoded, or a clock that it needs; the columns are empty then. Whatever the
// data is, it takes no more memory than the largest block would, and its clocks.
func (d *Decoder) Decode(b Block, clocks *Clocks, into *Columns) error {
	into.reset()
	if wrong := d.decode(&b, clocks, into); wrong != "" {
		into.reset()
		return &DamagedError{b.Meta, wrong}
	}
	return nil
}

// open makes the body of a block, of a version from first to last, what is read,
// and says what is wrong with it.
func (d *Decoder) open(b *Block, first, last byte) (wrong string) {
	if len(b.Data) < headerSize {
		return fmt.Sprintf("its data has %d bytes", len(b.Data))
	}
	if v := b.Data[0]; v < first || v > last {
		return fmt.Sprintf("it is of version %d, and this program reads versions %d to %d there", v, first, last)
	}
	body := b.Data[headerSize:]
	if binary.LittleEndian.Uint32(b.Data[1:]) != b.checksum(&d.meta, b.Summary, body) {
		return wrongChecksum
	}
	d.in.data, d.in.bad = body, false
	return ""
}

// ended ends the reading of a body, and reports whether it was as long as it
// should be.
func (d *Decoder) ended() bool {
	ok := !d.in.bad && len(d.in.data) == 0
	d.in.data = nil
	return ok
}

// decode says what is wrong with a block; nothing where it is decoded.
func (d *Decoder) decode(b *Block, clocks *Clocks, into *Columns) (wrong string) {
	if wrong := d.open(b, ownTimes, clockTimes); wrong != "" {
		return wrong
	}
	if b.Count < 1 || b.Count > maxCount || b.Numbers < 0 || b.Numbers > b.Count {
		return fmt.Sprintf("it has %d observations, of which %d are numbers", b.Count, b.Numbers)
	}
	own := b.Data[0] == ownTimes
	d.read(&b.Meta, own, into)
	if !d.ended() {
		return wrongLength
	}
	if !ascending(into.Sequences) || into.Sequences[0] != b.FirstSequence || into.Sequences[b.Count-1] != b.LastSequence {
		return "its sequence numbers are not those it should have"
	}
	if !own {
		if err := clocks.read(d, b.Run, into.Sequences, into.Times); err != nil {
			return err.Error()
		}
	}
	if low, high := bounds(into.Times); low != b.MinTime || high != b.MaxTime {
		return "its times are not those it should have"
	}
	return ""
}

// read reads the columns of a block, which has times or not.
func (d *Decoder) read(m *Meta, times bool, into *Columns) {
	into.Times = resize(into.Times, m.Count)
	into.Sequences = resize(into.Sequences, m.Count)
	into.form = resize(into.form, m.Count)
	into.numbers = resize(into.numbers, m.Count)
	in := &d.in
	if times {
		in.integers(into.Times, m.MinTime)
	}
	in.integers(into.Sequences, m.FirstSequence)
	into.forms = d.forms.read(in, into.forms, m)
	if in.bad {
		return
	}
	d.runs.read(in, into)
	if in.bad || d.runs.numbers(into.forms) != m.Numbers {
		in.fail()
		return
	}
	d.readNumbers(m, into)
}

// readNumbers reads the numbers of those observations that have one.
func (d *Decoder) readNumbers(m *Meta, into *Columns) {
	if m.Numbers == m.Count {
		d.numbers.read(&d.in, into.numbers)
		return
	}
	clear(into.numbers)
	if m.Numbers == 0 {
		return
	}
	d.number = resize(d.number, m.Numbers)
	d.numbers.read(&d.in, d.number)
	left, at := d.number, 0
	for i, f := range d.runs.forms {
		next := at + int(d.runs.lengths[i]) + 1
		if into.forms[f].Value.Kind == plant.Number {
			left = left[copy(into.numbers[at:next], left):]
		}
		at = next
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// metaBytes is what Meta says, but for ID and Summary, as bytes.
type metaBytes [8 + 10*8]byte

// checksum is over all that Meta says but for its ID, Summary but for how long it
// is, and over data. It uses b, so that nothing is allocated.
func (m *Meta) checksum(b *metaBytes, data ...[]byte) uint32 {
	binary.LittleEndian.PutUint32(b[0:], uint32(m.Run))
	binary.LittleEndian.PutUint32(b[4:], uint32(m.Item))
	for i, n := range [...]uint64{
		uint64(m.Count), uint64(m.FirstSequence), uint64(m.LastSequence), uint64(m.MinTime), uint64(m.MaxTime),
		math.Float64bits(m.Low), math.Float64bits(m.High), math.Float64bits(m.Sum), uint64(m.Numbers), uint64(len(m.Summary)),
	} {
		binary.LittleEndian.PutUint64(b[8+8*i:], n)
	}
	sum := crc32.Checksum(b[:], castagnoli)
	for _, d := range data {
		sum = crc32.Update(sum, castagnoli, d)
	}
	return sum
}
