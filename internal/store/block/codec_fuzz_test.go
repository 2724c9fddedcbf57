package block_test

import (
	"runtime"
	"slices"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// FuzzDecode decodes data whose checksum is right, whatever it says: what is
// decoded then can be encoded again and is the same, and what cannot be decoded
// is an error.
func FuzzDecode(f *testing.F) {
	for _, b := range []block.Block{
		mixture(f, 300), mixture(f, 8), encode(f, numbersAt(1)), encode(f, numbersAt(1, 5, 2, 4.5)),
		encode(f, numbersAt(make([]float64, block.MaxObservations)...)), encode(f, numbersAt(1e300, 1e-300, 0.1, 3)),
	} {
		f.Add(b.Count, b.Numbers, b.FirstSequence, b.LastSequence, b.MinTime, b.MaxTime, b.Data, b.Summary)
	}
	encoder, decoder := block.NewEncoder(), block.NewDecoder()
	var columns block.Columns
	f.Fuzz(func(t *testing.T, count, numbers int, firstSequence, lastSequence, minTime, maxTime int64, data, summary []byte) {
		b := block.Block{Meta: block.Meta{
			Count: count, Numbers: numbers, FirstSequence: firstSequence, LastSequence: lastSequence,
			MinTime: minTime, MaxTime: maxTime, Summary: append([]byte(nil), summary...),
		}, Data: append([]byte(nil), data...)}
		block.Sign(&b)
		_, _ = b.Summarize() // whatever it says
		if err := decoder.Decode(b, nil, &columns); err != nil {
			if columns.Len() != 0 {
				t.Errorf("%d observations beside an error", columns.Len())
			}
			return
		}
		all := observationsOf(&columns)
		if len(all) > block.MaxObservations || hasOddNumbers(all) {
			return
		}
		again, err := encoder.Encode(all)
		if err != nil {
			t.Fatal(err)
		}
		if diff := diff(all, decode(t, again)); diff != "" {
			t.Errorf("observations encoded again (-want +got):\n%.2000s", diff)
		}
	})
}

// FuzzDecodeByClock decodes a block by a clock, both of which have right checksums
// whatever they say: there are observations or an error, and no times that neither
// has.
func FuzzDecodeByClock(f *testing.F) {
	blocks, clocks := block.Part(build(f, lines(0, 1_200, 3)))
	for _, b := range blocks {
		c := clocks[0]
		f.Add(b.Count, b.Numbers, b.FirstSequence, b.LastSequence, b.Data, c.Count, c.FirstSequence, c.LastSequence, c.MinTime, c.MaxTime, c.Data)
	}
	decoder := block.NewDecoder()
	var columns block.Columns
	f.Fuzz(func(t *testing.T, count, numbers int, first, last int64, data []byte, times int, clockFirst, clockLast, minTime, maxTime int64, clockData []byte) {
		c := block.Block{Meta: block.Meta{
			Count: times, FirstSequence: clockFirst, LastSequence: clockLast, MinTime: minTime, MaxTime: maxTime,
		}, Data: slices.Clone(clockData)}
		block.Sign(&c)
		var told block.Clocks
		told.Set([]block.Block{c})
		b := block.Block{Meta: block.Meta{
			Count: count, Numbers: numbers, FirstSequence: first, LastSequence: last, MinTime: minTime, MaxTime: maxTime,
		}, Data: slices.Clone(data)}
		block.Sign(&b)
		if err := decoder.Decode(b, &told, &columns); err != nil {
			if columns.Len() != 0 {
				t.Errorf("%d observations beside an error", columns.Len())
			}
			return
		}
		if n := columns.Len(); n != count || slices.Min(columns.Times) != minTime || slices.Max(columns.Times) != maxTime {
			t.Errorf("%d observations of %d, from %d to %d", n, count, columns.Times[0], columns.Times[n-1])
		}
	})
}

// hasOddNumbers reports whether there are numbers that are not finite.
func hasOddNumbers(observations []plant.Observation) bool {
	for _, o := range observations {
		if n := o.Value.Number; n-n != 0 {
			return true
		}
	}
	return false
}

// A block that claims to be large does not take more memory than its data can
// fill.
func TestClaimsTakeNoMemory(t *testing.T) {
	b := mixture(t, 8)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	decoder := block.NewDecoder()
	for i := range b.Data {
		for _, claim := range [][]byte{{0xff, 0xff, 0xff, 0x7f}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, {0x80, 0x80, 0x80, 0x40}} {
			hostile := b
			hostile.Data = append(append(append([]byte(nil), b.Data[:i]...), claim...), b.Data[i:]...)
			block.Sign(&hostile)
			var columns block.Columns
			_ = decoder.Decode(hostile, nil, &columns) // it may well be an error
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
		t.Errorf("%d bytes for blocks of %d", n, len(b.Data))
	}
}
