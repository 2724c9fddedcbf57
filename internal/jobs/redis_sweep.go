package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// sweepLimit is how many running tasks a sweeper looks at. There are as many
	// as all workers run at once; those beyond are looked at when these are done.
	sweepLimit = 1000
	// adoptedLease is how long a lease lasts that the sweeper gives a task that
	// has none, as those of asynq do.
	adoptedLease = 30 * time.Second
)

// What becomes of a task that the sweeper takes from its worker.
const (
	// sweptAlive: a worker has vouched for it meanwhile.
	sweptAlive = "alive"
	// sweptGone: it has ended meanwhile, or another sweeper was first.
	sweptGone = "gone"
	// sweptLost: what it was is lost; its id is dropped.
	sweptLost = "lost"
	// sweptGivenUp: it is among the failed tasks.
	sweptGivenUp = "given_up"
	// sweptRequeued: it waits for a worker.
	sweptRequeued = "requeued"
)

// sweeper finds tasks whose worker is dead and has them run again. Every worker
// sweeps; the scripts see to it that one sweeper gets a task.
//
// asynq would do so itself 30 s after the lease of 30 s has run out, within a
// minute, and never where the entry of the lease is lost. The sweeper does not
// ask whether the lease has run out, which depends on clocks, but whether it has
// been extended: a worker does that every 5 s. A worker that hangs is as good as
// dead; should it go on, the task runs twice at once.
type sweeper struct {
	q              *Redis
	adopt, reclaim *redis.Script
	seen           map[string]sighting
}

// sighting is the lease of a task, and how many sweeps have found it unchanged. Time
// is not asked: while all processes stood still, nobody could vouch for a task.
type sighting struct {
	lease  float64
	sweeps int
}

func newSweeper(q *Redis) *sweeper {
	return &sweeper{
		q:    q,
		seen: make(map[string]sighting),
		// Gives a lease to a running task that has none, so that its worker, if
		// it lives, extends it.
		// KEYS: lease, task. ARGV: id, lease in s.
		adopt: redis.NewScript(`
if redis.call("HGET", KEYS[2], "state") == "active" then
	redis.call("ZADD", KEYS[1], "NX", ARGV[2], ARGV[1])
end
return 0`),
		// Takes a task from its worker, unless the lease is another one than
		// seen.
		// KEYS: lease, active, pending, archived, task.
		// ARGV: id, lease seen (0: none), most crashes, now in s, reason.
		reclaim: redis.NewScript(`
local lease = redis.call("ZSCORE", KEYS[1], ARGV[1])
if tonumber(lease or 0) ~= tonumber(ARGV[2]) then
	return "` + sweptAlive + `"
end
if redis.call("LREM", KEYS[2], 0, ARGV[1]) == 0 then
	return "` + sweptGone + `"
end
redis.call("ZREM", KEYS[1], ARGV[1])
if redis.call("HEXISTS", KEYS[5], "msg") == 0 then
	redis.call("DEL", KEYS[5])
	return "` + sweptLost + `"
end
if redis.call("HINCRBY", KEYS[5], "` + fieldCrashes + `", 1) >= tonumber(ARGV[3]) then
	redis.call("ZADD", KEYS[4], ARGV[4], ARGV[1])
	redis.call("HSET", KEYS[5], "state", "archived", "` + fieldReason + `", ARGV[5], "` + fieldFailed + `", ARGV[4])
	return "` + sweptGivenUp + `"
end
redis.call("RPUSH", KEYS[3], ARGV[1])
redis.call("HSET", KEYS[5], "state", "pending", "pending_since", ARGV[4] .. "000000000")
return "` + sweptRequeued + `"`),
	}
}

// sweep looks at the running tasks once. What goes wrong with Redis is for the
// link to tell; the next sweep makes up for it.
func (s *sweeper) sweep(ctx context.Context) {
	leases, err := s.leases(ctx)
	if err != nil {
		s.q.opts.Log.Debug("sweep: the running tasks are not known", "error", err)
		// While nobody can reach Redis nobody can vouch for a task either.
		clear(s.seen)
		return
	}
	now := s.q.opts.Now()
	for id, lease := range leases {
		if lease == 0 {
			s.lend(ctx, id, now)
		}
		seen, ok := s.seen[id]
		if !ok || seen.lease != lease {
			s.seen[id] = sighting{lease: lease}
			continue
		}
		seen.sweeps++
		s.seen[id] = seen
		if time.Duration(seen.sweeps)*s.q.opts.SweepInterval >= s.q.opts.SweepAfter {
			s.take(ctx, id, lease, now)
		}
	}
	for id := range s.seen {
		if _, ok := leases[id]; !ok {
			delete(s.seen, id)
		}
	}
}

// leases gives when the lease of each running task runs out, in seconds; 0 where
// there is none.
func (s *sweeper) leases(ctx context.Context) (map[string]float64, error) {
	k := s.q.keys
	ids, err := s.q.client.LRange(ctx, k.active, -sweepLimit, -1).Result()
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	pipe := s.q.client.Pipeline()
	scores := make([]*redis.FloatCmd, len(ids))
	for i, id := range ids {
		scores[i] = pipe.ZScore(ctx, k.lease, id)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	leases := make(map[string]float64, len(ids))
	for i, id := range ids {
		leases[id] = scores[i].Val()
	}
	return leases, nil
}

// lend gives a lease to a running task that has none.
func (s *sweeper) lend(ctx context.Context, id string, now time.Time) {
	k := s.q.keys
	err := s.adopt.Run(ctx, s.q.client, []string{k.lease, k.task(id)}, id, now.Add(adoptedLease).Unix()).Err()
	if err != nil {
		s.q.opts.Log.Debug("sweep: a running task has no lease", "task", id, "error", err)
	}
}

// take gives a task of a dead worker back to the queue, or gives it up.
func (s *sweeper) take(ctx context.Context, id string, lease float64, now time.Time) {
	k, o := s.q.keys, &s.q.opts
	outcome, err := s.reclaim.Run(ctx, s.q.client,
		[]string{k.lease, k.active, k.pending, k.archived, k.task(id)},
		id, int64(lease), o.MaxCrashes, now.Unix(),
		fmt.Sprintf("%d workers died or hung while they ran it", o.MaxCrashes)).Text()
	if err != nil {
		o.Log.Debug("sweep: a task of a dead worker is left as it is", "task", id, "error", err)
		return
	}
	delete(s.seen, id)
	if outcome == sweptAlive || outcome == sweptGone {
		return
	}
	s.q.metrics.swept.WithLabelValues(outcome).Inc()
	o.Log.Warn("the worker of a task is dead", "job", jobOf(id), "task", id, "outcome", outcome)
}
