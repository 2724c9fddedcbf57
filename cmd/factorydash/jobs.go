package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/jobs"
	"github.com/factorydash/factorydash/internal/plant"
)

type jobsCommand struct {
	List  jobsListCommand  `cmd:"" help:"List the jobs, with what runs, waits and has failed."`
	Run   jobsRunCommand   `cmd:"" help:"Have a job run now, beside its schedule."`
	Retry jobsRetryCommand `cmd:"" help:"Have a failed task tried once more."`
}

// openSharedQueue opens the queue that workers and schedulers share. A process on
// the embedded store has a queue of its own, which nobody else can reach.
func openSharedQueue(ctx context.Context, env *environment, f redisFlags) (jobs.Queue, func() error, error) {
	client, err := f.openRedis(ctx, env)
	if err != nil {
		return nil, nil, err
	}
	if client == nil {
		return nil, nil, plant.Errorf(plant.Invalid, "REDIS_URL is not set: without Redis the jobs are within 'factorydash serve', whose page /system shows them")
	}
	queue, err := openQueue(client, f.RedisNamespace, env, prometheus.NewRegistry())
	return queue, client.Close, err
}

type jobsListCommand struct {
	redisFlags
	JSON bool `help:"Print as JSON."`
}

// Run prints what there is in the queue.
func (c *jobsListCommand) Run(ctx context.Context, env *environment) error {
	queue, done, err := openSharedQueue(ctx, env, c.redisFlags)
	if err != nil {
		return err
	}
	defer done() //nolint:errcheck // Nothing was written.
	s, err := queue.Inspect(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(s)
	}
	leader := "nobody leads: no scheduler runs"
	if s.Leader.Name != "" {
		leader = fmt.Sprintf("%s leads since %s", s.Leader.Name, moment(s.Leader.Since))
	}
	fmt.Fprintf(env.stdout, "%s; %d waiting, %d running, %d to be tried again, %d failed\n\n",
		leader, s.Depth.Waiting, s.Depth.Running, s.Depth.Retrying, s.Depth.Failed)
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "JOB\tPERIOD\tNEXT\tLAST RUN\tTOOK\tRESULT")
	for _, j := range s.Jobs {
		last, took, result := "—", "—", "—"
		if j.Last.ID != "" {
			last, took, result = moment(j.Last.Started), j.Last.Took.Round(time.Millisecond).String(), "ok"
		}
		if j.Last.Error != "" {
			result = oneLine(j.Last.Error)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", j.Name, j.Period, moment(j.Next), last, took, result)
	}
	for _, r := range s.Running {
		fmt.Fprintf(table, "%s\trunning\t\t%s\t\tby %s\n", r.ID, moment(r.Since), r.By)
	}
	for _, f := range s.Failed {
		fmt.Fprintf(table, "%s\tfailed\t\t%s\t\t%s\n", f.ID, moment(f.At), oneLine(f.Reason))
	}
	return table.Flush()
}

type jobsRunCommand struct {
	redisFlags
	Job string `arg:"" help:"Name of the job, as 'jobs list' has it."`
}

// Run enqueues the job.
func (c *jobsRunCommand) Run(ctx context.Context, env *environment) error {
	queue, done, err := openSharedQueue(ctx, env, c.redisFlags)
	if err != nil {
		return err
	}
	defer done() //nolint:errcheck // What was written is settled.
	id, err := queue.Enqueue(ctx, jobs.Task{Job: c.Job})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s waits for a worker\n", id)
	return nil
}

type jobsRetryCommand struct {
	redisFlags
	ID string `arg:"" help:"The task, as 'jobs list' has it."`
}

// Run has the task tried again.
func (c *jobsRetryCommand) Run(ctx context.Context, env *environment) error {
	queue, done, err := openSharedQueue(ctx, env, c.redisFlags)
	if err != nil {
		return err
	}
	defer done() //nolint:errcheck // What was written is settled.
	if err := queue.Retry(ctx, c.ID); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s is tried again\n", c.ID)
	return nil
}

// moment gives a time for people; a dash for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.UTC().Format(time.RFC3339)
}

// oneLine keeps a text from breaking a table.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
