package web_test

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

func (s *shop) System(context.Context) (api.System, error) {
	s.Lock()
	defer s.Unlock()
	return s.system, s.systemErr
}

// shopSystem makes an installation with something of everything.
func shopSystem(now time.Time) api.System {
	ago := func(d time.Duration) time.Time { return now.Add(-d).UTC() }
	ran := func(job string, d time.Duration, took float64) *api.JobRun {
		return &api.JobRun{ID: job + ":2026-11-25T10:00", By: "plc-1:411", Started: ago(d), TookSeconds: took}
	}
	failed := ran("retention", 23*time.Minute, 12)
	failed.Error = "count the blocks: the disk of the database is full"
	return api.System{
		Now: now.UTC(), Refused: 3, Version: "1.2.3", Started: ago(26 * time.Hour), Redis: api.RedisReachable,
		Crew: &api.Crew{
			Workers: []api.Worker{
				{Name: "plc-1:411", Version: "1.2.3", Started: ago(26 * time.Hour), Seen: ago(time.Second), Alive: true, Agents: []string{"hall-a", "hall-b"}, Rate: ptr(215.6)},
				{Name: "plc-2:98", Version: "1.2.2", Started: ago(9 * time.Hour), Seen: ago(11 * time.Minute), Agents: []string{}, Rate: ptr(0.0)},
			},
			Unheld: []string{"hall-c"},
		},
		Queue: &api.Queue{
			Leader: &api.Leader{Name: "plc-1:502", Since: ago(3 * time.Hour)},
			Depth:  api.Depth{Waiting: 4, Running: 1, Retrying: 2, Failed: 3},
			Jobs: []api.Job{
				{Name: "agents", Period: "every 30s", Next: ptr(now.Add(12 * time.Second)), Last: ran("agents", 18*time.Second, 0.005)},
				{Name: "export", Period: "on demand"},
				{Name: "retention", Period: "hourly at :37", Next: ptr(now.Add(37 * time.Minute)), Last: failed},
				{Name: "verify", Period: "daily at 02:30 UTC", Next: ptr(now.Add(14*time.Hour + 30*time.Minute)), Overdue: true},
			},
			Running: []api.RunningTask{{ID: "seal:2026-11-25T10:05", Job: "seal", By: "plc-1:411", Since: ptr(ago(2 * time.Second))}},
			Failed: []api.FailedTask{
				{ID: "retention:2026-11-25T09:37", Job: "retention", At: ago(23 * time.Minute), Attempts: 3, Reason: "the disk of the database is full"},
			},
		},
		Store: api.Store{
			Size:          &api.StoreSize{Rows: 1_203_400, Blocked: 812_003_123, Blocks: 233_004, RowBytes: 110_000_000, BlockBytes: 2_043_000_000, TotalBytes: 2_400_000_000, FreeBytes: 5_300_000, Oldest: ptr(ago(800 * time.Hour))},
			RetentionDays: 90,
			Faults:        []api.Fault{{What: "block 12", Agent: "hall-c", Machine: "edm-1", DataItem: "Xload", Detail: "checksum 1f, want 2e", Noticed: ago(4 * time.Minute)}},
		},
		Missing: map[string]string{},
	}
}
