package collect

import (
	"context"
	"sync"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// outbox follows the batches of one collector that the committer has not
// settled.
type outbox struct {
	mu sync.Mutex
	// open counts the batches that are not settled; err is why the first one was
	// refused. Once one is refused, those behind it are worth nothing.
	open int
	err  error
	// tally, where it is set, is called with what was committed. It must not block.
	tally func(observations int, gaps []plant.Gap)
	// empty is closed when open falls to 0; nil while nobody waits.
	empty chan struct{}
}

// add counts a batch that is about to be submitted. It gives the error of one
// that was refused before.
func (o *outbox) add() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	o.open++
	return nil
}

// settle takes note of what became of a batch.
func (o *outbox) settle(b *store.Batch, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open--
	switch {
	case err == nil:
		o.count(len(b.Observations), b.Gaps)
	case o.err == nil:
		o.err = err
	}
	if o.open == 0 && o.empty != nil {
		close(o.empty)
		o.empty = nil
	}
}

// note counts gaps that were committed with no batch.
func (o *outbox) note(gaps []plant.Gap) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count(0, gaps)
}

func (o *outbox) count(observations int, gaps []plant.Gap) {
	if o.tally != nil {
		o.tally(observations, gaps)
	}
}

// refused gives the error of a batch that was refused since the last drain.
func (o *outbox) refused() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// drain waits until all batches are settled, and gives the error of the first
// that was refused, which is forgotten with it.
func (o *outbox) drain(ctx context.Context) error {
	for {
		o.mu.Lock()
		if o.open == 0 {
			err := o.err
			o.err = nil
			o.mu.Unlock()
			return err
		}
		if o.empty == nil {
			o.empty = make(chan struct{})
		}
		empty := o.empty
		o.mu.Unlock()
		select {
		case <-empty:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
