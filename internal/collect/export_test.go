package collect

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
)

// Committer is a committer by itself.
type Committer struct{ *committer }

func NewCommitter(o Options) (Committer, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Committer{}, err
	}
	m, err := newMetrics(prometheus.NewRegistry())
	return Committer{newCommitter(&o, m)}, err
}

func (c Committer) Run(ctx context.Context) { c.run(ctx) }
func (c Committer) Close()                  { close(c.inbox) }
func (c Committer) Hurry()                  { c.hurry() }

func (c Committer) Submit(ctx context.Context, agent plant.AgentID, b *store.Batch, settled func(error)) error {
	return c.SubmitWatched(ctx, agent, b, func(error) {}, settled)
}

func (c Committer) SubmitWatched(ctx context.Context, agent plant.AgentID, b *store.Batch, waiting, settled func(error)) error {
	return c.submit(ctx, &submission{agent: agent, batch: b, waiting: waiting, settled: settled})
}

// Meter is a meter by itself.
type Meter struct{ *meter }

func NewMeter(a plant.Agent, now func() time.Time, report func(plant.AgentStatus)) Meter {
	return Meter{newMeter(a, &Options{Now: now, Status: report, StatusInterval: time.Second})}
}

func (m Meter) Header(h *mtconnect.Header, newest bool) { m.header(h, m.now(), newest) }
func (m Meter) Link(s plant.LinkState, text string)     { m.link(s, text, time.Time{}) }
func (m Meter) Held(text string)                        { m.held(text) }
func (m Meter) Settled()                                { m.settled() }
func (m Meter) Stored(b *store.Batch)                   { m.stored(b) }
func (m Meter) Status() plant.AgentStatus               { return m.status() }

// Convert converts an observation of item 1.
func Convert(o *mtconnect.Observation) plant.Observation {
	p := plant.Observation{Item: 1}
	newConverter(10).observation(&p, o)
	return p
}

// ModelOf translates a probe document.
func ModelOf(doc *mtconnect.Devices, raw []byte) plant.Model { return model(1, doc, raw) }

// ErrorText is the text of an error about an agent.
func ErrorText(a plant.Agent, err error) string { return errorText(a, err) }

// Complaints gives the levels of the complaints of one agent.
func Complaints(now func() time.Time) func(text string) slog.Level {
	return (&complaints{now: now}).level
}

// SortBySequence puts observations into order.
func SortBySequence(list []plant.Observation) (gapless bool) { return sortBySequence(list) }

// Catalog is what is known of the items of one agent.
type Catalog struct{ *catalog }

func NewCatalog(inv store.Inventory, rules func(slug string) insight.Rules) Catalog {
	return Catalog{newCatalog(inv, nil, rules)}
}

// Apply takes in observations at once or, where one is set, one by one. It gives
// what is known then of the items that changed, and the changes of the states.
func (c Catalog) Apply(run plant.RunID, observations []plant.Observation, one bool) ([]plant.Latest, []plant.StateChange) {
	if !one {
		changes := c.applyAll(run, observations)
		return c.take(), changes
	}
	var changes []plant.StateChange
	for i := range observations {
		o := &observations[i]
		if change, ok := c.apply(run, c.items[o.Item], o); ok {
			changes = append(changes, change)
		}
	}
	return c.take(), changes
}

// Number reads a number.
func Number(text []byte) (float64, bool) { return number(text) }
