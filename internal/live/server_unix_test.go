//go:build unix

package live_test

import (
	"context"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/jobs/redistest"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// A real Redis is killed, emptied and hangs while workers commit. In the end the
// web process knows everything, and has said meanwhile that it did not.
func TestRealRedis(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 30 s")
	}
	t.Parallel()
	server := redistest.Start(t)
	truth := live.NewHub(live.Options{})
	w, _ := newWeb(t, server.Addr(), storeOf(truth))
	w.listens(t)
	c := newCapture(1)
	var mu sync.Mutex
	status := func() plant.AgentStatus {
		mu.Lock()
		defer mu.Unlock()
		return c.status()
	}
	p, _ := publisher(t, server.Addr(), func() []plant.AgentStatus { return []plant.AgentStatus{status()} })
	commit := func() {
		mu.Lock()
		defer mu.Unlock()
		change := c.commit()
		truth.Publish(change)
		began := time.Now()
		p.Publish(change)
		if took := time.Since(began); took > time.Second {
			t.Errorf("a commit was held up for %v", took)
		}
	}
	ctx, end := context.WithCancel(t.Context())
	var worker sync.WaitGroup
	worker.Go(func() {
		for ctx.Err() == nil {
			commit()
			time.Sleep(5 * time.Millisecond)
		}
	})
	knows := func() {
		t.Helper()
		w.hears(t, "a new commit", func() bool {
			seen, _ := w.Status(1)
			return seen.Link == plant.LinkStreaming && seen.Next >= status().Next-2000
		})
	}
	knows()
	server.Kill()
	server.Restart()
	if err := server.Client().FlushAll(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	knows()
	server.Stop()
	w.hears(t, "that Redis is away", func() bool { s, _ := w.Status(1); return s.Error == live.NoRedis })
	server.Restart()
	knows()
	server.Freeze()
	w.hears(t, "that Redis hangs", func() bool { s, _ := w.Status(1); return s.Error == live.NoRedis })
	server.Thaw()
	knows()
	end()
	worker.Wait()
	truth.PublishStatus(status())
	w.hears(t, "everything", func() bool { return same(truth, w.Hub) == "" })
}

// BenchmarkBridge publishes 20,000 observations a second, as 20 agents of one
// worker commit them ten times a second, through a real Redis, and tells how long
// they take to a hub. An iteration is a tenth of a second.
func BenchmarkBridge(b *testing.B) {
	const agents, observations, tick = 20, 100, 100 * time.Millisecond
	server := redistest.Start(b)
	w, stopWeb := newWeb(b, server.Addr(), func(*live.Hub) {})
	w.listens(b)
	p, stop := publisher(b, server.Addr(), nil)

	var took []time.Duration
	ctx, end := context.WithCancel(context.Background())
	var reader sync.WaitGroup
	reader.Go(func() {
		s, err := w.Subscribe()
		if err != nil {
			b.Error(err)
			return
		}
		defer s.Close()
		var mark live.Mark
		for {
			select {
			case <-s.Changed():
			case <-ctx.Done():
				return
			}
			u := w.Since(mark)
			mark = u.Mark
			now := time.Now().UnixMicro()
			for _, l := range u.Latest {
				took = append(took, time.Duration(now-l.Time)*time.Microsecond)
			}
		}
	})
	sequence := int64(0)
	n := 0
	next := time.Now()
	began, cpu := time.Now(), used(b)
	for b.Loop() {
		for agent := range agents {
			c := plant.Change{Agent: plant.AgentID(agent + 1), Latest: make([]plant.Latest, observations)}
			sequence++
			for i := range c.Latest {
				c.Latest[i].Observation = plant.Observation{
					Item: plant.ItemID(agent*observations + i + 1), Run: 1, Sequence: sequence, Time: time.Now().UnixMicro(),
					Value: plant.Value{Kind: plant.Number, Number: float64(sequence) / 8},
				}
			}
			p.Publish(c)
			n += observations
		}
		next = next.Add(tick)
		time.Sleep(time.Until(next))
	}
	busy, elapsed := used(b)-cpu, time.Since(began)
	w.hears(b, "the last", func() bool { l, _ := w.Latest(agents * observations); return l.Sequence == sequence })
	stop()
	stopWeb()
	end()
	reader.Wait()
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))]) / float64(time.Millisecond)
	}
	b.ReportMetric(float64(n)/elapsed.Seconds(), "observations/s")
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	b.ReportMetric(100*busy.Seconds()/elapsed.Seconds(), "%-of-a-core")
}

// used gives the processor time that this process has taken.
func used(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
