package jobs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/plant"
)

// link knows whether Redis can be used, as far as this process has noticed, and
// logs when this changes.
type link struct {
	log     *slog.Logger
	metrics *metrics

	mu    sync.Mutex
	known bool
	up    bool
	// checked is whether CheckRedis has answered since the link is up.
	checked bool
}

// report takes how an attempt to use Redis went. What a process that stops has
// given up says nothing.
func (l *link) report(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	up := err == nil
	if l.known && l.up == up {
		return
	}
	switch {
	case !up:
		l.log.Warn("Redis cannot be used; jobs wait", "error", err)
	case l.known:
		l.log.Info("Redis can be used again")
	}
	l.known, l.up, l.checked = true, up, false
	l.metrics.reaches(up)
}

// down reports whether Redis could not be used when it was last tried.
func (l *link) down() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known && !l.up
}

// usable reports whether Redis could be used when it was last tried, if it was.
func (l *link) usable() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up
}

// check looks once, each time that Redis has come back, whether it is fit.
func (l *link) check(ctx context.Context, client redis.UniversalClient) {
	l.mu.Lock()
	due := l.up && !l.checked
	l.mu.Unlock()
	if !due {
		return
	}
	err := CheckRedis(ctx, client)
	switch {
	case err == nil:
	case errors.Is(err, ErrUnchecked):
		l.log.Warn("whether this Redis is fit is not known", "reason", err)
	case plant.ErrorCode(err) == plant.Unavailable:
		return
	default:
		l.log.Error("this Redis is not fit for jobs", "reason", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.checked = l.up
}

// workerClient is the client that the server of asynq is given. It keeps the
// server from what it does badly when Redis is away: asking for tasks in a tight
// loop, forgetting that a task has ended, and taking long to stop.
type workerClient struct {
	redis.UniversalClient
	link *link
	// pending is the key by which the server's question for a task is known.
	pending string
	// pause follows each such question that failed.
	pause time.Duration
	// deaf is a client that is closed.
	deaf *redis.Client
	// stop ends when the server is about to be stopped.
	stop context.Context
}

// EvalSha runs a script. All that the server does with tasks it does by scripts.
func (c *workerClient) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	if c.stop.Err() != nil && c.link.down() {
		cmd := redis.NewCmd(ctx)
		cmd.SetErr(errStopping)
		return cmd
	}
	cmd := c.UniversalClient.EvalSha(revive(ctx), sha1, keys, args...)
	err := cmd.Err()
	if len(keys) == 0 || keys[0] != c.pending {
		if err != nil && !isReply(err) {
			c.link.report(err)
		}
		return cmd
	}
	if errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "NOSCRIPT") {
		err = nil
	}
	c.link.report(err)
	if err != nil {
		sleep(c.stop, c.pause)
	}
	return cmd
}

// Eval runs a script that Redis does not know, as it has been restarted.
func (c *workerClient) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return c.UniversalClient.Eval(revive(ctx), script, keys, args...)
}

// revive gives a context that has not ended. What the server could not tell when
// a task ended it tells again later, but with the context of the first attempt,
// which it has cancelled; so the task would be run again.
func revive(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// ZRem is what the server takes itself off the list of servers with.
func (c *workerClient) ZRem(ctx context.Context, key string, members ...any) *redis.IntCmd {
	if c.stop.Err() != nil && c.link.down() {
		cmd := redis.NewIntCmd(ctx)
		cmd.SetErr(errStopping)
		return cmd
	}
	return c.UniversalClient.ZRem(ctx, key, members...)
}

// Subscribe gives a subscription that fails. The server would listen to
// cancellations, which nobody sends; it would wait for Redis without a limit when
// it begins to, and connect ten times a second while Redis is away.
func (c *workerClient) Subscribe(ctx context.Context, channels ...string) *redis.PubSub {
	return c.deaf.Subscribe(ctx, channels...)
}

// errStopping ends what a server that stops would wait for in vain.
var errStopping = errors.New("the worker stops, and Redis is away")
