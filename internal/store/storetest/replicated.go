package storetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

const (
	// replicas is how many machines of a Replicated do what the recorded one did.
	replicas = 10
	// recordedSpan is after how long each does it again: the recording has three
	// weeks.
	recordedSpan = 22 * 24 * time.Hour
	// shift is how much later than the one before it a machine began, and drift by
	// how many microseconds a second its clock is slower: so no two have the same
	// times, nor the same time between two of them.
	shift = 37*time.Minute + 1_234_567*time.Microsecond
	drift = 11
)

// Replicated is the recording of the NIST test bed replicated over machines, each
// with an agent of its own and a slight shift in time, and over time.
type Replicated struct {
	recorded []plant.Observation
	machines []replica
}

// replica is one of the machines.
type replica struct {
	run   plant.RunID
	items []plant.DataItem
	// done is how many of its observations were committed.
	done int
	// latest is what is known of each of its items.
	latest []plant.Observation
}

// NewReplicated puts the machines into a store; it skips the benchmark where the
// recording is missing.
func NewReplicated(b *testing.B, s Store) *Replicated {
	b.Helper()
	r := &Replicated{recorded: Recorded(b)}
	if r.recorded == nil {
		b.Skip("the recordings of the NIST test bed are missing: set FACTORYDASH_NIST to their folder")
	}
	var items plant.ItemID
	for i := range r.recorded {
		items = max(items, r.recorded[i].Item)
	}
	for n := range replicas {
		l := newLine(b, s, "machine"+strconv.Itoa(n), int(items))
		r.machines = append(r.machines, replica{run: l.run.ID, items: l.items, latest: make([]plant.Observation, items)})
	}
	return r
}

// Commit commits the next n observations, from machine to machine, in batches of
// so many.
func (r *Replicated) Commit(b *testing.B, s store.Writer, n, batch int) {
	b.Helper()
	observations := make([]plant.Observation, batch)
	for machine := 0; n > 0; machine = (machine + 1) % replicas {
		next := r.machines[machine].batch(r.recorded, observations[:min(n, batch)], machine)
		if err := s.Commit(b.Context(), []*store.Batch{next}); err != nil || next.Err != nil {
			b.Fatal(err, next.Err)
		}
		n -= len(next.Observations)
	}
}

// batch gives the next observations of a machine, with what is known of each item
// in them.
func (m *replica) batch(recorded, observations []plant.Observation, machine int) *store.Batch {
	clear(m.latest)
	for i := range observations {
		o := &observations[i]
		*o = recorded[m.done%len(recorded)]
		item := o.Item - 1
		span := recordedSpan * time.Duration(m.done/len(recorded))
		m.done++
		since := o.Time - recorded[len(recorded)-1].Time
		o.Run, o.Item, o.Sequence = m.run, m.items[item].ID, int64(m.done)
		o.Time += span.Microseconds() + int64(machine)*(shift.Microseconds()+since*drift/1_000_000)
		m.latest[item] = *o
	}
	next := int64(m.done) + 1
	b := &store.Batch{Run: m.run, Expect: next - int64(len(observations)), Next: next, Observations: observations}
	for _, o := range m.latest {
		if o.Item != 0 {
			b.Latest = append(b.Latest, plant.Latest{Observation: o})
		}
	}
	return b
}
