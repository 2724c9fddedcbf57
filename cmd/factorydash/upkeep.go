package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/retention"
)

// sealFlags is when observations are sealed.
type sealFlags struct {
	SealAfter time.Duration `help:"How long observations lie in rows, where SQL sees them, before they are sealed into blocks." default:"1h" env:"FACTORYDASH_SEAL_AFTER"`
}

// The range of --seal-after.
const (
	minSealAfter = time.Minute
	maxSealAfter = 10 * 365 * 24 * time.Hour
)

// Validate is called by the command line's parser.
func (f sealFlags) Validate() error {
	if f.SealAfter < minSealAfter || f.SealAfter > maxSealAfter {
		return plant.Errorf(plant.Invalid, "--seal-after %s: use %s to %s", f.SealAfter, minSealAfter, maxSealAfter)
	}
	return nil
}

// The jobs that there are. Their names stand in Redis and in what people type.
const (
	jobSeal      = "seal"
	jobMerge     = "merge"
	jobRetention = "retention"
	jobVerify    = "verify"
	jobAgents    = "agents"
)

// periodicJobs are the jobs of an installation with their periods. Each finds by
// itself what there is to do, so that a run that was missed is made up for by the
// next one.
var periodicJobs = []jobs.Job{
	// Seal also makes ready the partitions of the next hours. In PostgreSQL it seals the
	// rows of an hour in one transaction, so the timeout bounds how many they may be.
	// Sealed about ten times as fast as they are committed (docs/benchmarks.md), the most
	// that an hour takes need six minutes.
	{Name: jobSeal, Period: jobs.Every(15 * time.Minute), Timeout: 15 * time.Minute, Attempts: 2},
	{Name: jobMerge, Period: jobs.Hourly(17), Timeout: 30 * time.Minute, Attempts: 3},
	{Name: jobRetention, Period: jobs.Hourly(37), Timeout: 30 * time.Minute, Attempts: 3},
	{Name: jobVerify, Period: jobs.Daily(2, 30), Timeout: 6 * time.Hour, Attempts: 2},
	{Name: jobAgents, Period: jobs.Every(30 * time.Second), Timeout: 20 * time.Second, Attempts: 1},
}

// handlers are what the jobs do.
func handlers(keeper *retention.Keeper, watch *captureWatch) map[string]jobs.Handler {
	simple := func(f func(context.Context) error) jobs.Handler {
		return func(ctx context.Context, _ []byte) error { return f(ctx) }
	}
	return map[string]jobs.Handler{
		jobSeal:  simple(keeper.Seal),
		jobMerge: simple(keeper.Merge),
		jobRetention: simple(func(ctx context.Context) error {
			_, err := keeper.Expire(ctx, false)
			return err
		}),
		jobVerify: simple(keeper.Verify),
		jobAgents: simple(watch.look),
	}
}

// openQueue makes the queue of the jobs: over Redis where there is one, else in
// this process.
func openQueue(client *redis.Client, namespace string, env *environment, registry prometheus.Registerer) (jobs.Queue, error) {
	options := jobs.Options{Jobs: periodicJobs, Log: env.log, Registerer: registry, Namespace: namespace}
	if client == nil {
		return jobs.NewLocal(options)
	}
	return jobs.NewRedis(client, options)
}
