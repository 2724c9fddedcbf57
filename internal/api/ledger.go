package api

import (
	"context"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// LedgerEntry accounts for one run of an agent: every sequence number from First
// up to but not including Next was stored once or lies in one of Gaps.
type LedgerEntry struct {
	Agent    string `json:"agent"`
	Instance uint64 `json:"instance"`
	// Epoch counts the runs of the same instance from 0.
	Epoch  int32 `json:"epoch,omitempty"`
	First  int64 `json:"first"`
	Next   int64 `json:"next"`
	Stored int64 `json:"stored"`
	// Freed is how many of Stored retention has deleted since.
	Freed int64       `json:"freed,omitempty"`
	Began time.Time   `json:"began"`
	Gaps  []LedgerGap `json:"gaps"`
}

// LedgerGap is a range of sequence numbers that is not stored, and why.
type LedgerGap struct {
	From int64 `json:"from"`
	// To is the last number missing; null where nobody knows: the agent
	// restarted.
	To      *int64          `json:"to"`
	Reason  plant.GapReason `json:"reason"`
	Detail  string          `json:"detail,omitempty"`
	Noticed time.Time       `json:"noticed"`
}

// Ledger gives the account of all runs by agent, instance and epoch.
func Ledger(ctx context.Context, r store.Reader) ([]LedgerEntry, error) {
	in, err := outline(ctx, r)
	if err != nil {
		return nil, err
	}
	entries := []LedgerEntry{}
	for _, run := range in.runs {
		a := in.byAgent[run.Agent]
		if a == nil {
			continue // It was added after the agents were read.
		}
		entry := LedgerEntry{
			Agent: a.Name, Instance: run.InstanceID, Epoch: run.Epoch,
			First: run.First, Next: run.Next, Stored: run.Stored, Freed: run.Freed, Began: run.Began.UTC(),
			Gaps: []LedgerGap{},
		}
		for g, err := range r.Gaps(ctx, run.ID, 0) {
			if err != nil {
				return nil, err
			}
			entry.Gaps = append(entry.Gaps, LedgerGap{
				From: g.From, To: lastMissing(g), Reason: g.Reason, Detail: g.Detail, Noticed: g.Noticed.UTC(),
			})
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// lastMissing is the last number in a gap; nil where nobody knows.
func lastMissing(g plant.Gap) *int64 {
	if g.To == plant.OpenEnd {
		return nil
	}
	return &g.To
}
