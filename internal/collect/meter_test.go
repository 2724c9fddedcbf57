package collect_test

import (
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
)

// An agent that makes 10 observations a second, whose clock is 30 s ahead, and
// of which 200 are still to be read.
func TestMeter(t *testing.T) {
	now := midnight
	m := collect.NewMeter(plant.Agent{ID: 3, Name: "mill"}, func() time.Time { return now }, func(plant.AgentStatus) {})
	m.Link(plant.LinkStreaming, "")
	h := &mtconnect.Header{Sender: "a\nb", Version: "2.0", InstanceID: 9, BufferSize: 1000, LastSequence: 1000}
	for i := range 120 {
		now = now.Add(time.Second)
		h.LastSequence += 10
		h.CreationTime = now.Add(30*time.Second + time.Millisecond)
		m.Header(h, true)
		made := now.Add(30*time.Second - 250*time.Millisecond) // by the agent's clock
		b := &store.Batch{Expect: int64(801 + 10*i), Next: int64(811 + 10*i)}
		for n := range 10 {
			b.Observations = append(b.Observations, plant.Observation{Time: made.UnixMicro(), Sequence: b.Expect + int64(n)})
		}
		m.Stored(b)
	}
	s := m.Status()
	if s.Agent != 3 || s.Name != "mill" || s.Sender != `a\nb` || s.AgentVersion != "2.0" || s.InstanceID != 9 || s.BufferSize != 1000 {
		t.Errorf("status %+v: want what the header says, escaped", s)
	}
	if s.Last != 2200 || s.Next != 2001 || s.Lag != 200 {
		t.Errorf("last %d, next %d, lag %d: want 2200, 2001, 200", s.Last, s.Next, s.Lag)
	}
	if s.Rate < 9.9 || s.Rate > 10.1 {
		t.Errorf("rate %v, want 10", s.Rate)
	}
	if d := s.Horizon.Duration; d < 79*time.Second || d > 81*time.Second {
		t.Errorf("horizon %v, want 80 s: 800 free of 1000 at 10 a second", s.Horizon)
	}
	if d := s.Skew.Duration; d < 29900*time.Millisecond || d > 30100*time.Millisecond {
		t.Errorf("skew %v, want 30 s", s.Skew)
	}
	if d := s.DelayP95.Duration; d < 240*time.Millisecond || d > 260*time.Millisecond {
		t.Errorf("delay %v, want 250 ms", s.DelayP95)
	}
	// As much is to be read as the buffer holds: there is no time left.
	h.LastSequence = 3000
	m.Header(h, true)
	if s := m.Status(); s.Lag != 1000 || s.Horizon != (plant.Span{Known: true}) {
		t.Errorf("lag %d, horizon %v: want 1000 and none left", s.Lag, s.Horizon)
	}
	now = now.Add(2 * time.Minute)
	if s := m.Status(); s.Rate != 0 || s.DelayP95.Known || s.Horizon.Known {
		t.Errorf("rate %v, delay %v, horizon %v after two silent minutes: want none", s.Rate, s.DelayP95, s.Horizon)
	}
}

// A change of the link is reported at once, anything else once a second.
func TestMeterReports(t *testing.T) {
	now := midnight
	var reports []plant.AgentStatus
	m := collect.NewMeter(plant.Agent{Name: "mill"}, func() time.Time { return now }, func(s plant.AgentStatus) { reports = append(reports, s) })
	m.Link(plant.LinkStreaming, "")
	for range 10 {
		m.Header(&mtconnect.Header{}, true)
	}
	m.Held("the disk is full")
	m.Settled()
	m.Stored(&store.Batch{Gaps: []plant.Gap{{From: 1, To: 7}, {From: 9, To: plant.OpenEnd}}})
	now = now.Add(time.Second)
	m.Header(&mtconnect.Header{}, true)
	var links []plant.LinkState
	for _, r := range reports {
		links = append(links, r.Link)
	}
	if len(reports) != 4 || links[1] != plant.LinkWaiting || links[2] != plant.LinkStreaming {
		t.Fatalf("reported links %v: want streaming, waiting, streaming and one a second later", links)
	}
	if last := reports[3]; last.Gaps != 2 || last.Lost != 7 || last.Reconnects != 1 || last.Error != "" {
		t.Errorf("status %+v: want 2 gaps, 7 lost, 1 reconnect and no error", last)
	}
}

// Most agents write the time of a document in whole seconds, cut off: on average
// half a second is missing.
func TestSkewOfWholeSeconds(t *testing.T) {
	now := midnight
	m := collect.NewMeter(plant.Agent{Name: "mill"}, func() time.Time { return now }, func(plant.AgentStatus) {})
	for range 200 {
		now = now.Add(10*time.Second + 137*time.Millisecond)
		m.Header(&mtconnect.Header{CreationTime: now.Add(3 * time.Second).Truncate(time.Second)}, true)
	}
	if d := m.Status().Skew; !d.Known || (d.Duration-3*time.Second).Abs() > 150*time.Millisecond {
		t.Errorf("skew %v, want 3 s", d)
	}
}
