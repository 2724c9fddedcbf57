package block

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"

	"github.com/factorydash/factorydash/internal/plant"
)

// A summary is
//
//	4 bytes  checksum over Meta, but for ID, and all the rest of the summary
//	uvarint  place of the lowest number
//	uvarint  place of the highest
//	         of the first, the last, the lowest and the highest observation
//	         (none where it is one of those before), time and sequence only of
//	         the lowest and the highest:
//	uvarint  microseconds since the first
//	uvarint  sequence numbers since the first
//	uvarint  number: its bits in reverse order, which makes most numbers short
//	text     extra
//
// Time and sequence of the first and the last are in Meta. It has a checksum of
// its own since it is read without the data.

// maxSummaryExtra is how many bytes extra may have for the block to have a
// summary: they are read in great numbers.
const maxSummaryExtra = 256

// summarize sets what Meta says of the numbers of a block, and its summary where
// it can have one.
func (m *Meta) summarize(c *Columns, numbers []float64, scratch *metaBytes) {
	if len(numbers) == 0 {
		return
	}
	low, high, sum := 0, 0, 0.0
	for i, n := range numbers {
		sum += n
		if n < numbers[low] {
			low = i
		}
		if n > numbers[high] {
			high = i
		}
	}
	// A database may give back −0 as 0: the columns have no −0.
	m.Low, m.High, m.Sum = numbers[low]+0, numbers[high]+0, sum+0
	if !summarizable(c) {
		return
	}
	b := make([]byte, crc32.Size, 64)
	b = binary.AppendUvarint(b, uint64(low))
	b = binary.AppendUvarint(b, uint64(high))
	last := m.Count - 1
	for i, place := range [...]int{0, last, low, high} {
		if i > 0 && place == 0 || i > 1 && place == last || i > 2 && place == low {
			continue
		}
		if i > 1 {
			b = binary.AppendUvarint(b, uint64(c.Times[place]-c.Times[0]))
			b = binary.AppendUvarint(b, uint64(c.Sequences[place]-c.Sequences[0]))
		}
		b = binary.AppendUvarint(b, bits.Reverse64(math.Float64bits(c.numbers[place])))
		b = appendText(b, c.forms[c.form[place]].Extra)
	}
	m.Summary = slices.Clip(b)
	binary.LittleEndian.PutUint32(b, m.checksum(scratch, b[crc32.Size:]))
}

// summarizable reports whether observations can be put together: they are all
// numbers, and their times never run backwards.
func summarizable(c *Columns) bool {
	for i := range c.forms {
		if f := &c.forms[i]; f.Value.Kind != plant.Number || f.Alarm != nil || len(f.Extra) > maxSummaryExtra {
			return false
		}
	}
	return slices.IsSorted(c.Times)
}

// Summarize gives the observations of a block that has a Summary, put together.
// It returns a *DamagedError where it has none, and where anything in Meta, but
// for ID, is not as it was encoded.
func (m Meta) Summarize() (plant.Summary, error) {
	if len(m.Summary) < crc32.Size {
		return plant.Summary{}, &DamagedError{m, fmt.Sprintf("its summary has %d bytes", len(m.Summary))}
	}
	if binary.LittleEndian.Uint32(m.Summary) != m.checksum(new(metaBytes), m.Summary[crc32.Size:]) {
		return plant.Summary{}, &DamagedError{m, wrongChecksum}
	}
	in := input{data: m.Summary[crc32.Size:]}
	s := m.readSummary(&in)
	if in.bad || len(in.data) > 0 {
		return plant.Summary{}, &DamagedError{m, "its summary is not as long as it should be"}
	}
	return s, nil
}

func (m *Meta) readSummary(in *input) plant.Summary {
	low, high := in.uvarint(), in.uvarint()
	last := uint64(m.Count - 1)
	if m.Count < 1 || max(low, high) > last {
		in.fail()
		return plant.Summary{}
	}
	at := func(time, sequence int64) plant.Observation {
		o := plant.Observation{Run: m.Run, Item: m.Item, Time: time, Sequence: sequence}
		o.Value = plant.Value{Kind: plant.Number, Number: math.Float64frombits(bits.Reverse64(in.uvarint()))}
		o.Extra = string(in.bytes(min(in.uvarint(), maxSummaryExtra)))
		return o
	}
	since := func() plant.Observation {
		return at(m.MinTime+int64(in.uvarint()), m.FirstSequence+int64(in.uvarint()))
	}
	s := plant.Single(at(m.MinTime, m.FirstSequence))
	if m.Count == 1 {
		return s
	}
	s.Count, s.LowAt, s.HighAt = m.Count, int(low), int(high)
	s.Last = at(m.MaxTime, m.LastSequence)
	switch low {
	case 0:
		s.Low = s.First
	case last:
		s.Low = s.Last
	default:
		s.Low = since()
	}
	switch high {
	case 0:
		s.High = s.First
	case last:
		s.High = s.Last
	case low:
		s.High = s.Low
	default:
		s.High = since()
	}
	return s
}
