package store

import (
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// awayMemory is how long a commit that found the store away tells: longer than any
// pause before it is tried again.
const awayMemory = time.Minute

// Away knows whether the last commit of a process found the store away: a store may
// answer to reads, and take no writes, as where the disk is full. It is safe for
// concurrent use.
type Away struct {
	mu   sync.Mutex
	err  error
	when time.Time
}

// Note takes note of what came of a commit at a time of our clock, and gives its
// error as it is.
func (a *Away) Note(now time.Time, err error) error {
	away := plant.ErrorCode(err) == plant.Unavailable
	if err != nil && !away {
		return err // It says nothing of whether the store is away.
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err, a.when = err, now
	return err
}

// Err gives the error of the last commit where it found the store away, unless that
// is long ago: then nobody commits any more.
func (a *Away) Err(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.when) > awayMemory {
		return nil
	}
	return a.err
}
