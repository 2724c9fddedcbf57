package block_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

func TestRoundTrip(t *testing.T) {
	encoder, decoder := block.NewEncoder(), block.NewDecoder()
	var columns block.Columns
	rapid.Check(t, func(t *rapid.T) {
		want := drawObservations(t, rapid.SampledFrom([]int{3, 20, 200, block.MaxObservations}).Draw(t, "most"))
		b, err := encoder.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(metaOf(want), b.Meta, exactly, cmp.FilterPath(isSummary, cmp.Ignore())); diff != "" {
			t.Errorf("meta (-want +got):\n%s", diff)
		}
		if err := decoder.Decode(b, nil, &columns); err != nil {
			t.Fatal(err)
		}
		if diff := diff(want, observationsOf(&columns)); diff != "" {
			t.Errorf("observations (-want +got): %.4000s", diff)
		}
		for i, o := range want {
			if columns.Times[i] != o.Time || columns.Sequences[i] != o.Sequence {
				t.Errorf("observation %d: time %d, sequence %d in the columns; want %d, %d", i, columns.Times[i], columns.Sequences[i], o.Time, o.Sequence)
			}
		}
		checkSummary(t, b, want)
	})
}

func isSummary(p cmp.Path) bool { return p.Last().String() == ".Summary" }

// metaOf says what stands beside a block of observations, but for its summary.
func metaOf(observations []plant.Observation) block.Meta {
	first := observations[0]
	m := block.Meta{
		Run: first.Run, Item: first.Item, Count: len(observations),
		FirstSequence: first.Sequence, LastSequence: observations[len(observations)-1].Sequence,
		MinTime: math.MaxInt64, MaxTime: math.MinInt64,
	}
	for _, o := range observations {
		m.MinTime, m.MaxTime = min(m.MinTime, o.Time), max(m.MaxTime, o.Time)
		if o.Value.Kind != plant.Number {
			continue
		}
		n := o.Value.Number + 0 // −0 becomes 0
		if m.Numbers++; m.Numbers == 1 {
			m.Low, m.High = n, n
		}
		m.Low, m.High, m.Sum = min(m.Low, n), max(m.High, n), m.Sum+n
	}
	return m
}

// checkSummary compares the summary of a block with what its observations give.
func checkSummary(t *rapid.T, b block.Block, observations []plant.Observation) {
	backwards := false
	for i := 1; i < len(observations); i++ {
		backwards = backwards || observations[i].Time < observations[i-1].Time
	}
	for _, o := range observations {
		if backwards || o.Value.Kind != plant.Number || o.Alarm != nil || len(o.Extra) > 256 {
			if b.Summary != nil {
				t.Fatalf("a block with %+v, times backwards %v, has a summary", o, backwards)
			}
			if _, err := b.Summarize(); err == nil {
				t.Fatal("a block without a summary is summarized")
			}
			return
		}
	}
	got, err := b.Summarize()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(summaryOf(observations), got, exactly); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func summaryOf(observations []plant.Observation) plant.Summary {
	s := plant.Single(observations[0])
	if len(observations) == 1 {
		return s
	}
	s.Count, s.Last = len(observations), observations[len(observations)-1]
	s.Low, s.High = s.First, s.First
	for i, o := range observations {
		if o.Value.Number < s.Low.Value.Number {
			s.Low, s.LowAt = o, i
		}
		if o.Value.Number > s.High.Value.Number {
			s.High, s.HighAt = o, i
		}
	}
	return s
}

// TestNumbers puts decimals of different lengths and sizes into one block.
func TestNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	encoder, decoder := block.NewEncoder(), block.NewDecoder()
	var columns block.Columns
	for range 5000 {
		numbers := make([]float64, 40)
		digits, size := 1+random.IntN(17), 1+random.IntN(63)
		for i := range numbers {
			numbers[i] = float64(random.Int64()>>(63-random.IntN(size))) / math.Pow10(random.IntN(digits))
			if random.IntN(2) == 0 {
				numbers[i] *= -1
			}
		}
		b, err := encoder.Encode(numbersAt(numbers...))
		if err != nil {
			t.Fatal(err)
		}
		if err := decoder.Decode(b, nil, &columns); err != nil {
			t.Fatal(err)
		}
		for i, n := range numbers {
			if got := columns.At(i).Value.Number; math.Float64bits(got) != math.Float64bits(n) {
				t.Fatalf("%v came back as %v", n, got)
			}
		}
	}
}

// numbersAt gives observations of numbers, a second apart.
func numbersAt(numbers ...float64) []plant.Observation {
	observations := make([]plant.Observation, len(numbers))
	for i, n := range numbers {
		observations[i] = plant.Observation{
			Run: 1, Item: 2, Sequence: int64(3*i + 1), Time: int64(i) * 1_000_000,
			Value: plant.Value{Kind: plant.Number, Number: n},
		}
	}
	return observations
}

// Of equal numbers the first is the lowest or the highest; −0 equals 0.
func TestSummaryOfEqualNumbers(t *testing.T) {
	for _, numbers := range [][]float64{
		{1}, {1, 1, 1}, {2, 1, 1, 3, 3, 2}, {3, 2, 1}, {1, 2, 3}, {0, math.Copysign(0, -1)}, {math.Copysign(0, -1), 0, 0},
	} {
		observations := numbersAt(numbers...)
		b := encode(t, observations)
		got, err := b.Summarize()
		if err != nil {
			t.Fatal(err)
		}
		if math.Signbit(b.Low) || math.Signbit(b.High) || math.Signbit(b.Sum) {
			t.Errorf("%v: the columns have −0, which a database may not keep: %v, %v, %v", numbers, b.Low, b.High, b.Sum)
		}
		if diff := cmp.Diff(summaryOf(observations), got, exactly); diff != "" {
			t.Errorf("summary of %v (-want +got):\n%s", numbers, diff)
		}
	}
}

// A chart needs summaries by the thousand.
func TestSummariesAreSmall(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	numbers := make([]float64, block.MaxObservations)
	for i := range numbers {
		numbers[i] = math.Round(random.NormFloat64()*1e6) / 1e4
	}
	b := encode(t, numbersAt(numbers...))
	if n := len(b.Summary); n > 64 {
		t.Errorf("a summary of %d bytes", n)
	}
	if n := testing.AllocsPerRun(10, func() {
		if _, err := b.Summarize(); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations for a summary", n)
	}
}

// Texts may be long and of any bytes; what repeats takes no room.
func TestRoundTripOfLongTexts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	long := []string{string(noise), strings.Repeat("\x00", 1<<20), strings.Repeat("G01 X1.5 Y2\n", 1<<17), ""}
	var observations []plant.Observation
	for i := range int64(400) {
		observations = append(observations, plant.Observation{
			Sequence: i + 1, Value: plant.Value{Kind: plant.Text, Text: long[i%4]}, Extra: long[i/4%4],
			Alarm: &plant.Alarm{Level: plant.LevelFault, Text: long[i/2%4]},
		})
	}
	b := encode(t, observations)
	if diff := diff(observations, decode(t, b)); diff != "" {
		t.Errorf("observations (-want +got):\n%.2000s", diff)
	}
	// Of the 64 that differ, 28 have the noise once, 9 twice, 1 three times.
	if n := len(b.Data); n > 50<<20 {
		t.Errorf("%d bytes", n)
	}
}

func TestRefused(t *testing.T) {
	with := func(change func(all []plant.Observation)) []plant.Observation {
		all := numbersAt(1, 2, 3)
		change(all)
		return all
	}
	for name, observations := range map[string][]plant.Observation{
		"none":           nil,
		"too many":       numbersAt(make([]float64, block.MaxObservations+1)...),
		"two items":      with(func(all []plant.Observation) { all[1].Item = 7 }),
		"two runs":       with(func(all []plant.Observation) { all[2].Run = 7 }),
		"same sequence":  with(func(all []plant.Observation) { all[2].Sequence = all[1].Sequence }),
		"descending":     with(func(all []plant.Observation) { all[2].Sequence = 1 }),
		"not a number":   with(func(all []plant.Observation) { all[2].Value.Number = math.NaN() }),
		"infinite":       with(func(all []plant.Observation) { all[0].Value.Number = math.Inf(-1) }),
		"a kind unheard": with(func(all []plant.Observation) { all[0].Value.Kind = plant.Set + 1 }),
	} {
		encoder := block.NewEncoder()
		if _, err := encoder.Encode(observations); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := encoder.Encode(numbersAt(1, 2, 3)); err != nil {
			t.Errorf("after %s: %v", name, err)
		}
	}
}

// mixture is a block with everything in it.
func mixture(t rapid.TB, count int) block.Block {
	random := rand.New(rand.NewPCG(3, 4))
	var observations []plant.Observation
	for i := range int64(count) {
		o := plant.Observation{Run: 3, Item: 4, Sequence: 10 + 2*i, Time: i*1_000_000 + random.Int64N(1000)}
		switch i % 8 {
		case 3:
			o.Value = plant.Value{Kind: plant.Text, Text: fmt.Sprint("text ", random.IntN(50))}
		case 4:
			o.Alarm = &plant.Alarm{Level: plant.LevelWarning, NativeCode: fmt.Sprint(random.IntN(9)), Text: "hot"}
		case 5:
			o.Extra = `{"resetTriggered":"DAY"}`
		default:
			o.Value = plant.Value{Kind: plant.Number, Number: float64(random.IntN(9999)) / 100}
		}
		observations = append(observations, o)
	}
	return encode(t, observations)
}

// TestDamage changes each byte of a block, and each field beside it.
func TestDamage(t *testing.T) {
	decoder := block.NewDecoder()
	var columns block.Columns
	numbers := encode(t, numbersAt(1, 5, 2, 4.5))
	notice := func(what string, b block.Block) {
		t.Helper()
		var damaged *block.DamagedError
		if err := decoder.Decode(b, nil, &columns); !errors.As(err, &damaged) || damaged.Block.ID != b.ID || columns.Len() != 0 {
			t.Errorf("%s: error %v, %d observations", what, err, columns.Len())
		}
		if _, err := b.Summarize(); b.Data == nil && !errors.As(err, &damaged) {
			t.Errorf("%s: error of the summary: %v", what, err)
		}
	}
	for name, b := range map[string]block.Block{"mixture": mixture(t, 300), "numbers": numbers} {
		whole := b.Data
		for i := range whole {
			b.Data = slices.Clone(whole)
			for _, bits := range []byte{1, 0x80, 0xff, 0x5a} {
				b.Data[i] = whole[i] ^ bits
				notice(fmt.Sprintf("%s with byte %d of %d changed by %x", name, i, len(whole), bits), b)
			}
			b.Data = whole[:i]
			notice(fmt.Sprintf("%s cut to %d bytes", name, i), b)
		}
		b.Data = append(slices.Clone(whole), 0)
		notice(name+" with a byte more", b)
	}
	for field, change := range metaChanges {
		b := numbers
		b.Summary = slices.Clone(b.Summary)
		change(&b.Meta)
		b.ID = 77
		notice("another "+field, b)
		if b.Summary != nil { // then what it says is all the same
			b.Data = nil
			notice("another "+field+" beside a summary", b)
		}
	}
	numbers.ID = 5
	if err := decoder.Decode(numbers, nil, &columns); err != nil {
		t.Errorf("with another ID: %v", err)
	}
	if _, err := numbers.Summarize(); err != nil {
		t.Errorf("with another ID: %v", err)
	}
}

// metaChanges change each field of Meta, but for ID.
var metaChanges = map[string]func(m *block.Meta){
	"run":            func(m *block.Meta) { m.Run++ },
	"item":           func(m *block.Meta) { m.Item ^= 1 << 30 },
	"count":          func(m *block.Meta) { m.Count-- },
	"negative count": func(m *block.Meta) { m.Count = -m.Count },
	"huge count":     func(m *block.Meta) { m.Count = math.MaxInt },
	"first sequence": func(m *block.Meta) { m.FirstSequence++ },
	"last sequence":  func(m *block.Meta) { m.LastSequence-- },
	"earliest time":  func(m *block.Meta) { m.MinTime-- },
	"latest time":    func(m *block.Meta) { m.MaxTime++ },
	"low":            func(m *block.Meta) { m.Low = math.Nextafter(m.Low, 9) },
	"high":           func(m *block.Meta) { m.High = math.Nextafter(m.High, 0) },
	"sum":            func(m *block.Meta) { m.Sum = -m.Sum },
	"numbers":        func(m *block.Meta) { m.Numbers-- },
	"no summary":     func(m *block.Meta) { m.Summary = nil },
	"short summary":  func(m *block.Meta) { m.Summary = m.Summary[:2] },
	"long summary":   func(m *block.Meta) { m.Summary = append(m.Summary, 0) },
	"summary":        func(m *block.Meta) { m.Summary[len(m.Summary)-1] ^= 1 },
	"summary's sum":  func(m *block.Meta) { m.Summary[0] ^= 0x80 },
}

// What was read stays as it was when the columns are used again.
func TestColumnsAreUsedAgain(t *testing.T) {
	decoder := block.NewDecoder()
	var columns block.Columns
	b := mixture(t, 100)
	if err := decoder.Decode(b, nil, &columns); err != nil {
		t.Fatal(err)
	}
	before := observationsOf(&columns)
	want := decode(t, b)
	for _, other := range []block.Block{mixture(t, 1000), encode(t, numbersAt(1, 2)), b} {
		if err := decoder.Decode(other, nil, &columns); err != nil {
			t.Fatal(err)
		}
		if diff := diff(decode(t, other), observationsOf(&columns)); diff != "" {
			t.Errorf("observations in columns used again (-want +got):\n%.2000s", diff)
		}
	}
	if diff := diff(want, before); diff != "" {
		t.Errorf("observations after their columns were used again (-want +got):\n%.2000s", diff)
	}
}

func TestAllocations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	numbers := make([]float64, block.MaxObservations)
	for i := range numbers {
		numbers[i] = math.Round(random.NormFloat64()*1e4) / 100
	}
	observations := numbersAt(numbers...)
	encoder, decoder := block.NewEncoder(), block.NewDecoder()
	var columns block.Columns
	var b block.Block
	if n := testing.AllocsPerRun(20, func() {
		var err error
		if b, err = encoder.Encode(observations); err != nil {
			t.Fatal(err)
		}
	}); n > 2 {
		t.Errorf("%v allocations for a block's data and summary", n)
	}
	sum := 0.0
	if n := testing.AllocsPerRun(20, func() {
		if err := decoder.Decode(b, nil, &columns); err != nil {
			t.Fatal(err)
		}
		for i := range columns.Len() {
			sum += columns.At(i).Value.Number
		}
	}); n > 0 {
		t.Errorf("%v allocations to decode a block of numbers", n)
	}
}
