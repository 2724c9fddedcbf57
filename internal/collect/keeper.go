package collect

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect"
)

// keeper keeps what one agent says, wherever it comes from: it finds the data
// items that observations are of, applies batches to what is known, and hands
// them to the committer in the order of the agent's runs. Its fields belong to
// one goroutine; the committer uses outbox, meter and the budgets only.
type keeper struct {
	opts      *Options
	agent     plant.Agent
	log       *slog.Logger
	committer *committer
	own       *budget
	queue     *budget
	metrics   *metrics
	meter     *meter
	outbox    outbox
	convert   *converter
	catalog   *catalog
	// run is the run that is being read. Its Next is the cursor behind all that
	// was submitted. It is zero where the store must be asked.
	run plant.Run
}

func newKeeper(opts *Options, a plant.Agent, committer *committer, queue *budget, m *metrics) keeper {
	return keeper{
		opts:      opts,
		agent:     a,
		log:       opts.Log.With(slog.String("agent", a.Name)),
		committer: committer,
		own:       newBudget(opts.AgentQueueBytes),
		queue:     queue,
		metrics:   m,
		meter:     newMeter(a, opts),
		convert:   newConverter(opts.TextCache),
	}
}

// saveModel stores a device model and makes its data items known.
func (k *keeper) saveModel(ctx context.Context, m plant.Model) error {
	if n := k.catalog.with(&m); n > k.opts.DataItems {
		return fmt.Errorf("the agent's device models have %d data items, those of earlier ones counted: at most %d are taken", n, k.opts.DataItems)
	}
	inventory, err := k.opts.Store.SaveModel(ctx, m)
	if err != nil {
		return fmt.Errorf("store the device model: %w", err)
	}
	k.catalog = newCatalog(inventory, k.catalog, k.opts.Rules)
	return nil
}

// unmapped makes the data item of an observation that is in no model. Where it
// cannot be had, it gives the reason.
func (k *keeper) unmapped(ctx context.Context, o *mtconnect.Observation) (i *item, why string, err error) {
	if k.catalog.unmapped >= k.opts.UnmappedItems {
		return nil, "the agent sends observations of too many data items that are not in its device model", nil
	}
	i, err = k.addUnmapped(ctx, o)
	if plant.ErrorCode(err) == plant.Invalid {
		return nil, errorText(k.agent, err), nil
	}
	return i, "", err
}

// addUnmapped makes a data item, and its device where need be, that are in no
// model.
func (k *keeper) addUnmapped(ctx context.Context, o *mtconnect.Observation) (*item, error) {
	d := k.catalog.device(deviceOf(o))
	if d == nil {
		stored, err := k.opts.Store.AddDevice(ctx, unmappedDevice(k.agent.ID, deviceOf(o)))
		if err != nil {
			return nil, fmt.Errorf("add a device that is in no model: %w", err)
		}
		d = k.catalog.addDevice(stored)
	}
	stored, err := k.opts.Store.AddItem(ctx, unmappedItem(d.ID, o))
	if err != nil {
		return nil, fmt.Errorf("add a data item that is in no model: %w", err)
	}
	return k.catalog.addItem(d, stored), nil
}

// begin starts a new run and makes it the one that is read. Where it follows a
// run, end says what became of the rest of that one.
func (k *keeper) begin(ctx context.Context, last, run plant.Run, end plant.Gap) error {
	now := k.opts.Now()
	run.Agent, run.Next, run.Began = k.agent.ID, run.First, now
	var gaps []plant.Gap
	if last.ID != 0 {
		end.Run, end.From, end.To, end.Noticed = last.ID, last.Next, plant.OpenEnd, now
		gaps = []plant.Gap{end}
	}
	run, err := k.opts.Store.StartRun(ctx, last.ID, run, gaps)
	if err != nil {
		return fmt.Errorf("start a run: %w", err)
	}
	k.metrics.noted(k.agent.Name, gaps)
	k.meter.noted(gaps)
	k.outbox.note(gaps)
	return k.adopt(ctx, run)
}

// adopt makes run the one that is read, with what the store knows at its cursor.
func (k *keeper) adopt(ctx context.Context, run plant.Run) error {
	latest, err := k.opts.Store.Latest(ctx, k.agent.ID)
	if err != nil {
		return fmt.Errorf("read what is known: %w", err)
	}
	states, err := k.opts.Store.States(ctx, k.agent.ID)
	if err != nil {
		return fmt.Errorf("read the states: %w", err)
	}
	k.catalog.load(latest, states)
	k.run = run
	k.meter.cursor(run.Next)
	return nil
}

// store applies a batch to what is known, submits it and moves the cursor. The
// bytes are given back when the batch is settled, and so is the memory of its
// observations, which must be the batch's alone.
func (k *keeper) store(ctx context.Context, b *store.Batch, bytes int64) error {
	b.States = append(b.States, k.catalog.applyAll(b.Run, b.Observations)...)
	b.Latest = k.catalog.take()
	if err := k.submit(ctx, b, bytes); err != nil {
		// What is known is ahead of the store: it must be asked again.
		k.run = plant.Run{}
		return err
	}
	k.run.Next = b.Next
	return nil
}

// submit hands a batch to the committer.
func (k *keeper) submit(ctx context.Context, b *store.Batch, bytes int64) error {
	if err := k.outbox.add(); err != nil {
		k.release(bytes)
		return err
	}
	s := &submission{
		agent: k.agent.ID,
		batch: b,
		waiting: func(err error) {
			k.meter.held("the store is away: " + errorText(k.agent, err))
		},
		settled: func(err error) {
			k.release(bytes)
			k.meter.settled()
			if err == nil {
				k.metrics.stored(k.agent.Name, b)
				k.meter.stored(b)
			}
			k.outbox.settle(b, err)
			k.committer.pages.giveBack(b.Observations)
		},
	}
	err := k.committer.submit(ctx, s)
	if err != nil {
		s.settled(err)
	}
	return err
}

// reserve takes bytes from the budgets as soon as they are free.
func (k *keeper) reserve(ctx context.Context, bytes int64) error {
	if err := k.own.acquire(ctx, bytes); err != nil {
		return err
	}
	if err := k.queue.acquire(ctx, bytes); err != nil {
		k.own.add(-bytes)
		return err
	}
	return nil
}

// grow changes by how much a document holds of the budgets.
func (k *keeper) grow(bytes int64) {
	k.own.add(bytes)
	k.queue.add(bytes)
}

// release gives bytes back.
func (k *keeper) release(bytes int64) { k.grow(-bytes) }

// rebase completes b, which is a gap or nothing, with the baseline at its end,
// and stores it.
func (k *keeper) rebase(ctx context.Context, known survey, b *store.Batch) error {
	b.Baseline, b.States = k.catalog.rebase(k.run.ID, b.Expect, b.Next, known)
	if b.Next == b.Expect && len(b.Baseline) == 0 {
		return nil
	}
	bytes := int64(0)
	for i := range b.Baseline {
		bytes += size(&b.Baseline[i])
	}
	k.grow(bytes)
	return k.store(ctx, b, bytes)
}

// drain waits until all that was submitted is settled, and gives the error of the
// first batch that was refused.
func (k *keeper) drain(ctx context.Context) error {
	k.committer.hurry()
	return k.outbox.drain(ctx)
}
