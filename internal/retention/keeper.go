package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// DefaultSealAfter is how long observations lie in rows before they are sealed,
// where nothing is said.
const DefaultSealAfter = time.Hour

// Store is what a Keeper looks after.
type Store interface {
	store.Upkeep
	Agents(ctx context.Context) ([]plant.Agent, error)
}

// Options is what a Keeper is made of. Store is needed.
type Options struct {
	Store  Store
	Policy Policy
	// SealAfter is how long observations lie in rows before they are sealed;
	// DefaultSealAfter where it is 0.
	SealAfter time.Duration
	// Now is the clock; time.Now where it is nil.
	Now func() time.Time
	// Log takes what was done; nowhere where it is nil.
	Log *slog.Logger
	// Registerer takes the metrics; they are kept nowhere where it is nil.
	Registerer prometheus.Registerer
}

// Keeper looks after a store. Its methods are safe for concurrent use.
type Keeper struct {
	opts    Options
	metrics *metrics
}

// New makes a Keeper.
func New(o Options) (*Keeper, error) {
	if o.Store == nil {
		return nil, errors.New("retention: Options.Store is not set: it is what is looked after")
	}
	if o.SealAfter <= 0 {
		o.SealAfter = DefaultSealAfter
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{opts: o, metrics: newMetrics(o.Registerer, o.Store)}, nil
}

// Seal turns the rows that have settled into blocks.
func (k *Keeper) Seal(ctx context.Context) error {
	began := k.opts.Now()
	sealed, err := k.opts.Store.Seal(ctx, began.Add(-k.opts.SealAfter))
	k.metrics.sealed.Add(float64(sealed.Observations))
	k.metrics.blocks.Add(float64(sealed.Blocks))
	if sealed.Partitions > 0 {
		k.opts.Log.Info("rows were sealed", "observations", sealed.Observations, "blocks", sealed.Blocks,
			"bytes", sealed.Bytes, "took", k.opts.Now().Sub(began))
	}
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	return nil
}

// Merge puts small blocks together.
func (k *Keeper) Merge(ctx context.Context) error {
	merged, err := k.opts.Store.Merge(ctx)
	if merged.Before > 0 {
		k.opts.Log.Info("small blocks were put together", "before", merged.Before, "after", merged.After)
	}
	if err != nil {
		return fmt.Errorf("merge blocks: %w", err)
	}
	return nil
}

// CheckNames warns where the policy has days for agents that there are not.
func (k *Keeper) CheckNames(ctx context.Context) error {
	agents, err := k.opts.Store.Agents(ctx)
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	if wrong := k.opts.Policy.Misnamed(agents); wrong != "" {
		k.opts.Log.Warn("the retention has days for agents that there are not", "detail", wrong)
	}
	return nil
}

// Expire deletes what is older than the policy allows, and gives what it freed.
// Where dry is true nothing is deleted, and the answer is what would be.
func (k *Keeper) Expire(ctx context.Context, dry bool) (store.Expired, error) {
	agents, err := k.opts.Store.Agents(ctx)
	if err != nil {
		return store.Expired{}, fmt.Errorf("retention: %w", err)
	}
	began := k.opts.Now()
	expired, err := k.opts.Store.Expire(ctx, k.opts.Policy.Cutoffs(agents, began), dry)
	if !dry {
		k.metrics.expired.Add(float64(expired.Observations))
		if expired != (store.Expired{}) {
			k.opts.Log.Info("what is older than the retention was deleted", "observations", expired.Observations,
				"blocks", expired.Blocks, "bytes", expired.Bytes, "states", expired.States,
				"baselines", expired.Baselines, "took", k.opts.Now().Sub(began))
		}
	}
	if err != nil {
		return expired, fmt.Errorf("retention: %w", err)
	}
	return expired, nil
}

// Verify reads all that is stored and logs what is wrong with it; the store
// remembers it as its faults.
func (k *Keeper) Verify(ctx context.Context) error {
	faults := 0
	for fault, err := range k.opts.Store.Verify(ctx) {
		if err != nil {
			return fmt.Errorf("verify the store: %w", err)
		}
		if faults++; faults <= store.MaxFaults {
			k.opts.Log.Error("what is stored is damaged", "what", fault.What, "detail", fault.Detail)
		}
	}
	if faults > store.MaxFaults {
		k.opts.Log.Error("what is stored is damaged in more places", "faults", faults)
	}
	return nil
}
