package block_test

import (
	"runtime"
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
