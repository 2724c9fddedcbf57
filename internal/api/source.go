package api

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/factorydash/factorydash/internal/plant"
)

// source is something of which the system page tells and for which a server has
// to be asked: the database, the queue. There is one question at a time, however
// many want to know, and it may take SourceTimeout: a server that is away keeps
// nobody from what others tell.
type source[T any] struct {
	// name is what System.Missing and the log call it.
	name string
	read func(context.Context) (T, error)
	log  *slog.Logger
	// open are the questions of all sources.
	open *sync.WaitGroup

	mu sync.Mutex
	// question is the one that is open; nil where none is.
	question *question[T]
	failing  bool
}

// question has an answer when done is closed.
type question[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// ask begins a question, or joins the one that is open. It gives nil for a source
// that there is not.
func (s *source[T]) ask(ctx context.Context) *question[T] {
	if s.read == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.question != nil {
		return s.question
	}
	q := &question[T]{done: make(chan struct{})}
	s.question = q
	// It is asked for others too, who may come while it is open.
	ctx = context.WithoutCancel(ctx)
	s.open.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, SourceTimeout)
		defer cancel()
		q.value, q.err = s.read(ctx)
		s.answered(ctx, q.err)
		close(q.done)
	})
	return q
}

// answered ends the question, and tells the log when they begin to fail and when
// they work again.
func (s *source[T]) answered(ctx context.Context, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.question = nil
	if failed := err != nil; failed != s.failing {
		s.failing = failed
		if failed {
			s.log.WarnContext(ctx, "a part of the system page is missing", "part", s.name, "error", err)
		} else {
			s.log.InfoContext(ctx, "a part of the system page is there again", "part", s.name)
		}
	}
}

// wait gives the answer, and false where there is none until ctx ends; why is then
// put into missing.
func (s *source[T]) wait(ctx context.Context, q *question[T], missing map[string]string) (value T, ok bool) {
	if q == nil {
		return value, false
	}
	select {
	case <-q.done:
	case <-ctx.Done():
	}
	err := context.DeadlineExceeded
	select {
	case <-q.done: // as it may be, though ctx has ended while others were waited for
		value, err = q.value, q.err
	default:
	}
	if err != nil {
		missing[s.name] = reason(err)
	}
	return value, err == nil
}

// reason says for people why there is no answer.
func reason(err error) string {
	var shown *plant.Error
	switch {
	case plant.ErrorCode(err) != plant.Internal && errors.As(err, &shown):
		return shown.Msg
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer within " + SourceTimeout.String()
	default:
		return "this is a fault of factorydash; its log says more"
	}
}
