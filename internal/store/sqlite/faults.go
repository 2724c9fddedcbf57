package sqlite

import (
	"errors"
	"fmt"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/block"
)

// damaged takes note of a fault and gives the error of the read that met it.
func damaged(faults *store.Faults, fault store.Fault) error {
	faults.Note(fault)
	return plant.Errorf(plant.Damaged, "%s is damaged: %s", fault.What, fault.Detail)
}

// corrupted takes note that the file itself is damaged, where something was read,
// and gives the error of the read.
func (s *Store) corrupted(op string, err error) error {
	s.faults.Note(store.Fault{What: "the store's file", Detail: fmt.Sprintf("%s: %v", op, err)})
	return &plant.Error{Code: plant.Damaged, Msg: op + ": the store's file is damaged", Err: err}
}

// Faults implements store.Upkeep.
func (s *Store) Faults() []store.Fault { return s.faults.All() }

// Damaged implements block.Source.
func (s *Store) Damaged(m block.Meta, why error) error {
	return damaged(&s.faults, s.blockFault(m, why))
}

func (s *Store) blockFault(m block.Meta, why error) store.Fault {
	reason := why.Error()
	var damaged *block.DamagedError
	if errors.As(why, &damaged) {
		reason = damaged.Reason
	}
	if m.IsClock() {
		return store.Fault{
			What:   fmt.Sprintf("clock %d of run %d", m.ID, m.Run),
			Detail: fmt.Sprintf("times of the sequence numbers from %d to %d: %s", m.FirstSequence, m.LastSequence, reason),
		}
	}
	return store.Fault{
		What: fmt.Sprintf("block %d", m.ID), Agent: s.items.known(m.Item), Item: m.Item,
		Detail: fmt.Sprintf("%d observations with sequence numbers from %d to %d: %s", m.Count, m.FirstSequence, m.LastSequence, reason),
	}
}

func missingFault(p *partition) store.Fault {
	return store.Fault{What: p.name(), Detail: fmt.Sprintf("its table %s with %d observations is missing", p.table(), p.rows())}
}
