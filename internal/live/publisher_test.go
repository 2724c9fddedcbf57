package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/plant"
)

// errTaken is the error of a frame that Redis has taken all the same.
var errTaken = errors.New("the answer is lost")

// fakeRedis takes frames, or does not.
type fakeRedis struct {
	mu     sync.Mutex
	frames []*frame
	// hangs makes it slow, fails makes it refuse.
	hangs time.Duration
	fails error
}

func (r *fakeRedis) Publish(ctx context.Context, _ string, message any) *redis.IntCmd {
	r.mu.Lock()
	hangs, fails := r.hangs, r.fails
	r.mu.Unlock()
	select {
	case <-time.After(hangs):
	case <-ctx.Done():
		fails = ctx.Err()
	}
	cmd := redis.NewIntCmd(ctx)
	if fails != nil {
		cmd.SetErr(fails)
	}
	if fails != nil && !errors.Is(fails, errTaken) {
		return cmd
	}
	f, err := read(string(message.([]byte)))
	if err != nil {
		panic(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, f)
	return cmd
}

func (r *fakeRedis) set(hangs time.Duration, fails error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hangs, r.fails = hangs, fails
}

// sent gives the frames that were sent since it was called last.
func (r *fakeRedis) sent() []*frame {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.frames
	r.frames = nil
	return f
}

// publishing runs a publisher over the fake within a bubble until the test ends
// it.
func publishing(t *testing.T, r *fakeRedis, o PublisherOptions) (p *Publisher, stop func()) {
	t.Helper()
	o.Redis, o.Log = r, slog.New(slog.DiscardHandler)
	p, err := NewPublisher(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	synctest.Wait()
	return p, func() {
		cancel()
		<-done
	}
}

// counted gives the value of a counter.
func counted(t *testing.T, r *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("there is no counter %s", name)
	return 0
}

// one is a change of one data item.
func one(item plant.ItemID, sequence int64) plant.Change {
	return plant.Change{Latest: []plant.Latest{{Observation: plant.Observation{Item: item, Run: 1, Sequence: sequence}}}}
}

func TestPublisherRepeatsItsStatuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := new(fakeRedis)
		status := plant.AgentStatus{Agent: 4, Link: plant.LinkStreaming}
		_, stop := publishing(t, r, PublisherOptions{Statuses: func() []plant.AgentStatus { return []plant.AgentStatus{status} }})
		defer stop()
		time.Sleep(2*RepeatInterval + time.Second)
		frames := r.sent()
		if len(frames) != 3 {
			t.Fatalf("%d frames, want one at once and one per repetition", len(frames))
		}
		for i, f := range frames {
			if f.number != uint64(i+1) || len(f.statuses) != 1 || f.statuses[0] != status {
				t.Errorf("frame %d: %+v", i, f)
			}
		}
	})
}

// A publisher that has nothing to say says so.
func TestPublisherLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := new(fakeRedis)
		_, stop := publishing(t, r, PublisherOptions{})
		defer stop()
		time.Sleep(RepeatInterval)
		synctest.Wait()
		if n := len(r.sent()); n != 2 {
			t.Errorf("%d frames, want 2", n)
		}
	})
}

// Capture does not wait for a Redis that is slow, and the newest of each thing is
// what is sent.
func TestSlowRedis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := new(fakeRedis)
		registry := prometheus.NewRegistry()
		p, stop := publishing(t, r, PublisherOptions{Registerer: registry})
		r.set(PublishTimeout/2, nil)
		r.sent()
		began := time.Now()
		for i := range int64(10_000) {
			p.Publish(one(plant.ItemID(i%10+1), i+1))
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("capture has waited for %v", took)
		}
		p.PublishStatus(plant.AgentStatus{Agent: 1, Link: plant.LinkDown})
		p.PublishStatus(plant.AgentStatus{Agent: 1, Link: plant.LinkStreaming})
		p.Forget(2)
		time.Sleep(2 * PublishTimeout)
		synctest.Wait()
		newest := make(map[plant.ItemID]int64)
		var things int
		var link plant.LinkState
		var gone []plant.AgentID
		for _, f := range r.sent() {
			for _, l := range f.latest {
				newest[l.Item] = l.Sequence
			}
			for _, s := range f.statuses {
				link = s.Link
			}
			gone = append(gone, f.gone...)
			things += len(f.latest)
		}
		for item := range plant.ItemID(10) {
			if want := 9990 + int64(item) + 1; newest[item+1] != want {
				t.Errorf("item %d: the newest that was sent is %d, want %d", item+1, newest[item+1], want)
			}
		}
		if things > 20 || link != plant.LinkStreaming || len(gone) != 1 {
			t.Errorf("%d values were sent, the last link is %q, gone are %v", things, link, gone)
		}
		if n := counted(t, registry, "factorydash_live_coalesced_total"); int(n)+things != 10_001 {
			t.Errorf("%v coalesced and %d sent, want 10001 together", n, things)
		}
		stop()
	})
}

// What cannot be sent is left out, and the numbers say that it is missing.
func TestRedisAway(t *testing.T) {
	for name, away := range map[string]struct {
		hangs time.Duration
		fails error
	}{
		"refuses": {0, errors.New("connection refused")},
		"hangs":   {time.Hour, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := new(fakeRedis)
				registry := prometheus.NewRegistry()
				p, stop := publishing(t, r, PublisherOptions{Registerer: registry})
				first := r.sent()
				r.set(away.hangs, away.fails)
				p.Publish(one(1, 1))
				time.Sleep(time.Minute)
				r.set(0, nil)
				time.Sleep(PublishTimeout + RetryPause)
				p.Publish(one(2, 2))
				time.Sleep(FramePause)
				synctest.Wait()
				frames := r.sent()
				if len(frames) == 0 || frames[0].number <= first[0].number+1 {
					t.Fatalf("frames %+v after number %d: want a number that is missing", frames, first[0].number)
				}
				if n := counted(t, registry, "factorydash_live_dropped_total"); n != 1 {
					t.Errorf("%v things were dropped, want 1", n)
				}
				last := frames[len(frames)-1]
				if len(last.latest) != 1 || last.latest[0].Item != 2 {
					t.Errorf("the last frame is %+v", last)
				}
				stop()
			})
		})
	}
}

// What was handed over before the end is sent, and the end does not wait for a
// Redis that hangs.
func TestPublisherEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := new(fakeRedis)
		p, stop := publishing(t, r, PublisherOptions{})
		r.sent()
		p.Publish(one(1, 1))
		p.Publish(one(2, 1))
		stop()
		n := 0
		for _, f := range r.sent() {
			n += len(f.latest)
		}
		if n != 2 {
			t.Errorf("%d values were sent, want 2", n)
		}

		p, stop = publishing(t, r, PublisherOptions{})
		r.set(time.Hour, nil)
		p.Publish(one(1, 1))
		began := time.Now()
		stop()
		if took := time.Since(began); took > 2*PublishTimeout {
			t.Errorf("the end took %v", took)
		}
	})
}

func TestMetricsAreRegisteredOnce(t *testing.T) {
	registry := prometheus.NewRegistry()
	o := PublisherOptions{Redis: new(fakeRedis), Registerer: registry}
	if _, err := NewPublisher(o); err != nil {
		t.Fatal(err)
	}
	if _, err := NewPublisher(o); err == nil {
		t.Error("two publishers with one registry")
	}
	if _, err := NewPublisher(PublisherOptions{}); err == nil {
		t.Error("a publisher without Redis")
	}
}

// A frame that Redis has taken, and of which the answer is lost, leaves out what
// was to follow it: receivers are to notice.
func TestRedisThatTakesAFrameAndDoesNotSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeRedis{}
		p, stop := publishing(t, r, PublisherOptions{})
		defer stop()
		time.Sleep(FramePause)
		r.sent()
		big := plant.Change{}
		for item := range plant.ItemID(2) { // two frames
			l := plant.Latest{Observation: plant.Observation{Item: item + 1, Run: 1, Sequence: 1}}
			l.Value = plant.Value{Kind: plant.Text, Text: string(make([]byte, FrameBytes))}
			big.Latest = append(big.Latest, l)
		}
		r.set(0, errTaken)
		p.Publish(big)
		synctest.Wait()
		r.set(0, nil)
		time.Sleep(2 * RetryPause)
		p.Publish(one(3, 1))
		synctest.Wait()
		h := newHeard(NewHub(Options{}))
		h.publishers[p.id] = lastFrame{number: 1}
		var missing uint64
		for _, f := range r.sent() {
			missing += h.count(f, time.Now())
			h.take(f, time.Now())
		}
		if _, ok := h.hub.Latest(2); !ok && missing == 0 {
			t.Error("item 2 was left out, and nothing says so")
		}
	})
}
