package api

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// GapQuery asks for entries of the gap ledger.
type GapQuery struct {
	// Agent is the name of an agent: all agents where it is empty.
	Agent string
	// After is the Next of the page before; empty for the first one.
	After string
	// Until leaves out what was noticed later; nothing where it is zero.
	Until time.Time
	// Limit is how many are wanted: DefaultPage where it is 0.
	Limit int
}

// Gaps gives a page of the gap ledger, the newest runs first and of a run the
// newest gaps. Invalid for a cursor or a limit that cannot be, NotFound where
// there is no such agent.
func (s *Service) Gaps(ctx context.Context, q GapQuery) (Page[Gap], error) {
	var none Page[Gap]
	limit, err := checkCount("limit", q.Limit, DefaultPage, 1, MaxPage)
	if err != nil {
		return none, err
	}
	var after gapPosition
	if q.After != "" {
		if after, err = parseGapPosition(q.After); err != nil {
			return none, err
		}
	}
	if q.Agent != "" {
		if _, err := s.findAgent(q.Agent); err != nil {
			return none, err
		}
	}
	in, err := outline(ctx, s.reader)
	if err != nil {
		return none, err
	}
	runs := slices.SortedFunc(slices.Values(in.runs), func(a, b plant.Run) int { return cmp.Compare(b.ID, a.ID) })
	page := Page[Gap]{Items: []Gap{}}
	var last gapPosition
	for _, run := range runs {
		a := in.byAgent[run.Agent]
		if a == nil || q.Agent != "" && a.Name != q.Agent || after.run != 0 && run.ID > after.run {
			continue
		}
		before := int64(math.MaxInt64)
		if run.ID == after.run {
			before = after.from
		}
		for g, err := range s.reader.GapsBefore(ctx, run.ID, before) {
			if err != nil {
				return none, err
			}
			if !q.Until.IsZero() && g.Noticed.After(q.Until) {
				continue
			}
			if len(page.Items) == limit {
				page.Next = last.String()
				return page, nil
			}
			page.Items = append(page.Items, newGap(a.Name, run, g))
			last = gapPosition{run.ID, g.From}
		}
	}
	return page, nil
}

func newGap(agent string, run plant.Run, g plant.Gap) Gap {
	v := Gap{
		Agent: agent, Instance: run.InstanceID, Epoch: run.Epoch,
		From: g.From, To: lastMissing(g), Reason: g.Reason, Detail: g.Detail, Noticed: g.Noticed.UTC(),
	}
	if n, known := g.Lost(); known {
		v.Lost = &n
	}
	return v
}

// gapPosition is a place in the list of gaps.
type gapPosition struct {
	run  plant.RunID
	from int64
}

func (p gapPosition) String() string { return fmt.Sprintf("%d.%d", p.run, p.from) }

func parseGapPosition(s string) (p gapPosition, err error) {
	if _, err := fmt.Sscanf(s, "%d.%d", &p.run, &p.from); err != nil || p.String() != s {
		return p, errCursor(s)
	}
	return p, nil
}
