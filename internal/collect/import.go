package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Imported is what an import did.
type Imported struct {
	// Observations is how many observations were stored, Gaps how many entries
	// were made in the ledger, and Lost how many sequence numbers are in those of
	// known length.
	Observations, Gaps, Lost int64
	// Oldest is the earliest timestamp of what was stored, in microseconds; it has
	// no meaning where nothing was.
	Oldest int64
	// Files is how many documents or files with lines were read, those counted of
	// which everything was stored before.
	Files int
	// PassedOver are the names of damaged documents that were passed over because
	// that was asked for.
	PassedOver []string
}

// importer stores what was recorded of one agent. What is in the store already is
// passed over: an import that ended anywhere is gone on with by importing the
// same again.
type importer struct {
	keeper
	// runs are the runs of the agent by their instanceId, of those with the same
	// one the newest; newest is the newest of all.
	runs   map[uint64]plant.Run
	newest plant.Run
	result Imported
}

// importing runs f with an importer and waits until all that it has stored is
// committed. The error is that of f, or of the store where it refused a batch.
func importing(ctx context.Context, o Options, a plant.Agent, f func(*importer) error) (Imported, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Imported{}, err
	}
	if o.Ledger == nil {
		return Imported{}, errors.New("collect: Options.Ledger is not set: it says what is imported already")
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return Imported{}, err
	}
	committer := newCommitter(&o, m)
	var committing sync.WaitGroup
	committing.Go(func() { committer.run(ctx) })
	im := &importer{result: Imported{Oldest: math.MaxInt64}, keeper: newKeeper(&o, a, committer, newBudget(o.TotalQueueBytes), m)}
	im.outbox.tally = im.count
	err = im.load(ctx)
	if err == nil {
		err = f(im)
	}
	// The error of a batch that was refused comes first: those after it follow
	// from it.
	if refused := im.drain(context.WithoutCancel(ctx)); refused != nil {
		err = refused
	}
	close(committer.inbox)
	committing.Wait()
	return im.result, err
}

// load reads what the store has of the agent.
func (im *importer) load(ctx context.Context) error {
	devices, err := im.opts.Ledger.Devices(ctx)
	if err != nil {
		return fmt.Errorf("read the devices: %w", err)
	}
	var known store.Inventory
	for _, d := range devices {
		if d.Agent != im.agent.ID {
			continue
		}
		items, err := im.opts.Ledger.Items(ctx, d.ID)
		if err != nil {
			return fmt.Errorf("read the data items: %w", err)
		}
		known.Devices, known.Items = append(known.Devices, d), append(known.Items, items...)
	}
	im.catalog = newCatalog(known, nil, im.opts.Rules)

	runs, err := im.opts.Ledger.Runs(ctx)
	if err != nil {
		return fmt.Errorf("read the runs: %w", err)
	}
	slices.SortFunc(runs, func(a, b plant.Run) int { return cmp.Compare(a.ID, b.ID) })
	im.runs = make(map[uint64]plant.Run)
	for _, r := range runs {
		if r.Agent == im.agent.ID {
			im.runs[r.InstanceID], im.newest = r, r
		}
	}
	return nil
}

// count counts what was committed. The outbox calls it, once at a time.
func (im *importer) count(observations int, gaps []plant.Gap) {
	im.result.Observations += int64(observations)
	for _, g := range gaps {
		im.result.Gaps++
		if n, known := g.Lost(); known {
			im.result.Lost += n
		}
	}
}

// reading reports whether the run of an instance is the one that is read.
func (im *importer) reading(instance uint64) bool {
	return im.run.ID != 0 && im.run.InstanceID == instance
}

// ended reports whether the agent has a run of an instance that another run
// followed: nothing can be added to it.
func (im *importer) ended(instance uint64) bool {
	r, ok := im.runs[instance]
	return ok && r.ID != im.newest.ID
}

// enter makes the run of an instance, which has not ended, the one that is read.
// Where there is none, it is begun at first, and end says what became of the rest
// of the run before.
func (im *importer) enter(ctx context.Context, instance uint64, first int64, end plant.Gap) error {
	if im.reading(instance) {
		return nil
	}
	if r, ok := im.runs[instance]; ok {
		return im.adopt(ctx, r)
	}
	if err := im.drain(ctx); err != nil {
		return err
	}
	last := im.newest
	if im.run.ID != 0 {
		last = im.run
		im.runs[last.InstanceID] = last
	}
	if err := im.begin(ctx, last, plant.Run{InstanceID: instance, First: first}, end); err != nil {
		return err
	}
	im.newest, im.runs[instance] = im.run, im.run
	return nil
}

// keep stores observations, which stand in order of sequence from the cursor on,
// each number once, and moves the cursor to next. What is missing between them,
// and behind the last, is explained by explain.
func (im *importer) keep(ctx context.Context, list []plant.Observation, next int64, explain func(from, to int64) []plant.Gap) error {
	b := &store.Batch{Run: im.run.ID, Expect: im.run.Next, Next: next, Observations: list, Received: im.opts.Now()}
	at, bytes := b.Expect, int64(0)
	for i := range list {
		o := &list[i]
		im.result.Oldest = min(im.result.Oldest, o.Time)
		if o.Sequence > at {
			b.Gaps = append(b.Gaps, explain(at, o.Sequence-1)...)
		}
		at = o.Sequence + 1
		bytes += size(o)
	}
	if at < next {
		b.Gaps = append(b.Gaps, explain(at, next-1)...)
	}
	if err := im.reserve(ctx, bytes); err != nil {
		return err
	}
	return im.store(ctx, b, bytes)
}

// gap makes an entry of the ledger for the run that is read.
func (im *importer) gap(from, to int64, reason plant.GapReason, detail string) plant.Gap {
	return plant.Gap{Run: im.run.ID, From: from, To: to, Reason: reason, Detail: escape(detail, maxErrorText), Noticed: im.opts.Now()}
}
