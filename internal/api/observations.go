package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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
	found, more, err := s.page(ctx, items, after, to, limit)
	if err != nil {
		return none, err
	}
	runs, err := s.runsOf(ctx, found)
	if err != nil {
		return none, err
	}
	page := Page[Record]{Items: make([]Record, len(found))}
	if more {
		page.Next = positionOf(found[len(found)-1]).String()
	}
	for i, o := range found {
		page.Items[i] = newRecord(items[o.Item], runs[o.Run], o)
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

// page gives the first observations of the data items behind a position, as many
// as a page has, and whether there are more. They are read at once, since what is
// committed while one item is read after the other would be there of some and not
// of others, and the page behind would begin after all of it.
func (s *Service) page(ctx context.Context, items map[plant.ItemID]*item, after position, to int64, limit int) (found []plant.Observation, more bool, err error) {
	size := 0
	for o, err := range s.reader.ItemObservations(ctx, slices.Collect(maps.Keys(items)), after.time, to, false) {
		if err != nil {
			return nil, false, err
		}
		if positionOf(o).compare(after) <= 0 {
			continue
		}
		if size += o.TextBytes(); len(found) == limit || len(found) > 0 && size > MaxPageBytes {
			return found, true, nil
		}
		found = append(found, o)
	}
	return found, false, nil
}

// runsOf gives the runs that observations are of. The store is asked where one of
// them is not known yet.
func (s *Service) runsOf(ctx context.Context, observations []plant.Observation) (map[plant.RunID]plant.Run, error) {
	known := s.inventory.Load().byRun
	for _, o := range observations {
		if _, ok := known[o.Run]; ok {
			continue
		}
		all, err := s.reader.Runs(ctx)
		if err != nil {
			return nil, err
		}
		known = make(map[plant.RunID]plant.Run, len(all))
		for _, r := range all {
			known[r.ID] = r
		}
		break
	}
	return known, nil
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
