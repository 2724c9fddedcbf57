package jobs

// keys are the keys in Redis that this package reads or writes itself. Those that
// begin with asynq are asynq's, as of v0.26.0: it has no way to requeue a task of
// a dead worker, and tells what there is only at some cost. The conformance tests
// fail where they are others.
type keys struct {
	// queues is the set of the names of queues.
	queues string
	// pending and active are lists of task ids, oldest last; lease, retry and
	// archived are sets of them, with times in seconds.
	pending, active, lease, retry, archived string
	// taskPrefix and the id of a task name the hash of the task.
	taskPrefix string

	// leader is a hash: holder, name, since, term. It expires.
	leader string
	// term counts the leaders.
	term string
	// enqueued is a hash: the start, in seconds, of the newest period of each
	// job.
	enqueued string
	// runs is a hash: the newest Run of each job, as JSON.
	runs string
}

// The fields that this package adds to the hash of a task.
const (
	// fieldCrashes counts the workers that died while they ran the task.
	fieldCrashes = "crashes"
	// fieldReason says why the sweeper gave it up, and fieldFailed when, in
	// seconds.
	fieldReason = "reason"
	fieldFailed = "failed_at"
)

func newKeys(namespace string) keys {
	queue, own := "asynq:{"+namespace+"}:", namespace+":jobs:"
	return keys{
		queues:  "asynq:queues",
		pending: queue + "pending", active: queue + "active", lease: queue + "lease",
		retry: queue + "retry", archived: queue + "archived",
		taskPrefix: queue + "t:",
		leader:     own + "leader", term: own + "term", enqueued: own + "enqueued", runs: own + "runs",
	}
}

func (k keys) task(id string) string { return k.taskPrefix + id }
