package live

import (
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// ear is what a follower has heard, with a clock that the test moves.
type ear struct {
	*heard
	now time.Time
}

func newEar() *ear {
	e := &ear{newHeard(NewHub(Options{})), time.Unix(1_700_000_000, 0)}
	e.found(e.now)
	e.look(e.now) // Who subscribes reads the store.
	return e
}

// pass lets time go by, and reports whether the store was to be read meanwhile.
func (e *ear) pass(d time.Duration) (resynced bool) {
	for end := e.now.Add(d); e.now.Before(end); {
		e.now = e.now.Add(lookInterval)
		resynced = e.look(e.now) || resynced
	}
	return resynced
}

// hear takes a frame, and gives how many are missing before it.
func (e *ear) hear(publisher, number uint64, statuses ...plant.AgentStatus) uint64 {
	f := &frame{publisher: publisher, number: number, statuses: statuses}
	missing := e.count(f, e.now)
	e.take(f, e.now)
	return missing
}

func TestFramesThatAreMissed(t *testing.T) {
	e := newEar()
	e.hear(1, 5)
	if !e.pass(ResyncPause) {
		t.Error("the store is not read for a publisher that was not heard before")
	}
	e.hear(1, 6)
	if e.pass(ResyncPause) {
		t.Error("the store is read where nothing was missed")
	}
	if n := e.hear(1, 9); n != 2 {
		t.Errorf("%d frames are missing, want 2", n)
	}
	if !e.pass(ResyncPause) {
		t.Error("the store is not read where frames are missing")
	}
	if n := e.hear(1, 8); n != 0 {
		t.Errorf("%d frames are missing before one that came late", n)
	}
	if n := e.hear(1, 10); n != 0 || e.pass(ResyncPause) {
		t.Errorf("%d frames are missing, or the store is read, after one that came late", n)
	}
}

func TestResyncsAreRare(t *testing.T) {
	e := newEar()
	resyncs := 0
	for i := range uint64(60) {
		e.hear(1, 2*i+1)
		if e.pass(time.Second) {
			resyncs++
		}
	}
	if most := int(time.Minute/ResyncPause) + 1; resyncs == 0 || resyncs > most {
		t.Errorf("the store was read %d times in a minute, want 1 to %d", resyncs, most)
	}
}

func TestNoResyncWithoutRedis(t *testing.T) {
	e := newEar()
	e.hear(1, 1)
	e.connected = time.Time{}
	if e.pass(time.Minute) {
		t.Error("the store is read while Redis is away")
	}
	e.found(e.now)
	if !e.pass(lookInterval) {
		t.Error("the store is not read when Redis is back")
	}
}

func TestPublishersThatFallSilent(t *testing.T) {
	e := newEar()
	e.hear(1, 1)
	e.pass(ResyncPause)
	if e.pass(StatusTimeout - ResyncPause - time.Second) {
		t.Error("the store is read while a publisher is only quiet")
	}
	if !e.pass(2*time.Second) || len(e.publishers) != 0 {
		t.Error("the store is not read where a publisher has gone")
	}
	for i := range uint64(2 * maxPublishers) {
		e.hear(i+1, 1)
	}
	if n := len(e.publishers); n > maxPublishers {
		t.Errorf("%d publishers are remembered", n)
	}
}

func TestAgentsThatNobodyIsHeardOf(t *testing.T) {
	e := newEar()
	up := plant.AgentStatus{Agent: 1, Name: "mill", Link: plant.LinkStreaming, Since: e.now, Rate: 5, Gaps: 3}
	status := func() plant.AgentStatus {
		s, _ := e.hub.Status(1)
		return s
	}
	if why := e.why(e.now); why != NotYet {
		t.Errorf("at the beginning: %q", why)
	}
	e.hear(1, 1, up)
	e.pass(StatusTimeout - time.Second)
	e.hear(2, 1, up) // Another worker has taken it over.
	e.pass(StatusTimeout - time.Second)
	if got := status(); got != up {
		t.Errorf("while workers are heard: %+v", got)
	}
	e.pass(2 * time.Second)
	got := status()
	if got.Link != plant.LinkDown || got.Error != NoWorker || got.Rate != 0 || got.Gaps != 3 || got.Since.Equal(up.Since) {
		t.Errorf("without a worker: %+v", got)
	}
	since := got.Since
	e.connected = time.Time{}
	e.pass(time.Minute)
	if got := status(); got.Error != NoRedis || !got.Since.Equal(since) {
		t.Errorf("without Redis: %+v, want it as it was since %v", got, since)
	}
	e.found(e.now)
	e.pass(StatusTimeout + time.Second)
	if got := status(); got.Error != NoWorker {
		t.Errorf("with Redis, and without a worker: %+v", got)
	}
	e.hear(3, 1, up)
	if got := status(); got != up {
		t.Errorf("when a worker is heard again: %+v", got)
	}
	e.pass(ForgetAfter + time.Second)
	if s, ok := e.hub.Status(1); ok {
		t.Errorf("after %v: %+v", ForgetAfter, s)
	}
}

// A worker that is cut off from the store goes on saying that it waits, while
// another one reads its agents: these are told as they are.
func TestWorkersThatWaitWhileOthersRead(t *testing.T) {
	e := newEar()
	up := plant.AgentStatus{Agent: 1, Name: "mill", Link: plant.LinkStreaming, Since: e.now}
	waits := plant.AgentStatus{Agent: 1, Name: "mill", Link: plant.LinkWaiting, Since: e.now, Error: "the store is away"}
	number := uint64(0)
	// is has a publisher say a status, and checks what is told then.
	is := func(when string, publisher uint64, said, told plant.AgentStatus) {
		t.Helper()
		number++
		e.hear(publisher, number, said)
		e.pass(time.Second)
		if got, _ := e.hub.Status(1); got != told {
			t.Errorf("%s: %+v, want %+v", when, got, told)
		}
	}
	is("a worker reads it", 1, up, up)
	is("the same waits for the store", 1, waits, waits)
	for range int(2 * StatusTimeout / time.Second) {
		is("another one has taken it over", 2, up, up)
		is("the first one does not know it", 1, waits, up)
	}
	is("the other one waits too", 2, waits, waits)
	is("the first one reads it again", 1, up, up)

	e.pass(StatusTimeout)
	is("who read it is silent", 2, waits, waits)

	e.readHere(1)
	e.hub.PublishStatus(up)
	is("this process reads it", 2, waits, up)
	e.expect(1, e.now)
	is("this process has handed it over", 2, waits, waits)
}

func TestAgentsThatAreGone(t *testing.T) {
	e := newEar()
	e.hear(1, 1, plant.AgentStatus{Agent: 1, Link: plant.LinkStreaming})
	e.take(&frame{publisher: 2, number: 1, gone: []plant.AgentID{1}}, e.now)
	e.pass(time.Minute)
	if s, ok := e.hub.Status(1); ok {
		t.Errorf("an agent that was removed: %+v", s)
	}
}

// What is too much is left out, and noted.
func TestWaitingIsBounded(t *testing.T) {
	var w waiting
	c := plant.Change{Latest: make([]plant.Latest, maxWaiting+5)}
	for i := range c.Latest {
		c.Latest[i].Item = plant.ItemID(i + 1)
	}
	w.add(c, time.Unix(1, 0))
	w.add(c, time.Unix(2, 0))
	if w.size() != maxWaiting || w.left != 10 || w.replaced != maxWaiting || !w.since.Equal(time.Unix(1, 0)) {
		t.Errorf("%d wait since %v, %d left out, %d replaced", w.size(), w.since, w.left, w.replaced)
	}
}
