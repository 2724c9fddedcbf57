package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

// ObservationQuery asks for observations as they were received.
type ObservationQuery struct {
	// Machine is the slug of a machine; DataItem picks one of its data items by
	// the agent's id, or all where it is empty.
	Machine, DataItem string
	// Item is the number of a data item, in place of Machine and DataItem.
	Item plant.ItemID
	// From and To bound the agents' timestamps: From ≤ time < To. Without From
	// it is the last DefaultRange before To; without To there is no end.
	From, To time.Time
	// After is the Next of the page before; empty for the first one.
	After string
	// Limit is how many are wanted: DefaultObservations where it is 0.
	Limit int
}

// Observations gives a page of observations in order of time, then of run and
// sequence. Reading page after page gives each observation once, also those that
// are stored meanwhile, unless their time lies before the page that is read.
// Invalid for a range, cursor or limit that cannot be, NotFound where there is
// no such machine or data item.
func (s *Service) Observations(ctx context.Context, q ObservationQuery) (Page[Record], error) {
	var none Page[Record]
	limit, err := checkCount("limit", q.Limit, DefaultObservations, 1, MaxObservations)
	if err != nil {
		return none, err
	}
	items, err := s.findItems(q)
	if err != nil {
		return none, err
	}
	from, to, err := s.microseconds(q.From, q.To)
	if err != nil {
		return none, err
	}
	after := position{time: from, run: -1}
	if q.After != "" {
		if after, err = parsePosition(q.After); err != nil {
			return none, err
		}
	}
	runs, err := s.stored(ctx)
	if err != nil {
		return none, err
	}
	found, more, err := s.earliest(ctx, items, runs, after, to, limit)
	if err != nil {
		return none, err
	}
	page := Page[Record]{Items: make([]Record, 0, len(found))}
	if more {
		page.Next = positionOf(found[len(found)-1]).String()
	}
	for _, o := range found {
		page.Items = append(page.Items, newRecord(items[o.Item], runs[o.Run], o))
	}
	return page, nil
}

// findItems gives the data items that a query asks for.
func (s *Service) findItems(q ObservationQuery) (map[plant.ItemID]*item, error) {
	if q.Machine == "" {
		it, err := s.findItem(q.Item)
		return map[plant.ItemID]*item{q.Item: it}, err
	}
	m, err := s.findMachine(q.Machine)
	if err != nil {
		return nil, err
	}
	items := make(map[plant.ItemID]*item)
	for _, it := range m.items {
		if q.DataItem == "" || it.DataItemID == q.DataItem {
			items[it.ID] = it
		}
	}
	if len(items) == 0 && q.DataItem != "" {
		return nil, plant.Errorf(plant.NotFound, "item: machine %s has no data item with the id %s; /api/v1/machines/%[1]s lists them", m.Slug, quote(q.DataItem))
	}
	return items, nil
}

// findItem gives a data item by its number.
func (s *Service) findItem(id plant.ItemID) (*item, error) {
	if it := s.inventory.Load().byItem[id]; it != nil {
		return it, nil
	}
	return nil, plant.Errorf(plant.NotFound, "item: there is no data item with the number %d; /api/v1/machines/{slug} lists those of a machine", id)
}

// stored gives the runs as they stand now. Everything before their cursors is
// stored, of every data item; what comes behind them while one item is read after
// the other would be there of some and not of others.
func (s *Service) stored(ctx context.Context) (map[plant.RunID]plant.Run, error) {
	all, err := s.reader.Runs(ctx)
	if err != nil {
		return nil, err
	}
	runs := make(map[plant.RunID]plant.Run, len(all))
	for _, r := range all {
		runs[r.ID] = r
	}
	return runs, nil
}

// earliest gives the first observations of the data items behind a position and
// before the cursors of the runs, as many as a page has, and whether there are
// more. It reads one data item after the other, of each no more than may still be
// among the first.
func (s *Service) earliest(ctx context.Context, items map[plant.ItemID]*item, runs map[plant.RunID]plant.Run, after position, to int64, limit int) (found []plant.Observation, more bool, err error) {
	for id := range items {
		taken, size := 0, 0
		for o, err := range s.reader.ItemObservations(ctx, []plant.ItemID{id}, after.time, to, false) {
			if err != nil {
				return nil, false, err
			}
			if positionOf(o).compare(after) <= 0 || o.Sequence >= runs[o.Run].Next {
				continue
			}
			found = append(found, o)
			taken, size = taken+1, size+o.TextBytes()
			if taken > limit || taken > 1 && size > MaxPageBytes {
				break
			}
		}
		slices.SortFunc(found, func(a, b plant.Observation) int { return positionOf(a).compare(positionOf(b)) })
		if n := fitting(found, limit); n < len(found) {
			clear(found[n:])
			found, more = found[:n], true
			to = found[n-1].Time + 1
		}
	}
	return found, more, nil
}

// fitting is how many of the observations a page takes: at least one.
func fitting(found []plant.Observation, limit int) int {
	size := 0
	for i, o := range found {
		if size += o.TextBytes(); i == limit || i > 0 && size > MaxPageBytes {
			return i
		}
	}
	return len(found)
}

// position is a place in the order of observations: no two have the same.
type position struct {
	time     int64
	run      plant.RunID
	sequence int64
}

func positionOf(o plant.Observation) position { return position{o.Time, o.Run, o.Sequence} }

func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.time, q.time), cmp.Compare(p.run, q.run), cmp.Compare(p.sequence, q.sequence))
}

// String gives the position as a cursor.
func (p position) String() string { return fmt.Sprintf("%d.%d.%d", p.time, p.run, p.sequence) }

func parsePosition(s string) (p position, err error) {
	if _, err := fmt.Sscanf(s, "%d.%d.%d", &p.time, &p.run, &p.sequence); err != nil || p.String() != s {
		return p, errCursor(s)
	}
	return p, nil
}
