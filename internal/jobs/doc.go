// Package jobs runs short, idempotent work aside from the pages and the capture:
// tasks, by name, with a timeout, a bounded number of attempts and a list of those
// that failed for good; and periodic jobs, once a period.
//
// A [Queue] is [Local], all within one process, or [Redis], shared by processes:
// the tasks are those of asynq, with what it lacks for our purpose beside it. One
// suite of tests holds both to the same contract.
//
// What must not be lost is in the database; a queue is only the doorbell. A task
// may be run more than once, after a crash, and in rare cases twice at the same
// time; its handler must bear that. Ids make that an exception: the id of a
// periodic task is stamped with its period, as in seal:2026-11-25T10:00, so that
// two schedulers that enqueue the same period enqueue one task, and nothing that
// is left of a period is in the way of the next one.
//
// Where a change goes: the rules of jobs and tasks, in job.go and period.go; how an
// attempt is run, logged and counted, in runner.go; when periods are enqueued, in
// scheduler.go, and who does it, in redis_seat.go; tasks of dead workers, in
// redis_sweep.go; what is done about a Redis that is away, in redis_link.go.
//
//	queue, err := jobs.NewLocal(jobs.Options{Jobs: []jobs.Job{
//		{Name: "seal", Period: jobs.Every(time.Minute)},
//	}})
//	...
//	go queue.Schedule(ctx)
//	err = queue.Work(ctx, map[string]jobs.Handler{"seal": seal})
package jobs
