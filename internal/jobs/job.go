package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

const (
	// DefaultTimeout is how long one attempt of a job may take where the job
	// does not say.
	DefaultTimeout = 30 * time.Second
	// DefaultAttempts is how often a task is tried where its job does not say.
	DefaultAttempts = 5
	// MaxPayload is the most bytes that a payload may have. A task names its
	// work, it does not carry it.
	MaxPayload = 16 << 10
	// maxID is the most bytes that the id of a task may have.
	maxID = 200
)

// ErrPermanent is what the error of a handler wraps when another attempt would
// fail in the same way: the task goes to the failed ones at once.
var ErrPermanent = errors.New("another attempt would fail too")

// Handler does the work of a task. It must be idempotent, and what it leaves
// undone must be found by the next run: it may be called again for the same task
// after a crash, and in rare cases while another process still works on it. It
// returns soon after ctx has ended, which happens at the timeout of the job and
// when the process stops. The payload is that of the task, as JSON, or empty.
type Handler func(ctx context.Context, payload []byte) error

// Job is a kind of work. Every process of an installation is given the same jobs;
// those that run tasks bring the handlers.
type Job struct {
	// Name is lower case letters, digits and hyphens.
	Name string
	// Period is when the job is run without being asked to: never, where it is
	// zero.
	Period Period
	// Timeout is how long an attempt may take: DefaultTimeout where it is zero,
	// at least a second, and not longer than the period, so that runs do not
	// pile up.
	Timeout time.Duration
	// Attempts is how often a task is tried before it is given up:
	// DefaultAttempts where it is zero.
	Attempts int
}

// Task is one piece of work.
type Task struct {
	// Job names the job.
	Job string
	// ID tells the task from all others, so that it is taken once however often
	// it is enqueued. It begins with the job's name and a colon. Where it is
	// empty, the task is taken as a new one.
	ID string
	// Payload is what the handler is given: a small JSON value, or nothing.
	Payload []byte
}

var jobName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,49}$`)

// table is the jobs there are, by name.
type table struct {
	list   []Job
	byName map[string]Job
}

// newTable checks the jobs and fills in what they leave out.
func newTable(list []Job) (table, error) {
	t := table{byName: make(map[string]Job, len(list))}
	for _, j := range list {
		orDefault(&j.Timeout, DefaultTimeout)
		orDefault(&j.Attempts, DefaultAttempts)
		if !jobName.MatchString(j.Name) {
			return t, plant.Errorf(plant.Invalid, "job %q: a name is lower case letters, digits and hyphens", j.Name)
		}
		if _, ok := t.byName[j.Name]; ok {
			return t, plant.Errorf(plant.Invalid, "job %s: there are two of this name", j.Name)
		}
		if j.Timeout < time.Second {
			return t, plant.Errorf(plant.Invalid, "job %s: a timeout of %v: it must be a second at least", j.Name, j.Timeout)
		}
		if !j.Period.IsZero() {
			if err := j.Period.validate(); err != nil {
				return t, &plant.Error{Code: plant.Invalid, Msg: "job " + j.Name, Err: err}
			}
			if j.Timeout > j.Period.Length {
				return t, plant.Errorf(plant.Invalid, "job %s: a timeout of %v: it must not be longer than the period of %v", j.Name, j.Timeout, j.Period.Length)
			}
		}
		t.byName[j.Name] = j
		t.list = append(t.list, j)
	}
	slices.SortFunc(t.list, func(a, b Job) int { return strings.Compare(a.Name, b.Name) })
	return t, nil
}

// periodic gives the jobs that have a period.
func (t table) periodic() []Job {
	return slices.DeleteFunc(slices.Clone(t.list), func(j Job) bool { return j.Period.IsZero() })
}

// bind checks that the handlers are those of the jobs.
func (t table) bind(handlers map[string]Handler) error {
	for _, j := range t.list {
		if handlers[j.Name] == nil {
			return plant.Errorf(plant.Invalid, "job %s has no handler", j.Name)
		}
	}
	for name := range handlers {
		if _, ok := t.byName[name]; !ok {
			return plant.Errorf(plant.Invalid, "there is a handler for %q, but no such job", name)
		}
	}
	return nil
}

// complete checks a task and gives it an id where it has none. It reports
// whether the id is one that may come again.
func (t table) complete(task Task) (_ Task, _ Job, named bool, err error) {
	job, ok := t.byName[task.Job]
	if !ok {
		return task, job, false, plant.Errorf(plant.NotFound, "there is no job %q", task.Job)
	}
	if len(task.Payload) > MaxPayload {
		return task, job, false, plant.Errorf(plant.Invalid, "the payload has %d bytes: %d are allowed", len(task.Payload), MaxPayload)
	}
	if len(task.Payload) > 0 && !json.Valid(task.Payload) {
		return task, job, false, plant.Errorf(plant.Invalid, "the payload is not JSON")
	}
	if task.ID == "" {
		task.ID = job.Name + ":" + rand.Text()
		return task, job, false, nil
	}
	if err := validID(task.ID, job.Name); err != nil {
		return task, job, false, err
	}
	return task, job, true, nil
}

func validID(id, job string) error {
	rest, ok := strings.CutPrefix(id, job+":")
	if !ok || rest == "" || len(id) > maxID ||
		strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return plant.Errorf(plant.Invalid, "task id %.*q: it is %s: and up to %d printable characters in all", maxID, id, job, maxID)
	}
	return nil
}

// jobOf gives the name of the job that a task id begins with.
func jobOf(id string) string {
	name, _, _ := strings.Cut(id, ":")
	return name
}
