package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// newInstallation makes a store with two workers, one of which has gone, and a
// queue in which there is something of everything.
func newInstallation() *fake {
	f := newFake()
	f.agents = append(f.agents, plant.Agent{ID: 3, Name: "hall-c", Configured: true}, plant.Agent{ID: 4, Name: "once"})
	f.crew = store.Crew{
		Workers: []store.Worker{
			{ID: "a", Name: "host-1:11", Version: "1.2.3", Started: start, Seen: start.Add(59 * time.Minute), Left: 8 * time.Second},
			{ID: "b", Name: "host-2:22", Version: "1.2.2", Started: start, Seen: start.Add(30 * time.Minute), Left: -29 * time.Minute},
		},
		Leases: []store.Lease{{Agent: 2, Worker: "a", Number: 3}, {Agent: 1, Worker: "a", Number: 1}},
	}
	now := start.Add(time.Hour)
	f.queue = jobs.Snapshot{
		Unfit:  "it evicts",
		Taken:  now,
		Leader: jobs.Leader{Name: "host-3:33", Since: start.Add(time.Minute), Term: 7},
		Jobs: []jobs.Status{
			{
				Name: "late", Period: jobs.Every(5 * time.Minute), Enqueued: now.Add(-10 * time.Minute), Next: now.Add(5 * time.Minute),
				Last: jobs.Run{ID: "late:1", By: "host-1:11", Started: now.Add(-10 * time.Minute), Took: 1500 * time.Millisecond, Error: "no room"},
			},
			{Name: "seal", Period: jobs.Every(5 * time.Minute), Enqueued: now, Next: now.Add(5 * time.Minute), Last: jobs.Run{ID: "seal:1", By: "host-1:11", Started: now, Took: time.Second}},
			{Name: "export"},
		},
		Depth:   jobs.Depth{Waiting: 1, Running: 2, Retrying: 3, Failed: 4},
		Running: []jobs.Running{{ID: "seal:2", Job: "seal", By: "host-1:11", Since: now.Add(-time.Second)}, {ID: "late:2", Job: "late"}},
		Failed:  []jobs.Failure{{ID: "late:0", Job: "late", At: now.Add(-time.Minute), Attempts: 3, Reason: "no room"}},
	}
	f.size = store.Size{Rows: 3, Blocked: 4, Blocks: 1, RowBytes: 300, BlockBytes: 12, TotalBytes: 4096}
	return f
}

func TestSystem(t *testing.T) {
	w := newWorld(t, newInstallation(), live.Options{Things: 2})
	w.hub.Publish(plant.Change{States: []plant.StateChange{{Device: 7}, {Device: 8}, {Device: 9}}})
	up := streaming(1)
	up.Rate = 20.5
	w.hub.PublishStatus(up)
	w.hub.PublishStatus(plant.AgentStatus{Agent: 2, Link: plant.LinkDown, Error: live.NoRedis})
	status, _, body := w.ask(t, http.MethodGet, "/api/v1/system")
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, body)
	}
	want := `{
		"now": "2026-01-31T09:00:00Z", "version": "1.2.3", "started": "2026-01-31T09:00:00Z", "redis": "reachable", "redisUnfit": "it evicts", "refused": 1,
		"crew": {
			"workers": [
				{"name": "host-1:11", "version": "1.2.3", "started": "2026-01-31T08:00:00Z", "seen": "2026-01-31T08:59:00Z", "alive": true, "agents": ["hall-a", "hall-b"], "rate": 20.5},
				{"name": "host-2:22", "version": "1.2.2", "started": "2026-01-31T08:00:00Z", "seen": "2026-01-31T08:30:00Z", "alive": false, "agents": [], "rate": 0}
			],
			"unheld": ["hall-c"]
		},
		"queue": {
			"leader": {"name": "host-3:33", "since": "2026-01-31T08:01:00Z"},
			"depth": {"waiting": 1, "running": 2, "retrying": 3, "failed": 4},
			"jobs": [
				{"name": "late", "period": "every 5m", "next": "2026-01-31T09:05:00Z", "overdue": true,
					"last": {"id": "late:1", "by": "host-1:11", "started": "2026-01-31T08:50:00Z", "tookSeconds": 1.5, "error": "no room"}},
				{"name": "seal", "period": "every 5m", "next": "2026-01-31T09:05:00Z", "overdue": false,
					"last": {"id": "seal:1", "by": "host-1:11", "started": "2026-01-31T09:00:00Z", "tookSeconds": 1}},
				{"name": "export", "period": "on demand", "overdue": false}
			],
			"running": [{"id": "seal:2", "job": "seal", "by": "host-1:11", "since": "2026-01-31T08:59:59Z"}, {"id": "late:2", "job": "late"}],
			"failed": [{"id": "late:0", "job": "late", "at": "2026-01-31T08:59:00Z", "attempts": 3, "reason": "no room"}]
		},
		"store": {
			"size": {"rows": 3, "blocked": 4, "blocks": 1, "rowBytes": 300, "blockBytes": 12, "totalBytes": 4096},
			"retentionDays": 30, "faults": []
		},
		"missing": {}
	}`
	var got, wanted any
	if err := errors.Join(json.Unmarshal(body, &got), json.Unmarshal([]byte(want), &wanted)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("the system (-want +got):\n%s", diff)
	}
}

// A worker of whose agents nothing is heard has no load that is known.
func TestLoadThatIsNotHeard(t *testing.T) {
	w := newQuietWorld(t, newInstallation(), live.Options{})
	w.hub.PublishStatus(plant.AgentStatus{Agent: 1, Link: plant.LinkDown, Error: live.NoRedis})
	s, err := w.service.System(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rate := s.Crew.Workers[0].Rate; rate != nil {
		t.Errorf("the load is %v, want one that is not known", *rate)
	}
}

// What is away is missing with its reason, and the rest is told.
func TestSystemWithSomethingAway(t *testing.T) {
	w := newQuietWorld(t, newInstallation(), live.Options{})
	look := func() api.System {
		t.Helper()
		s, err := w.service.System(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	w.queueFails = &plant.Error{Code: plant.Unavailable, Msg: "Redis cannot be reached", Err: errors.New("secret")}
	s := look()
	if s.Redis != api.RedisAway || s.Queue != nil || s.Crew == nil || s.Store.Size == nil {
		t.Errorf("without Redis: %+v", s)
	}
	if diff := cmp.Diff(map[string]string{"queue": "Redis cannot be reached"}, s.Missing); diff != "" {
		t.Errorf("missing without Redis (-want +got):\n%s", diff)
	}
	look()
	if n := strings.Count(w.log.String(), "is missing"); n != 1 {
		t.Errorf("that Redis is away was logged %d times, want once:\n%s", n, w.log)
	}

	w.queueFails, w.fails = nil, errors.New("secret")
	s = look()
	if s.Redis != api.RedisReachable || s.Queue == nil || s.Crew != nil || s.Store.Size != nil || s.Store.RetentionDays != 30 {
		t.Errorf("without the store: %+v", s)
	}
	fault := "this is a fault of factorydash; its log says more"
	if diff := cmp.Diff(map[string]string{"crew": fault, "size": fault}, s.Missing); diff != "" {
		t.Errorf("missing without the store (-want +got):\n%s", diff)
	}
	if !strings.Contains(w.log.String(), "is there again") {
		t.Errorf("the log does not tell that Redis is back:\n%s", w.log)
	}
}

// A process that is told of neither workers nor jobs says nothing of them.
func TestSystemThatIsNotTold(t *testing.T) {
	s, err := api.NewService(api.Options{Reader: newFake(), Hub: live.NewHub(live.Options{})}).System(t.Context())
	if err != nil || s.Redis != "" || s.Crew != nil || s.Queue != nil || s.Store.Size != nil || len(s.Missing) > 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Servers that do not answer, or that do not even notice that nobody waits, hold
// the answer up for SourceTimeout and no longer, and are asked once at a time.
func TestSystemDoesNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		dead := make(chan struct{})
		var log bytes.Buffer
		service := api.NewService(api.Options{
			Reader: newFake(), Hub: live.NewHub(live.Options{}), Redis: true,
			Queue: func(context.Context) (jobs.Snapshot, error) {
				asked.Add(1)
				<-dead
				return jobs.Snapshot{}, nil
			},
			Crew: func(ctx context.Context) (store.Crew, error) {
				<-ctx.Done()
				return store.Crew{}, ctx.Err()
			},
			Size: newFake().Size,
			Log:  slog.New(slog.NewTextHandler(&log, nil)),
		})
		began := time.Now()
		for range 3 {
			s, err := service.System(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			late := "no answer within 2s"
			if diff := cmp.Diff(map[string]string{"crew": late, "queue": late}, s.Missing); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
			if s.Redis != api.RedisAway || s.Store.Size == nil {
				t.Errorf("%+v", s)
			}
		}
		if took := time.Since(began); took != 3*api.SourceTimeout {
			t.Errorf("three answers took %v, want %v", took, 3*api.SourceTimeout)
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("the queue was asked %d times while the first question was open", n)
		}
		close(dead)
		service.Wait()
		if s, err := service.System(t.Context()); err != nil || s.Queue == nil || s.Redis != api.RedisReachable {
			t.Errorf("when Redis is back: %+v, %v", s, err)
		}
	})
}
