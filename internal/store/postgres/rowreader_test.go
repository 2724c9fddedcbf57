package postgres

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
)

// encoded gives observations in COPY's binary form.
func encoded(t rapid.TB, observations []plant.Observation) []byte {
	t.Helper()
	var c copier
	c.begin()
	for i := range observations {
		if err := c.observation(observations[i].Run, &observations[i]); err != nil {
			t.Fatal(err)
		}
	}
	c.end()
	return c.data
}

// anObservation draws an observation.
func anObservation(t *rapid.T) plant.Observation {
	o := plant.Observation{
		Item: plant.ItemID(rapid.Int32().Draw(t, "item")), Run: plant.RunID(rapid.Int32().Draw(t, "run")),
		Sequence: rapid.Int64().Draw(t, "sequence"), Time: rapid.Int64().Draw(t, "time"),
		Value: plant.Value{Kind: rapid.SampledFrom([]plant.Kind{plant.Unknown, plant.Number, plant.Text, plant.Set}).Draw(t, "kind")},
	}
	switch o.Value.Kind {
	case plant.Number:
		o.Value.Number = rapid.Float64().Draw(t, "number")
	case plant.Text, plant.Set:
		o.Value.Text = rapid.String().Draw(t, "text")
	}
	if rapid.Bool().Draw(t, "extra") {
		o.Extra = rapid.String().Draw(t, "more")
	}
	return o
}

// TestRowReader gives rows in pieces of any size.
func TestRowReader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Custom(anObservation)).Draw(t, "observations")
		var got []plant.Observation
		r := &rowReader{each: func(o plant.Observation) error {
			got = append(got, o)
			return nil
		}}
		for data := encoded(t, want); len(data) > 0; {
			if r.ended() == nil {
				t.Fatal("it has ended before the end")
			}
			n := min(len(data), rapid.IntRange(1, 50).Draw(t, "piece"))
			piece := slices.Clone(data[:n])
			if _, err := r.Write(piece); err != nil {
				t.Fatal(err)
			}
			clear(piece) // It is not kept.
			data = data[n:]
		}
		if err := r.ended(); err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
	})
}

// FuzzRowReader gives it anything.
func FuzzRowReader(f *testing.F) {
	f.Add(encoded(f, nil))
	f.Add(encoded(f, []plant.Observation{
		{Item: 1, Run: 2, Sequence: 3, Time: 4, Value: plant.Value{Kind: plant.Number, Number: 5}},
		{Item: 1, Sequence: 4, Value: plant.Value{Kind: plant.Text, Text: "a\x00"}, Alarm: &plant.Alarm{Level: plant.LevelFault, Text: "b"}},
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var all []plant.Observation
		r := &rowReader{each: func(o plant.Observation) error {
			all = append(all, o)
			return nil
		}}
		if _, err := r.Write(data); err != nil || r.ended() != nil {
			return
		}
		for i := range all {
			if _, err := encodeValues(&all[i]); err != nil {
				t.Error(err)
			}
		}
	})
}
