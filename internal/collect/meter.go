package collect

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
)

const (
	// meterWindow is what rates and delays are taken over.
	meterWindow = 60 * time.Second
	// meterDelays is how many delays are kept for the percentile, the newest of the
	// window, and meterDelaysPerBatch how many one batch adds at most: enough for a
	// percentile, and few where a worker has a thousand agents, each of which is
	// sorted at each report.
	meterDelays         = 512
	meterDelaysPerBatch = 8
	// skewWeight is the weight of one document in the smoothed clock skew.
	skewWeight = 0.1
)

// meter keeps the status of one agent and reports it. It is safe for concurrent
// use.
type meter struct {
	now    func() time.Time
	report func(plant.AgentStatus)
	// every is the least time between two reports of the same link.
	every time.Duration

	mu       sync.Mutex
	s        plant.AgentStatus
	reported time.Time
	// away is set while a commit waits for the store; resume is how the link
	// stands beside that.
	away   bool
	resume plant.LinkState
	// commits counts the observations committed, newest those that the agent
	// made.
	commits, newest rate
	delays          []delay
	delayAt         int
}

// delay is how long one observation took to its commit at a time.
type delay struct {
	at   time.Time
	took time.Duration
}

func newMeter(a plant.Agent, opts *Options) *meter {
	m := &meter{now: opts.Now, report: opts.Status, every: opts.StatusInterval}
	m.s = plant.AgentStatus{Agent: a.ID, Name: a.Name, Link: plant.LinkConnecting, Since: m.now()}
	return m
}

// link sets how the connection stands. text says why it is down, and retry when
// it is tried again.
func (m *meter) link(state plant.LinkState, text string, retry time.Time) {
	m.mu.Lock()
	if m.s.Link == state && m.s.Error == text && m.s.Retry.Equal(retry) {
		m.mu.Unlock()
		return
	}
	if m.s.Link != state {
		m.s.Since = m.now()
		if state.Up() && m.s.Link != plant.LinkWaiting {
			m.s.Reconnects++
		}
	}
	m.s.Link, m.s.Error, m.s.Retry = state, text, retry
	m.send(true)
}

// up says that documents arrive. While a commit waits for the store the link
// stands as waiting, all the same.
func (m *meter) up(state plant.LinkState) {
	m.mu.Lock()
	if m.away {
		m.resume = state
		m.mu.Unlock()
		return
	}
	m.mu.Unlock()
	m.link(state, "", time.Time{})
}

// held says that a commit waits for the store, and settled that it does no
// longer.
func (m *meter) held(text string) {
	m.mu.Lock()
	if !m.away {
		m.away, m.resume = true, m.s.Link
	}
	m.mu.Unlock()
	m.link(plant.LinkWaiting, text, time.Time{})
}

func (m *meter) settled() {
	m.mu.Lock()
	away, resume := m.away, m.resume
	m.away = false
	m.mu.Unlock()
	switch {
	case !away:
	case resume.Up():
		m.link(resume, "", time.Time{})
	default:
		m.link(plant.LinkConnecting, "", time.Time{})
	}
}

// noted counts entries of the gap ledger.
func (m *meter) noted(gaps []plant.Gap) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count(gaps)
}

func (m *meter) count(gaps []plant.Gap) {
	for _, g := range gaps {
		m.s.Gaps++
		if n, known := g.Lost(); known {
			m.s.Lost += n
		}
	}
}

// header takes what a document says of its agent. newest is true for documents
// that hold the newest that the agent had: only those tell its clock.
func (m *meter) header(h *mtconnect.Header, received time.Time, newest bool) {
	m.mu.Lock()
	m.s.AgentVersion = escape(h.Version, maxHeaderText)
	m.s.SchemaVersion = escape(h.SchemaVersion, maxHeaderText)
	m.s.Sender = escape(h.Sender, maxHeaderText)
	m.s.InstanceID = h.InstanceID
	m.s.BufferSize = int64(min(h.BufferSize, math.MaxInt64))
	last := int64(min(h.LastSequence, math.MaxInt64))
	if last > m.s.Last && m.s.Last > 0 {
		m.newest.add(received, last-m.s.Last)
	}
	m.s.Last = last
	m.s.LastDocument = received
	if newest && !h.CreationTime.IsZero() {
		m.skew(h.CreationTime, received)
	}
	m.send(false)
}

// skew takes one comparison of the clocks into the smoothed one, which lags by
// the time that a document takes to us. Many agents write whole seconds: the rest
// is cut off, half a second on average, which is put back. One such comparison is
// good to half a second; the smoothed one to a tenth, as long as the documents do
// not always come at the same moment of a second.
func (m *meter) skew(theirs, ours time.Time) {
	d := theirs.Sub(ours)
	if theirs.Nanosecond() == 0 {
		d += time.Second / 2
	}
	if before := m.s.Skew; before.Known {
		d = before.Duration + time.Duration(float64(d-before.Duration)*skewWeight)
	}
	m.s.Skew = plant.Span{Duration: d, Known: true}
}

// cursor says how far the store has the agent's observations.
func (m *meter) cursor(next int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s.Next = next
}

// stored takes note of a batch that was committed.
func (m *meter) stored(b *store.Batch) {
	now := m.now()
	m.mu.Lock()
	m.s.Next = b.Next
	m.count(b.Gaps)
	m.commits.add(now, int64(len(b.Observations)))
	step := len(b.Observations)/meterDelaysPerBatch + 1
	for i := 0; i < len(b.Observations); i += step {
		took := now.Sub(time.UnixMicro(b.Observations[i].Time).Add(-m.s.Skew.Duration))
		d := delay{at: now, took: max(took, 0)}
		if len(m.delays) < meterDelays {
			m.delays = append(m.delays, d)
		} else {
			m.delays[m.delayAt] = d
			m.delayAt = (m.delayAt + 1) % meterDelays
		}
	}
	m.send(false)
}

// send reports the status where it is time, and unlocks the meter.
func (m *meter) send(changed bool) {
	now := m.now()
	if !changed && now.Sub(m.reported) < m.every {
		m.mu.Unlock()
		return
	}
	m.reported = now
	s := m.snapshot(now)
	m.mu.Unlock()
	m.report(s)
}

// status gives the status now.
func (m *meter) status() plant.AgentStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.snapshot(m.now())
}

func (m *meter) snapshot(now time.Time) plant.AgentStatus {
	s := m.s
	if s.Next > 0 && s.Last > 0 {
		s.Lag = max(0, s.Last+1-s.Next)
	}
	s.Rate = m.commits.perSecond(now)
	if made := m.newest.perSecond(now); made > 0 && s.BufferSize > 0 {
		horizon := float64(max(0, s.BufferSize-s.Lag)) / made
		s.Horizon = plant.Span{Duration: time.Duration(min(horizon*float64(time.Second), math.MaxInt64/2)), Known: true}
	}
	s.DelayP95 = m.delayP95(now)
	return s
}

func (m *meter) delayP95(now time.Time) plant.Span {
	recent := make([]time.Duration, 0, len(m.delays))
	for _, d := range m.delays {
		if now.Sub(d.at) < meterWindow {
			recent = append(recent, d.took)
		}
	}
	if len(recent) == 0 {
		return plant.Span{}
	}
	slices.Sort(recent)
	return plant.Span{Duration: recent[(len(recent)*95+99)/100-1], Known: true}
}

// rate counts occurrences over the last minute, by the second.
type rate struct {
	began time.Time
	slots [int(meterWindow / time.Second)]struct{ second, n int64 }
}

func (r *rate) add(now time.Time, n int64) {
	if r.began.IsZero() {
		r.began = now
	}
	second := now.Unix()
	slot := &r.slots[int(second%int64(len(r.slots)))]
	if slot.second != second {
		slot.second, slot.n = second, 0
	}
	slot.n += n
}

// perSecond gives the mean over the last minute, or since the first occurrence
// where that is less.
func (r *rate) perSecond(now time.Time) float64 {
	if r.began.IsZero() {
		return 0
	}
	var n int64
	for _, slot := range r.slots {
		if age := now.Unix() - slot.second; age >= 0 && age < int64(len(r.slots)) {
			n += slot.n
		}
	}
	over := min(max(now.Sub(r.began), time.Second), meterWindow)
	return float64(n) / over.Seconds()
}
