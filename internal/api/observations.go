package api

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

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
	p, err := s.observationPage(ctx, q)
	if err != nil {
		return Page[Record]{}, err
	}
	page := Page[Record]{Items: make([]Record, len(p.found)), Next: p.next}
	for i, o := range p.found {
		page.Items[i] = newRecord(p.items[o.Item], p.runs[o.Run], o)
	}
	return page, nil
}

// observationPage is a Page[Record] that is written as JSON without making the
// Records.
type observationPage struct {
	found []plant.Observation
	items map[plant.ItemID]*item
	runs  map[plant.RunID]*plant.Run
	next  string
}

func (s *Service) observationPage(ctx context.Context, q ObservationQuery) (page observationPage, err error) {
	limit, err := checkCount("limit", q.Limit, DefaultObservations, 1, MaxObservations)
	if err != nil {
		return page, err
	}
	if page.items, err = s.findItems(q); err != nil {
		return page, err
	}
	from, to, err := s.microseconds(q.From, q.To)
	if err != nil {
		return page, err
	}
	after := position{time: from, run: -1}
	if q.After != "" {
		if after, err = parsePosition(q.After); err != nil {
			return page, err
		}
	}
	if err := s.fill(ctx, &page, after, to, limit); err != nil {
		return page, err
	}
	page.runs, err = s.runsOf(ctx, page.found)
	return page, err
}

// Schema gives the schema of what the page is in JSON.
func (observationPage) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[Page[Record]](), true, "")
}

// writeJSON writes the page as JSON.
func (p observationPage) writeJSON(w io.Writer) error {
	const piece = 32 << 10
	b := append(make([]byte, 0, piece+piece/8), `{"items":[`...)
	records := make(labels)
	for i, o := range p.found {
		if i > 0 {
			b = append(b, ',')
		}
		b = records.appendJSON(b, p.items[o.Item], p.runs[o.Run], o)
		if len(b) < piece {
			continue
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	b = append(b, ']')
	if p.next != "" {
		b = appendString(append(b, `,"next":`...), p.next)
	}
	_, err := w.Write(append(b, '}', '\n'))
	return err
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

// fill puts the first observations of the page's data items behind a position into
// the page, as many as it has. They are read at once, since what is committed
// while one item is read after the other would be there of some and not of others,
// and the page behind would begin after all of it.
func (s *Service) fill(ctx context.Context, p *observationPage, after position, to int64, limit int) error {
	p.found = make([]plant.Observation, 0, limit)
	text := 0
	for o, err := range s.reader.ItemObservations(ctx, slices.Collect(maps.Keys(p.items)), after.time, to, false) {
		if err != nil {
			return err
		}
		if o.Time == after.time && positionOf(o).compare(after) <= 0 {
			continue
		}
		if text += o.TextBytes(); len(p.found) == limit || len(p.found) > 0 && text > MaxPageBytes {
			p.next = positionOf(p.found[len(p.found)-1]).String()
			break
		}
		p.found = append(p.found, o)
	}
	return nil
}

// runsOf gives the runs that observations are of. The store is asked where one of
// them is not known yet.
func (s *Service) runsOf(ctx context.Context, observations []plant.Observation) (map[plant.RunID]*plant.Run, error) {
	runs := make(map[plant.RunID]*plant.Run)
	known := s.inventory.Load().byRun
	missing := false
	for i := range observations {
		id := observations[i].Run
		if runs[id] != nil {
			continue
		}
		r, ok := known[id]
		runs[id], missing = &r, missing || !ok
	}
	if !missing {
		return runs, nil
	}
	all, err := s.reader.Runs(ctx)
	for i := range all {
		runs[all[i].ID] = &all[i]
	}
	return runs, err
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
