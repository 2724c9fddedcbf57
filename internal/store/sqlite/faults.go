package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

// faults is what was found wrong with what is stored: the first store.MaxFaults
// of it.
type faults struct {
	now func() time.Time
	mu  sync.Mutex
	all []store.Fault
}

// note takes note of a fault, unless it is known, and gives it with the time at
// which it was noticed first.
func (f *faults) note(fault store.Fault) store.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	same := func(other store.Fault) bool { return other.What == fault.What && other.Detail == fault.Detail }
	if i := slices.IndexFunc(f.all, same); i >= 0 {
		return f.all[i]
	}
	fault.Noticed = f.now()
	if len(f.all) < store.MaxFaults {
		f.all = append(f.all, fault)
	}
	return fault
}

// damaged takes note of a fault and gives the error of the read that met it.
func (f *faults) damaged(fault store.Fault) error {
	f.note(fault)
	return plant.Errorf(plant.Damaged, "%s is damaged: %s", fault.What, fault.Detail)
}

// corrupted takes note that the file itself is damaged, where something was read,
// and gives the error of the read.
func (s *Store) corrupted(op string, err error) error {
	s.faults.note(store.Fault{What: "the store's file", Detail: fmt.Sprintf("%s: %v", op, err)})
	return &plant.Error{Code: plant.Damaged, Msg: op + ": the store's file is damaged", Err: err}
}

// Faults implements store.Upkeep.
func (s *Store) Faults() []store.Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return slices.Clone(s.faults.all)
}

// Damaged implements block.Source.
func (s *Store) Damaged(m block.Meta, why error) error {
	return s.faults.damaged(s.blockFault(m, why))
}

func (s *Store) blockFault(m block.Meta, why error) store.Fault {
	reason := why.Error()
	var damaged *block.DamagedError
	if errors.As(why, &damaged) {
		reason = damaged.Reason
	}
	return store.Fault{
		What: fmt.Sprintf("block %d", m.ID), Agent: s.items.known(m.Item), Item: m.Item,
		Detail: fmt.Sprintf("%d observations with sequence numbers from %d to %d: %s", m.Count, m.FirstSequence, m.LastSequence, reason),
	}
}

func missingFault(p *partition) store.Fault {
	return store.Fault{What: p.name(), Detail: fmt.Sprintf("its table %s with %d observations is missing", p.table(), p.rows())}
}
