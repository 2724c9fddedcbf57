package agent

import (
	"context"
	"strconv"
)

// current fills the batch with the current state of the data items asked for.
func (a *Agent) current(ctx context.Context, m *model, q *query, bt *batch) (header, error) {
	h := a.header()
	bt.reset()
	if h.first == h.next {
		return h, nil
	}
	at := q.at
	if at == 0 || q.streaming {
		at = h.last
	}
	err := a.source.Current(ctx, at, func(o *Observation) {
		if item, ok := m.index[o.DataItemID]; ok && q.items.has(item) {
			bt.add(o, item)
		}
	})
	return h, err
}

// page fills the batch with the observations of one sample document and gives
// the header that says where the next one begins.
//
// A document ends after the last observation that is asked for, and at the end
// of the buffer where there is none: a reader of few data items goes on from
// there and does not read what lies between again.
func (a *Agent) page(ctx context.Context, m *model, q *query, bt *batch) (header, error) {
	h := a.header()
	bt.reset()
	limit, down := q.count, false
	from, to := max(q.from, h.first), h.next
	end := h.next
	switch {
	case q.count < 0:
		limit, down = -q.count, true
		if q.from != 0 {
			to = min(q.from+1, h.next)
		}
		from = h.first
		end = max(h.first, 1) - 1
	case q.to != 0:
		// As agents do: the last observations up to the one named. Where they do
		// not fit a document, the first ones, after which nextSequence goes on.
		down = q.count <= a.options.MaxCount
		to = min(q.to+1, h.next)
		end = to
	}
	limit = min(limit, a.options.MaxCount)
	err := a.source.Scan(ctx, from, to, down, func(o *Observation) bool {
		item, ok := m.index[o.DataItemID]
		if !ok || !q.items.has(item) {
			return true
		}
		bt.add(o, item)
		if len(bt.observations) < limit {
			return true
		}
		switch {
		case !down:
			end = o.Sequence + 1
		case q.to == 0:
			end = o.Sequence - 1
		}
		return false
	})
	if err != nil {
		return h, err
	}
	if down {
		bt.reverse()
	}
	h.next = end
	return h, a.stillHeld(m, &h, q)
}

// stillHeld reports an error where the source may have dropped, before they
// were read, observations that were asked for by number.
func (a *Agent) stillHeld(m *model, h *header, q *query) error {
	h.first, _ = a.source.Bounds()
	if q.count < 0 || q.from == 0 || q.from >= h.first {
		return nil
	}
	text := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return m.schema.outOfRange("from", text(q.from), true,
		text(h.first), text(h.last+1), text(h.first-1), text(h.last+2))
}
