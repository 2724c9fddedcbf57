package collect

import (
	"context"
	"log/slog"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// firstStoreRetry is the pause after the first commit that found the store
// away. It doubles up to Options.StoreRetry.
const firstStoreRetry = 50 * time.Millisecond

// mergedSpare is how many times as much memory for batches that are put together
// is kept as they need.
const mergedSpare = 8

// committer gathers the batches of many agents and stores them together: one
// transaction at a time, the batches of an agent in the order in which they were
// submitted.
type committer struct {
	opts    *Options
	metrics *metrics
	inbox   chan *submission
	// away takes the error of each commit that found the store away.
	away chan error
	// hurried holds one token where somebody waits for all that was submitted.
	hurried chan struct{}
	// pages is the memory of the batches' observations, and merged that of the
	// observations of batches that are put together. Only the commit under way uses
	// merged.
	pages  pages
	merged []plant.Observation
}

// submission is a batch on its way to the store. Its observations lie in memory
// that is used again when it is settled.
type submission struct {
	agent plant.AgentID
	batch *store.Batch
	// waiting is called each time that the store was away, settled once when the
	// batch is stored (nil) or refused. The committer calls both; they do not
	// block.
	waiting func(error)
	settled func(error)
}

func newCommitter(opts *Options, m *metrics) *committer {
	return &committer{
		opts: opts, metrics: m,
		inbox: make(chan *submission), away: make(chan error), hurried: make(chan struct{}, 1),
	}
}

// submit hands a batch over. Whether it is stored is told to its settled, which
// is not called where submit returns an error.
func (c *committer) submit(ctx context.Context, s *submission) error {
	select {
	case c.inbox <- s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hurry makes what was submitted be committed without waiting for more.
func (c *committer) hurry() {
	select {
	case c.hurried <- struct{}{}:
	default:
	}
}

// run commits until the inbox is closed, and then what still waits. When ctx
// ends, commits have StopGrace left. Every submission is settled when run
// returns.
func (c *committer) run(ctx context.Context) {
	ctx, cancel := withGrace(ctx, c.opts.StopGrace)
	defer cancel()
	var (
		inbox     = c.inbox
		waiting   []*submission
		count     int              // observations in waiting
		deadline  <-chan time.Time // when waiting is due
		due       bool
		committed chan struct{} // closed when the commit under way is done
		away      error         // why the commit under way gets nowhere
	)
	for inbox != nil || len(waiting) > 0 || committed != nil {
		if committed == nil && len(waiting) > 0 && (due || count >= c.opts.CommitObservations) {
			var group []*submission
			group, waiting = cut(waiting, c.opts.CommitObservations)
			count -= observations(group)
			due, deadline = inbox == nil || len(waiting) > 0, nil
			committed = make(chan struct{})
			go func() {
				defer close(committed)
				c.commit(ctx, group)
			}()
		}
		select {
		case s, open := <-inbox:
			if !open {
				inbox, due = nil, true
				continue
			}
			if len(waiting) == 0 {
				deadline = time.After(c.opts.CommitDelay)
			}
			waiting = append(waiting, s)
			count += len(s.batch.Observations)
			if away != nil {
				s.waiting(away)
			}
		case away = <-c.away:
			for _, s := range waiting { // those of the commit know it from store
				s.waiting(away)
			}
		case <-deadline:
			due, deadline = true, nil
		case <-c.hurried:
			if len(waiting) > 0 {
				due, deadline = true, nil
			}
		case <-committed:
			committed, away = nil, nil
		}
	}
}

// cut gives the front of list that has at least n observations, or all of it,
// and the rest.
func cut(list []*submission, n int) (front, rest []*submission) {
	for i, s := range list {
		if n -= len(s.batch.Observations); n <= 0 {
			return list[: i+1 : i+1], list[i+1:]
		}
	}
	return list, nil
}

func observations(list []*submission) int {
	n := 0
	for _, s := range list {
		n += len(s.batch.Observations)
	}
	return n
}

// commit stores a group of submissions and settles each.
func (c *committer) commit(ctx context.Context, group []*submission) {
	merged := c.merge(group)
	ends := make(map[plant.RunID]int64)
	for _, m := range merged {
		ends[m.batch.Run] = max(ends[m.batch.Run], m.batch.Next)
	}
	c.settle(ctx, merged, ends, false)
}

// settle stores batches and settles their submissions. It tries again while the
// store is away. Batches that the store cannot take for another reason are taken
// apart, so that what is wrong with one agent keeps no other waiting. ends is where
// those of each run end that were committed at once, and away whether the store has
// been away since.
func (c *committer) settle(ctx context.Context, merged []*mergedBatch, ends map[plant.RunID]int64, away bool) {
	was, err := c.store(ctx, merged)
	away = away || was
	if err != nil && len(merged) > 1 && plant.ErrorCode(err) != plant.Unavailable {
		for i := range merged {
			c.settle(ctx, merged[i:i+1], ends, away)
		}
		return
	}
	for _, m := range merged {
		result := err
		if result == nil {
			result = m.batch.Err
		}
		if away && plant.ErrorCode(result) == plant.Conflict && c.stored(ctx, m, ends) {
			result = nil
		}
		if result == nil {
			c.opts.Publish(plant.Change{
				Agent:        m.of[0].agent,
				Latest:       m.batch.Latest,
				States:       m.batch.States,
				Observations: len(m.batch.Observations),
			})
		}
		for _, s := range m.of {
			s.settled(result)
		}
	}
}

// stored reports whether a batch that was refused is stored all the same, by an
// attempt whose answer was lost: the cursor stands where the batch ends, or further
// where others of its run were stored with it, but not behind all of them.
func (c *committer) stored(ctx context.Context, m *mergedBatch, ends map[plant.RunID]int64) bool {
	run, err := c.opts.Store.LastRun(ctx, m.of[0].agent)
	return err == nil && run.ID == m.batch.Run && run.Next >= m.batch.Next && run.Next <= ends[run.ID]
}

// store commits batches, again and again while the store is away, and reports
// whether it was. It gives up when ctx ends.
func (c *committer) store(ctx context.Context, merged []*mergedBatch) (away bool, err error) {
	batches := make([]*store.Batch, len(merged))
	for i := range merged {
		batches[i] = merged[i].batch
	}
	for pause := firstStoreRetry; ; pause = min(2*pause, c.opts.StoreRetry) {
		began := c.opts.Now()
		err = c.opts.Store.Commit(ctx, batches)
		c.metrics.committed(c.opts.Now().Sub(began), batches, err)
		if err == nil || plant.ErrorCode(err) != plant.Unavailable {
			if away {
				c.opts.Log.Info("the store is back")
			}
			return away, err
		}
		if !away {
			away = true
			c.opts.Log.Warn("the store is away: reading waits", slog.Any("error", err))
		}
		for _, m := range merged {
			for _, s := range m.of {
				s.waiting(err)
			}
		}
		c.away <- err // run is there until this commit is done
		if sleep(ctx, pause) != nil {
			return away, err
		}
	}
}

// mergedBatch is one batch for the store, and the submissions it is made of.
type mergedBatch struct {
	batch *store.Batch
	of    []*submission
}

// merge puts the submissions of the same run together where each goes on where
// the one before ends. A baseline has a batch of its own. The batches are valid
// until the next call.
func (c *committer) merge(group []*submission) []*mergedBatch {
	var merged []*mergedBatch
	last := make(map[plant.RunID]*mergedBatch)
	for _, s := range group {
		m := last[s.batch.Run]
		if m == nil || !follows(s.batch, m.of[len(m.of)-1].batch) {
			m = &mergedBatch{}
			last[s.batch.Run] = m
			merged = append(merged, m)
		}
		m.of = append(m.of, s)
	}
	// Memory that was made for far more than is needed now is let go.
	clear(c.merged)
	if n := observations(group); cap(c.merged) < n || cap(c.merged) > mergedSpare*max(n, smallPage) {
		c.merged = make([]plant.Observation, 0, n)
	}
	c.merged = c.merged[:0]
	for _, m := range merged {
		m.batch = c.concat(m.of)
	}
	return merged
}

// follows reports whether b can be put together with the batch of its run before.
func follows(b, before *store.Batch) bool {
	return before.Next == b.Expect && len(before.Baseline) == 0 && len(b.Baseline) == 0
}

// concat gives the one batch that consecutive submissions of a run make.
func (c *committer) concat(of []*submission) *store.Batch {
	if len(of) == 1 {
		return of[0].batch
	}
	last, from := of[len(of)-1].batch, len(c.merged)
	b := &store.Batch{Run: last.Run, Expect: of[0].batch.Expect, Next: last.Next, Received: last.Received}
	at := make(map[plant.ItemID]int)
	for _, s := range of {
		c.merged = append(c.merged, s.batch.Observations...)
		b.Gaps = append(b.Gaps, s.batch.Gaps...)
		b.States = append(b.States, s.batch.States...)
		for _, l := range s.batch.Latest {
			if i, ok := at[l.Item]; ok {
				b.Latest[i] = l
				continue
			}
			at[l.Item] = len(b.Latest)
			b.Latest = append(b.Latest, l)
		}
	}
	b.Observations = c.merged[from:len(c.merged):len(c.merged)]
	return b
}

// withGrace gives a context that ends a while after ctx does.
func withGrace(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	graced, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return graced, func() {
		stop()
		cancel()
	}
}

// sleep waits for d, or until ctx ends, which it reports.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
