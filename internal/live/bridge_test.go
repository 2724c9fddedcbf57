package live_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// patience is how long anything may take before a test fails.
const patience = 30 * time.Second

// silent is a log that nobody reads.
var silent = slog.New(slog.DiscardHandler)

// client gives a client of the Redis at an address.
func client(t testing.TB, address string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{
		Addr: address, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// running runs something until stop is called or the test ends.
func running(t testing.TB, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(ctx); err != nil {
			t.Error(err)
		}
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(stop)
	return stop
}

// publisher runs a publisher.
func publisher(t testing.TB, address string, statuses func() []plant.AgentStatus) (p *live.Publisher, stop func()) {
	t.Helper()
	p, err := live.NewPublisher(live.PublisherOptions{Redis: client(t, address), Statuses: statuses, Log: silent})
	if err != nil {
		t.Fatal(err)
	}
	return p, running(t, p.Run)
}

// web is a hub that follows the publishers, and reads a store where it missed
// something.
type web struct {
	*live.Hub
	*live.Follower
	// resynced has a value when the store was read.
	resynced chan struct{}
}

func newWeb(t testing.TB, address string, read func(*live.Hub), change ...func(*live.FollowerOptions)) (w *web, stop func()) {
	t.Helper()
	w = &web{Hub: live.NewHub(live.Options{}), resynced: make(chan struct{}, 1)}
	o := live.FollowerOptions{
		Redis: client(t, address), Hub: w.Hub, Log: silent,
		Resync: func() {
			read(w.Hub)
			select {
			case w.resynced <- struct{}{}:
			default:
			}
		},
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	if w.Follower, err = live.NewFollower(o); err != nil {
		t.Fatal(err)
	}
	return w, running(t, w.Run)
}

// listens waits until the web process hears Redis.
func (w *web) listens(t testing.TB) {
	t.Helper()
	select {
	case <-w.resynced:
	case <-time.After(patience):
		t.Fatal("Redis is not heard")
	}
}

// hears waits until what the hub knows is as wanted.
func (w *web) hears(t testing.TB, what string, wanted func() bool) {
	t.Helper()
	s, err := w.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	timeout := time.After(patience)
	for !wanted() {
		select {
		case <-s.Changed():
		case <-timeout:
			t.Fatalf("not heard: %s", what)
		}
	}
}

// same reports how two hubs differ in what they know now.
func same(a, b *live.Hub) string {
	sorted := cmp.Options{
		cmpopts.SortSlices(func(a, b plant.Latest) bool { return a.Item < b.Item }),
		cmpopts.SortSlices(func(a, b plant.StateChange) bool { return a.Device < b.Device }),
		cmpopts.SortSlices(func(a, b plant.AgentStatus) bool { return a.Agent < b.Agent }),
		cmpopts.IgnoreFields(live.Update{}, "Mark", "Links", "Models"),
	}
	return cmp.Diff(a.Since(0), b.Since(0), sorted)
}

// capture makes up what workers commit: some runs of some data items, each change
// newer than the one before.
type capture struct {
	random *rand.Rand
	agent  plant.AgentID
	run    plant.RunID
	next   int64
}

func newCapture(agent plant.AgentID) *capture {
	return &capture{random: rand.New(rand.NewPCG(1, uint64(agent))), agent: agent, run: plant.RunID(agent), next: 1}
}

// commit gives the next change.
func (c *capture) commit() plant.Change {
	change := plant.Change{Agent: c.agent}
	if c.random.IntN(50) == 0 { // The agent has restarted.
		c.run, c.next = c.run+1000, 1
	}
	for range 1 + c.random.IntN(20) {
		item := plant.ItemID(1000*int(c.agent) + c.random.IntN(100))
		l := plant.Latest{Observation: plant.Observation{Item: item, Run: c.run, Sequence: c.next, Time: c.next * 1000}}
		switch c.random.IntN(4) {
		case 0:
			l.Value = plant.Value{Kind: plant.Text, Text: strings.Repeat("x", c.random.IntN(100))}
		case 1:
			l.Alarm = &plant.Alarm{Level: plant.LevelFault, NativeCode: "7", Text: "too hot"}
			l.Active = []plant.Activation{{Alarm: l.Alarm, Raised: l.Time, RaisedSequence: c.next, Changed: l.Time}}
		default:
			l.Value = plant.Value{Kind: plant.Number, Number: c.random.NormFloat64()}
		}
		change.Latest = append(change.Latest, l)
		if c.random.IntN(10) == 0 {
			change.States = append(change.States, plant.StateChange{
				Device: plant.DeviceID(c.agent), Run: c.run, Sequence: c.next, Time: l.Time, State: plant.Running, Rule: "7",
			})
		}
		c.next++
	}
	return change
}

// status gives how it goes.
func (c *capture) status() plant.AgentStatus {
	return plant.AgentStatus{
		Agent: c.agent, Link: plant.LinkStreaming, InstanceID: uint64(c.run), Next: c.next,
		Since: time.UnixMicro(int64(c.agent)).UTC(), LastDocument: time.UnixMicro(c.next).UTC(),
	}
}

// What workers publish is what web processes know, and nothing else.
func TestBridge(t *testing.T) {
	server := miniredis.RunT(t)
	truth := live.NewHub(live.Options{})
	// Nothing is missed here, so the store is never needed.
	nothing := func(*live.Hub) {}
	var webs []*web
	for range 2 {
		w, _ := newWeb(t, server.Addr(), nothing)
		w.listens(t)
		webs = append(webs, w)
	}
	elsewhere, _ := newWeb(t, server.Addr(), nothing, func(o *live.FollowerOptions) { o.Namespace = "another" })
	elsewhere.listens(t)

	var workers sync.WaitGroup
	for agent := range plant.AgentID(3) {
		p, stop := publisher(t, server.Addr(), nil)
		workers.Go(func() {
			defer stop()
			c := newCapture(agent + 1)
			for range 300 {
				change, status := c.commit(), c.status()
				truth.Publish(change)
				p.Publish(change)
				truth.PublishStatus(status)
				p.PublishStatus(status)
			}
		})
	}
	workers.Wait()
	for _, w := range webs {
		w.hears(t, "all that was published", func() bool { return w.Mark() > 0 && same(truth, w.Hub) == "" })
	}
	if diff := same(live.NewHub(live.Options{}), elsewhere.Hub); diff != "" {
		t.Errorf("another installation has heard of it (-want +got):\n%s", diff)
	}
}

// A process that captures and shows passes over what it said itself.
func TestOwnFrames(t *testing.T) {
	server := miniredis.RunT(t)
	own, _ := publisher(t, server.Addr(), nil)
	other, _ := publisher(t, server.Addr(), nil)
	w, _ := newWeb(t, server.Addr(), func(*live.Hub) {}, func(o *live.FollowerOptions) { o.Own = own })
	w.listens(t)
	own.PublishStatus(plant.AgentStatus{Agent: 1, Link: plant.LinkStreaming})
	time.Sleep(10 * live.FramePause)
	other.PublishStatus(plant.AgentStatus{Agent: 2, Link: plant.LinkStreaming})
	w.hears(t, "the other worker", func() bool { _, ok := w.Status(2); return ok })
	if _, ok := w.Status(1); ok {
		t.Error("its own status came by way of Redis")
	}
	w.Follower.PublishStatus(plant.AgentStatus{Agent: 1, Link: plant.LinkPolling})
	if s, _ := w.Status(1); s.Link != plant.LinkPolling {
		t.Errorf("its own status is %+v", s)
	}
}

// Whatever else comes over the channel does no harm.
func TestBytesOfOthers(t *testing.T) {
	server := miniredis.RunT(t)
	w, _ := newWeb(t, server.Addr(), func(*live.Hub) {})
	w.listens(t)
	c := client(t, server.Addr())
	for _, message := range []string{"", "hello", "\x02from the future", "\x01", strings.Repeat("\x01", 1<<20)} {
		if err := c.Publish(t.Context(), live.DefaultNamespace+":live", message).Err(); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := publisher(t, server.Addr(), nil)
	p.PublishStatus(plant.AgentStatus{Agent: 2, Link: plant.LinkStreaming})
	w.hears(t, "the worker behind it", func() bool { _, ok := w.Status(2); return ok })
	if diff := cmp.Diff(live.Update{Statuses: []plant.AgentStatus{{Agent: 2, Link: plant.LinkStreaming}}, Links: []plant.AgentID{2}},
		w.Since(0), cmpopts.IgnoreFields(live.Update{}, "Mark")); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

// storeOf is what a store gives to those that missed something: what was
// committed, statuses aside.
func storeOf(truth *live.Hub) func(*live.Hub) {
	return func(h *live.Hub) {
		u := truth.Since(0)
		h.Publish(plant.Change{Latest: u.Latest, States: u.States})
	}
}

// Redis comes and goes while workers commit, and workers and web processes are
// replaced. In the end everybody knows everything.
func TestRedisComesAndGoes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 20 s")
	}
	t.Parallel()
	server := miniredis.RunT(t)
	address := server.Addr()
	truth := live.NewHub(live.Options{})
	first, _ := newWeb(t, address, storeOf(truth))

	ctx, end := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	for agent := range plant.AgentID(3) {
		c := newCapture(agent + 1)
		var mu sync.Mutex
		statuses := func() []plant.AgentStatus {
			mu.Lock()
			defer mu.Unlock()
			return []plant.AgentStatus{c.status()}
		}
		workers.Go(func() {
			// A worker that is replaced does not say the last of what it committed.
			for ctx.Err() == nil {
				p, stop := publisher(t, address, statuses)
				for range 300 + 100*int(agent) {
					mu.Lock()
					change := c.commit()
					mu.Unlock()
					truth.Publish(change)
					if ctx.Err() == nil {
						p.Publish(change)
					}
					time.Sleep(time.Millisecond)
				}
				stop()
			}
			_, _ = publisher(t, address, statuses)
			truth.PublishStatus(c.status())
		})
	}
	for i := range 3 {
		time.Sleep(time.Duration(300*(i+1)) * time.Millisecond)
		server.Close()
		time.Sleep(time.Duration(300*(i+1)) * time.Millisecond)
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		server.FlushAll()
	}
	second, _ := newWeb(t, address, storeOf(truth))
	end()
	workers.Wait()
	for i, w := range []*web{first, second} {
		w.hears(t, "everything", func() bool { return same(truth, w.Hub) == "" })
		t.Logf("web process %d knows everything", i+1)
	}
}
