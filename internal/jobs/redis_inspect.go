package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/factorydash/factorydash/internal/plant"
)

// Inspect tells what there is, as Redis knows it.
func (q *Redis) Inspect(ctx context.Context) (Snapshot, error) {
	k := q.keys
	s := Snapshot{Taken: q.opts.Now()}
	pipe := q.client.Pipeline()
	// See Retry for why the queue is named again.
	pipe.SAdd(ctx, k.queues, q.opts.Namespace)
	leader, enqueued, runs := pipe.HGetAll(ctx, k.leader), pipe.HGetAll(ctx, k.enqueued), pipe.HGetAll(ctx, k.runs)
	active := pipe.LRange(ctx, k.active, -ListLimit, -1)
	counts := q.countTasks(ctx, pipe)
	if _, err := pipe.Exec(ctx); err != nil {
		return Snapshot{}, errAway(err)
	}
	s.Depth = counts()
	s.Leader = parseLeader(leader.Val())
	s.Jobs = q.jobs.statuses(s.Taken, parseStarts(enqueued.Val()), parseRuns(runs.Val()))
	var err error
	if s.Running, err = q.running(active.Val()); err != nil {
		return Snapshot{}, err
	}
	if s.Failed, err = q.failed(ctx, s.Depth.Failed); err != nil {
		return Snapshot{}, err
	}
	if s.Unfit, err = q.unfit(ctx); err != nil {
		return Snapshot{}, err
	}
	return s, nil
}

// unfit says why the Redis is not fit. It may have come after this process began, or
// its settings may have been changed since.
func (q *Redis) unfit(ctx context.Context) (string, error) {
	err := CheckRedis(ctx, q.client)
	var why *plant.Error
	switch {
	case err == nil || errors.Is(err, ErrUnchecked):
		return "", nil
	case plant.ErrorCode(err) == plant.Invalid && errors.As(err, &why):
		return why.Msg, nil
	default:
		return "", err
	}
}

// running gives the running tasks, with what the heartbeats of their workers say
// of them.
func (q *Redis) running(ids []string) ([]Running, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	servers, err := q.inspector.Servers()
	if err != nil {
		return nil, errAway(err)
	}
	known := make(map[string]Running)
	for _, server := range servers {
		for _, w := range server.ActiveWorkers {
			if w.Queue == q.opts.Namespace {
				known[w.TaskID] = Running{By: fmt.Sprintf("%s:%d", server.Host, server.PID), Since: w.Started}
			}
		}
	}
	list := make([]Running, 0, len(ids))
	for _, id := range ids {
		r := known[id]
		r.ID, r.Job = id, jobOf(id)
		list = append(list, r)
	}
	sortRunning(list)
	return list, nil
}

// failed gives the newest of so many failed tasks. asynq gives them in pages, the
// oldest first.
func (q *Redis) failed(ctx context.Context, count int) ([]Failure, error) {
	var tasks []*asynq.TaskInfo
	last := (count + ListLimit - 1) / ListLimit
	for page := max(1, last-1); page <= last; page++ {
		infos, err := q.inspector.ListArchivedTasks(q.opts.Namespace, asynq.PageSize(ListLimit), asynq.Page(page))
		if err != nil {
			return nil, errAway(err)
		}
		tasks = append(tasks, infos...)
	}
	// What is lost of a task is listed as a task without an id.
	tasks = slices.DeleteFunc(tasks, func(t *asynq.TaskInfo) bool { return t.ID == "" })
	slices.Reverse(tasks)
	tasks = tasks[:min(len(tasks), ListLimit)]
	swept, err := q.swept(ctx, tasks)
	if err != nil {
		return nil, err
	}
	list := make([]Failure, len(tasks))
	for i, t := range tasks {
		list[i] = Failure{ID: t.ID, Job: t.Type, At: t.LastFailedAt, Attempts: t.Retried + 1, Reason: t.LastErr}
		if reason, at := swept[i].values(); reason != "" {
			list[i].At, list[i].Attempts, list[i].Reason = at, t.Retried, reason
		}
	}
	return list, nil
}

// sweptFields are what the sweeper has written to a task.
type sweptFields struct{ *redis.SliceCmd }

// swept asks for what the sweeper has written to tasks.
func (q *Redis) swept(ctx context.Context, tasks []*asynq.TaskInfo) ([]sweptFields, error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	pipe := q.client.Pipeline()
	list := make([]sweptFields, len(tasks))
	for i, t := range tasks {
		list[i] = sweptFields{pipe.HMGet(ctx, q.keys.task(t.ID), fieldReason, fieldFailed)}
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, errAway(err)
	}
	return list, nil
}

// values gives why the sweeper gave a task up and when. The reason is empty where
// it did not.
func (f sweptFields) values() (reason string, at time.Time) {
	fields := f.Val()
	reason, _ = fields[0].(string)
	text, _ := fields[1].(string)
	seconds, _ := strconv.ParseInt(text, 10, 64)
	return reason, time.Unix(seconds, 0)
}

func parseLeader(fields map[string]string) Leader {
	l := Leader{Name: fields["name"]}
	if ms, err := strconv.ParseInt(fields["since"], 10, 64); err == nil {
		l.Since = time.UnixMilli(ms)
	}
	l.Term, _ = strconv.ParseInt(fields["term"], 10, 64)
	return l
}

// parseRuns reads the newest run of each job. What is no run is left out.
func parseRuns(fields map[string]string) map[string]Run {
	runs := make(map[string]Run, len(fields))
	for job, text := range fields {
		var r Run
		if json.Unmarshal([]byte(text), &r) == nil {
			runs[job] = r
		}
	}
	return runs
}
