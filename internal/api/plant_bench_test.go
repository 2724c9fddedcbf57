package api_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// benchMachines is how many machines the plants of the benchmarks have, all together.
const benchMachines = 100

// benchStore is a store of either kind.
type benchStore interface {
	store.Writer
	store.Reader
	store.Admin
	store.Upkeep
}

// onEach runs a benchmark over a store of each kind.
func onEach(b *testing.B, run func(b *testing.B, st benchStore)) {
	b.Helper()
	b.Run("embedded", func(b *testing.B) { run(b, embedded(b)) })
	b.Run("postgres", func(b *testing.B) { run(b, onPostgres(b)) })
}

// embedded opens a store in a file.
func embedded(b *testing.B) benchStore {
	b.Helper()
	st, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "test.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	return st
}

// onPostgres opens a store on a server of its own, which has tidied up when it is read,
// as servers do by themselves.
func onPostgres(b *testing.B) benchStore {
	b.Helper()
	url := pgtest.New(b).Database(b)
	if _, err := postgres.MigrateUp(b.Context(), url); err != nil {
		b.Fatal(err)
	}
	st, err := postgres.Open(b.Context(), url, postgres.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	return tidied{st, url}
}

// tidied is a store on PostgreSQL that is vacuumed when it has been sealed.
type tidied struct {
	*postgres.Store
	url string
}

func (t tidied) Seal(ctx context.Context, before time.Time) (store.Sealed, error) {
	sealed, err := t.Store.Seal(ctx, before)
	if err != nil {
		return sealed, err
	}
	conn, err := pgx.Connect(ctx, t.url)
	if err != nil {
		return sealed, err
	}
	_, err = conn.Exec(ctx, "VACUUM ANALYZE")
	return sealed, errors.Join(err, conn.Close(ctx))
}

// agentName and machineName are what the agents and machines of a plant are called.
func agentName(a int) string   { return fmt.Sprintf("hall-%02d", a) }
func machineName(m int) string { return fmt.Sprintf("m%02d", m) }

// sealedPlant makes of a store a sealed one of benchMachines machines, spread over
// agents that stream. items gives the data items of each machine but for the begin of
// their ids, and tell says and commits what the machines of an agent did.
func sealedPlant(b *testing.B, st benchStore, agents int, items []plant.DataItem, tell func(*teller)) *live.Hub {
	b.Helper()
	ctx, hub := b.Context(), live.NewHub(live.Options{})
	for a := range agents {
		agent, err := st.PutAgent(ctx, plant.Agent{Name: agentName(a), URL: "http://hall:5000", Configured: true})
		if err != nil {
			b.Fatal(err)
		}
		model := plant.Model{Agent: agent.ID, Digest: strings.Repeat("0", 64), Document: []byte("<x/>"), From: start}
		for m := range benchMachines / agents {
			name := machineName(a*benchMachines/agents + m)
			device := plant.ModelDevice{Device: plant.Device{Slug: name, Name: name, UUID: name, Present: true}}
			for i, it := range items {
				it.DataItemID, it.Representation = fmt.Sprint(name, "i", i), "VALUE"
				device.Items = append(device.Items, it)
			}
			model.Devices = append(model.Devices, device)
		}
		t := teller{b: b, st: st, batch: new(store.Batch)}
		if t.Inventory, err = st.SaveModel(ctx, model); err != nil {
			b.Fatal(err)
		}
		if t.run, err = st.StartRun(ctx, 0, plant.Run{Agent: agent.ID, InstanceID: 7, First: 1, Next: 1, Began: start}, nil); err != nil {
			b.Fatal(err)
		}
		t.begin()
		tell(&t)
		hub.PublishStatus(plant.AgentStatus{Agent: agent.ID, Link: plant.LinkStreaming})
	}
	if _, err := st.Seal(ctx, time.Now().Add(24*time.Hour)); err != nil {
		b.Fatal(err)
	}
	return hub
}

// teller tells of the machines of an agent.
type teller struct {
	store.Inventory
	b     *testing.B
	st    benchStore
	run   plant.Run
	batch *store.Batch
}

// say adds an observation.
func (t *teller) say(o plant.Observation) {
	o.Run, o.Sequence = t.run.ID, t.run.Next
	t.run.Next++
	t.batch.Observations = append(t.batch.Observations, o)
}

// change adds a change of a machine's state with the last observation.
func (t *teller) change(to plant.State) {
	o := &t.batch.Observations[len(t.batch.Observations)-1]
	device := t.Items[slices.IndexFunc(t.Items, func(it plant.DataItem) bool { return it.ID == o.Item })].Device
	t.batch.States = append(t.batch.States, plant.StateChange{Device: device, Run: t.run.ID, Sequence: o.Sequence, Time: o.Time, State: to, Rule: "5 executing"})
}

// lose adds a gap of so many sequence numbers in front of what a batch says.
func (t *teller) lose(n int64, noticed time.Time) {
	t.batch.Gaps = append(t.batch.Gaps, plant.Gap{From: t.run.Next, To: t.run.Next + n - 1, Reason: plant.GapOverrun, Noticed: noticed})
	t.run.Next += n
}

func (t *teller) begin() {
	t.batch = &store.Batch{Run: t.run.ID, Expect: t.run.Next, Received: start}
}

// commit stores what was said since the last one.
func (t *teller) commit() {
	t.b.Helper()
	t.batch.Next = t.run.Next
	if err := t.st.Commit(t.b.Context(), []*store.Batch{t.batch}); err != nil || t.batch.Err != nil {
		t.b.Fatal(err, t.batch.Err)
	}
	t.begin()
}
