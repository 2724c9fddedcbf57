package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/transfer"
)

// A copy that fails is tried again after pauses that grow, unless that cannot help.
func TestCopyPausesBetweenAttempts(t *testing.T) {
	away, conflict := errors.New("the connection is broken"), plant.Errorf(plant.Conflict, "it is not a copy")
	stopped, stop := context.WithCancel(t.Context())
	defer stop()
	s := time.Second
	for name, test := range map[string]struct {
		ctx      context.Context
		failures []error // of the attempts; those after succeed
		pauses   []time.Duration
		want     error
	}{
		"at once":       {t.Context(), nil, nil, nil},
		"mended":        {t.Context(), []error{away, away}, []time.Duration{2 * s, 4 * s}, nil},
		"never mended":  {t.Context(), slices.Repeat([]error{away}, 9), []time.Duration{2 * s, 4 * s, 8 * s, 16 * s}, away},
		"cannot mend":   {t.Context(), []error{away, conflict}, []time.Duration{2 * s}, conflict},
		"ended in wait": {stopped, []error{away}, []time.Duration{2 * s}, away},
	} {
		t.Run(name, func(t *testing.T) {
			env := &environment{stderr: io.Discard}
			var pauses []time.Duration
			wait := func(ctx context.Context, d time.Duration) error {
				pauses = append(pauses, d)
				if test.ctx == stopped {
					stop()
				}
				return ctx.Err()
			}
			tries := 0
			summary, err := env.copyPatiently(test.ctx, wait, func() (transfer.Summary, error) {
				tries++
				// Each copies one more, and finds what those before have copied.
				summary := transfer.Summary{Observations: 1, Present: int64(tries - 1)}
				if tries <= len(test.failures) {
					return summary, test.failures[tries-1]
				}
				return summary, nil
			})
			if !errors.Is(err, test.want) || !slices.Equal(pauses, test.pauses) {
				t.Errorf("error %v after pauses of %v; want %v, %v", err, pauses, test.want, test.pauses)
			}
			if summary.Observations != int64(tries) || summary.Present != 0 {
				t.Errorf("%d attempts have copied %+v", tries, summary)
			}
		})
	}
}
