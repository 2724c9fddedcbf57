package collect

import (
	"context"
	"sync"
)

// budget is an amount of bytes that parsed documents share. A document that is
// larger than the whole budget gets through when nothing else is held.
type budget struct {
	limit int64

	mu   sync.Mutex
	used int64
	// freed is closed, and made anew, when bytes are given back.
	freed chan struct{}
}

func newBudget(limit int64) *budget {
	return &budget{limit: limit, freed: make(chan struct{})}
}

// acquire takes n bytes as soon as they are free.
func (b *budget) acquire(ctx context.Context, n int64) error {
	for {
		b.mu.Lock()
		if b.used == 0 || b.used+n <= b.limit {
			b.used += n
			b.mu.Unlock()
			return nil
		}
		freed := b.freed
		b.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// add takes n bytes more at once, even beyond the limit, or gives some back
// where n is negative: what a document takes is known only when it is parsed.
func (b *budget) add(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += n
	if n < 0 {
		close(b.freed)
		b.freed = make(chan struct{})
	}
}
