package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"
)

// runner runs attempts of tasks in this process, for either queue.
type runner struct {
	opts     *Options
	metrics  *metrics
	handlers map[string]Handler
	// stop ends when the process stops.
	stop context.Context
}

// attempt is one attempt of a task.
type attempt struct {
	job     Job
	id      string
	payload []byte
	// number counts the attempts from 1; the last one is of.
	number, of int
}

// run runs an attempt until its handler returns, and logs and counts it. The
// error is that of the handler, and result says what it means.
func (r *runner) run(ctx context.Context, a attempt) (Run, result, error) {
	started := r.opts.Now()
	err := r.call(ctx, a)
	took := r.opts.Now().Sub(started)

	end := succeeded
	switch {
	case err == nil:
	case r.stop.Err() != nil:
		end = interrupted
	case a.number >= a.of || errors.Is(err, ErrPermanent):
		end = exhausted
	default:
		end = failed
	}
	r.metrics.ran(a.job.Name, end, took)
	r.log(a, end, took, err)
	run := Run{ID: a.id, By: r.opts.Name, Started: started, Took: took}
	if err != nil {
		run.Error = reason(err)
	}
	return run, end, err
}

// call calls the handler, within the timeout of the job. A panic becomes an
// error.
func (r *runner) call(ctx context.Context, a attempt) (err error) {
	handler := r.handlers[a.job.Name]
	if handler == nil {
		// The task comes from another version of the program, which knows more
		// jobs. A later attempt may meet it.
		return fmt.Errorf("this version knows no job %q", jobOf(a.id))
	}
	ctx, cancel := context.WithTimeout(ctx, a.job.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			r.opts.Log.Error("job panicked", "job", a.job.Name, "task", a.id, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	err = handler(ctx, a.payload)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("not done within %v: %w", a.job.Timeout, err)
	}
	return err
}

// log tells of an attempt.
func (r *runner) log(a attempt, end result, took time.Duration, err error) {
	attrs := []slog.Attr{
		slog.String("job", a.job.Name), slog.String("task", a.id),
		slog.Int("attempt", a.number), slog.Duration("took", took),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", reason(err)))
	}
	switch end {
	case succeeded:
		r.opts.Log.LogAttrs(r.stop, slog.LevelDebug, "job done", attrs...)
	case failed:
		r.opts.Log.LogAttrs(r.stop, slog.LevelWarn, "job failed and will be tried again", attrs...)
	case exhausted:
		r.opts.Log.LogAttrs(r.stop, slog.LevelError, "job failed for good", attrs...)
	case interrupted:
		r.opts.Log.LogAttrs(r.stop, slog.LevelDebug, "job interrupted", attrs...)
	}
}

// reason gives the text of an error, in valid UTF-8 and within its bound.
func reason(err error) string {
	text := err.Error()
	if len(text) > maxReason {
		text = text[:maxReason]
	}
	return strings.ToValidUTF8(text, "")
}
