package store

import (
	"slices"
	"sync"
	"time"
)

// Faults is what a process has found wrong with what is stored: the first
// MaxFaults of it. It is safe for concurrent use.
type Faults struct {
	// Now is the clock. It is set before the first use.
	Now func() time.Time

	mu  sync.Mutex
	all []Fault
}

// Note takes note of a fault, unless it is known, and gives it with the time at
// which it was noticed first.
func (f *Faults) Note(fault Fault) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	same := func(known Fault) bool { return known.What == fault.What && known.Detail == fault.Detail }
	if i := slices.IndexFunc(f.all, same); i >= 0 {
		return f.all[i]
	}
	fault.Noticed = f.Now()
	if len(f.all) < MaxFaults {
		f.all = append(f.all, fault)
	}
	return fault
}

// All gives them, oldest first.
func (f *Faults) All() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all)
}
