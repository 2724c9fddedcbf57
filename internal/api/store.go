package api

import (
	"context"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Store gives how much is stored, for how long it is kept and what of it was found
// damaged.
func (s *Service) Store(ctx context.Context) (Store, error) {
	v := s.storeUnsized()
	if s.size.read == nil {
		return v, nil
	}
	size, err := s.size.read(ctx)
	if err != nil {
		return Store{}, err
	}
	v.Size = newStoreSize(size)
	return v, nil
}

// storeUnsized gives what is known of the store without asking it.
func (s *Service) storeUnsized() Store {
	v := Store{RetentionDays: s.retentionDays, Faults: []Fault{}}
	in := s.inventory.Load()
	for _, f := range s.faults() {
		v.Faults = append(v.Faults, in.fault(f))
	}
	return v
}

func newStoreSize(size store.Size) *StoreSize {
	v := &StoreSize{
		Rows: size.Rows, Blocked: size.Blocked, Blocks: size.Blocks,
		RowBytes: size.RowBytes, BlockBytes: size.BlockBytes, TotalBytes: size.TotalBytes, FreeBytes: size.FreeBytes,
	}
	if size.Oldest != 0 {
		oldest := timeOf(size.Oldest)
		v.Oldest = &oldest
	}
	return v
}

// fault gives a fault with the names of what it is of.
func (in *inventory) fault(f store.Fault) Fault {
	v := Fault{What: f.What, Detail: f.Detail, Noticed: f.Noticed.UTC()}
	if a := in.byAgent[f.Agent]; a != nil {
		v.Agent = a.Name
	}
	if it := in.byItem[f.Item]; it != nil {
		v.Machine, v.DataItem = it.machine.Slug, it.DataItemID
	}
	return v
}

// damage counts the faults that were found in what is stored of an agent.
func (s *Service) damage(agent plant.AgentID) int {
	n := 0
	for _, f := range s.faults() {
		if f.Agent == agent {
			n++
		}
	}
	return n
}
