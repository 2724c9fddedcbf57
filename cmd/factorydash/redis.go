package main

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/plant"
)

// redisFlags says where the broker is that joins several processes.
type redisFlags struct {
	RedisURL       string `help:"Redis or Valkey that joins the processes: redis://, rediss:// (TLS) or redis-sentinel://user:password@host:port/… REDIS_URL_FILE names a file that holds it." placeholder:"URL" env:"REDIS_URL"`
	RedisNamespace string `help:"Begins the name of all that is in Redis, so that several installations can share one." default:"factorydash" env:"FACTORYDASH_REDIS_NAMESPACE"`
}

// redis gives the URL of the broker; empty where there is none.
func (f redisFlags) redis() (string, error) {
	if f.RedisURL != "" {
		return f.RedisURL, nil
	}
	return secret("REDIS_URL")
}

// openRedis gives a client of the broker; nil where there is none. A broker that
// is away is no error: everything starts and heals when it is there. One that is
// not fit for a queue is one.
func (f redisFlags) openRedis(ctx context.Context, env *environment) (*redis.Client, error) {
	url, err := f.redis()
	if err != nil || url == "" {
		return nil, err
	}
	client, err := jobs.OpenRedis(url, env.log)
	if err != nil {
		return nil, err
	}
	switch err := jobs.CheckRedis(ctx, client); {
	case err == nil:
	case errors.Is(err, jobs.ErrUnchecked):
		env.log.Warn("Redis does not tell whether it is fit for a queue", "error", err)
	case plant.ErrorCode(err) == plant.Unavailable:
		env.log.Warn("Redis is away: jobs wait, and pages of other processes are behind until it is there", "error", err)
	default:
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}
