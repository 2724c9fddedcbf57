package jobs_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/plant"
)

// meanwhile is called before the second script that a client runs.
type meanwhile struct {
	redis.Hook
	scripts atomic.Int32
	do      func(context.Context)
}

func (m *meanwhile) DialHook(next redis.DialHook) redis.DialHook { return next }

func (m *meanwhile) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (m *meanwhile) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" && m.scripts.Add(1) == 2 {
			m.do(ctx)
		}
		return next(ctx, cmd)
	}
}

// A task that ends, or is retried, while Retry looks at it is told of as such, and
// not as a Redis that is away.
func TestRetryOfWhatChangesMeanwhile(t *testing.T) {
	const task = taskPrefix + "merge:1"
	for code, do := range map[plant.Code]func(*redis.Client) func(context.Context){
		plant.NotFound: func(c *redis.Client) func(context.Context) {
			return func(ctx context.Context) { c.Del(ctx, task) }
		},
		plant.Conflict: func(c *redis.Client) func(context.Context) {
			return func(ctx context.Context) { c.HSet(ctx, task, "state", "pending") }
		},
	} {
		t.Run(string(code), func(t *testing.T) {
			url := "redis://" + miniredis.RunT(t).Addr()
			opts, client, other := quick(jobs.Job{Name: "merge"}), openRedis(t, url), openRedis(t, url)
			q, err := jobs.NewRedis(client, opts)
			if err != nil {
				t.Fatal(err)
			}
			enqueue(t, q, jobs.Task{Job: "merge", ID: "merge:1"})
			pipe := other.TxPipeline()
			pipe.LRem(t.Context(), pendingKey, 0, "merge:1")
			pipe.HSet(t.Context(), task, "state", "archived")
			pipe.ZAdd(t.Context(), "asynq:{factorydash}:archived", redis.Z{Member: "merge:1", Score: 1})
			if _, err := pipe.Exec(t.Context()); err != nil {
				t.Fatal(err)
			}
			client.AddHook(&meanwhile{do: do(other)})
			refused(t, "retry", q.Retry(t.Context(), "merge:1"), code)
		})
	}
}
