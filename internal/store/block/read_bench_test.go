package block_test

import (
	"math"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/block"
)

// plantOf makes blocks of some items of one run that all have an observation
// each period, for so many periods; the values are those of a sensor.
func plantOf(b *testing.B, items, periods int, period int64) *memory {
	m := newMemory()
	observations := make([]plant.Observation, periods)
	for it := range items {
		for i := range observations {
			observations[i] = plant.Observation{
				Item: plant.ItemID(it + 1), Run: 1, Sequence: int64(i*items + it + 1), Time: int64(i)*period + int64(it)*17,
				Value: plant.Value{Kind: plant.Number, Number: math.Round(1000*math.Sin(float64(i)/500)) / 10},
			}
		}
		// Not all blocks begin together.
		first := it * 37 % block.MaxObservations
		if first > 0 {
			m.seal(b, observations[:first], block.MaxObservations)
		}
		m.seal(b, observations[first:], block.MaxObservations)
	}
	return m
}

// BenchmarkItemSummaries reads an item over 30 days for a chart.
func BenchmarkItemSummaries(b *testing.B) {
	const n, period, columns = 900_000, 2_880_000, 250
	m := plantOf(b, 1, n, period)
	b.ReportAllocs()
	given := 0
	for b.Loop() {
		given = 0
		count := 0
		for s, err := range block.ItemSummaries(b.Context(), m, 1, 0, n*period, columns, 4*columns) {
			if err != nil {
				b.Fatal(err)
			}
			given++
			count += s.Count
		}
		if count != n {
			b.Fatalf("%d observations, want %d", count, n)
		}
	}
	b.ReportMetric(float64(given), "summaries")
	b.ReportMetric(float64(m.read)/float64(b.N), "decoded")
}

// BenchmarkItemObservations reads all of a machine for an hour.
func BenchmarkItemObservations(b *testing.B) {
	const items, period, hour = 300, 15_000_000, 3_600_000_000
	m := plantOf(b, items, 24*240, period)
	var all []plant.ItemID
	for it := range items {
		all = append(all, plant.ItemID(it+1))
	}
	b.ReportAllocs()
	for b.Loop() {
		count := 0
		for _, err := range block.ItemObservations(b.Context(), m, all, 12*hour, 13*hour, false) {
			if err != nil {
				b.Fatal(err)
			}
			count++
		}
		if count != 72_000 {
			b.Fatalf("%d observations", count)
		}
	}
	b.ReportMetric(float64(m.read)/float64(b.N), "decoded")
}

// BenchmarkItemObservationsBefore reads what was known of a machine at a moment.
func BenchmarkItemObservationsBefore(b *testing.B) {
	const items, period, hour = 300, 15_000_000, 3_600_000_000
	m := plantOf(b, items, 24*240, period)
	var all []plant.ItemID
	for it := range items {
		all = append(all, plant.ItemID(it+1))
	}
	b.ReportAllocs()
	for b.Loop() {
		count := 0
		for _, err := range block.ItemObservations(b.Context(), m, all, 12*hour, 12*hour, true) {
			if err != nil {
				b.Fatal(err)
			}
			count++
		}
		if count != items {
			b.Fatalf("%d observations", count)
		}
	}
	b.ReportMetric(float64(m.read)/float64(b.N), "decoded")
}

// BenchmarkRunObservations reads a whole run.
func BenchmarkRunObservations(b *testing.B) {
	const items, periods = 300, 24 * 240
	m := plantOf(b, items, periods, 15_000_000)
	b.ReportAllocs()
	for b.Loop() {
		count := 0
		for _, err := range block.RunObservations(b.Context(), m, 1, 0) {
			if err != nil {
				b.Fatal(err)
			}
			count++
		}
		if count != items*periods {
			b.Fatalf("%d observations", count)
		}
	}
	b.ReportMetric(float64(items*periods*b.N)/b.Elapsed().Seconds(), "obs/s")
	b.ReportMetric(float64(m.read)/float64(b.N), "decoded")
}

// BenchmarkRunObservation looks up one observation of a run.
func BenchmarkRunObservation(b *testing.B) {
	const items, periods = 300, 24 * 240
	m := plantOf(b, items, periods, 15_000_000)
	b.ReportAllocs()
	for b.Loop() {
		for o, err := range block.RunObservations(b.Context(), m, 1, 777_777) {
			if err != nil || o.Sequence != 777_777 {
				b.Fatal(o, err)
			}
			break
		}
	}
	b.ReportMetric(float64(m.read)/float64(b.N), "decoded")
}
