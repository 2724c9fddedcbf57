package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/internal/store/transfer"
)

func open(t *testing.T, name string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), name), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// devices stands in for the reader of probe documents: the document is a list of
// data item ids.
func devices(agent plant.AgentID, document []byte) ([]plant.ModelDevice, error) {
	d := plant.ModelDevice{Device: plant.Device{Agent: agent, Name: "Mill", UUID: "m-1", Present: true}}
	for id := range strings.FieldsSeq(string(document)) {
		d.Items = append(d.Items, plant.DataItem{DataItemID: id, Category: plant.Event, Type: "PROGRAM", Representation: "VALUE"})
	}
	return []plant.ModelDevice{d}, nil
}

var noon = time.UnixMicro(1_700_000_000_000_000).UTC()

// filler fills a store with what a copy must keep.
type filler struct {
	t     *testing.T
	s     *sqlite.Store
	items []plant.DataItem
	run   plant.Run
	next  int64
}

func (f *filler) model(agent plant.AgentID, document string) {
	f.t.Helper()
	found, err := devices(agent, []byte(document))
	if err != nil {
		f.t.Fatal(err)
	}
	inventory, err := f.s.SaveModel(f.t.Context(), plant.Model{Agent: agent, Digest: document, Document: []byte(document), From: noon, Devices: found})
	if err != nil {
		f.t.Fatal(err)
	}
	f.items = inventory.Items
}

func (f *filler) start(agent plant.AgentID, instance uint64, gaps ...plant.Gap) {
	f.t.Helper()
	run, err := f.s.StartRun(f.t.Context(), f.run.ID, plant.Run{Agent: agent, InstanceID: instance, First: 5, Began: noon}, gaps)
	if err != nil {
		f.t.Fatal(err)
	}
	f.run, f.next = run, run.Next
}

func (f *filler) commit(b *store.Batch) {
	f.t.Helper()
	b.Run, b.Expect, b.Received = f.run.ID, f.next, noon
	if err := f.s.Commit(f.t.Context(), []*store.Batch{b}); err != nil || b.Err != nil {
		f.t.Fatal(err, b.Err)
	}
	f.next = b.Next
}

// observe commits n observations of all items in turn.
func (f *filler) observe(n int) {
	b := &store.Batch{Next: f.next + int64(n)}
	for i := range n {
		sequence := f.next + int64(i)
		o := plant.Observation{
			Item: f.items[i%len(f.items)].ID, Sequence: sequence, Time: noon.UnixMicro() + sequence*1000,
			Value: plant.Value{Kind: plant.Text, Text: fmt.Sprint("O", sequence%17)},
		}
		if i%11 == 0 {
			o.Value, o.Alarm = plant.Value{}, &plant.Alarm{Level: plant.LevelFault, NativeCode: "1010", Text: "hot"}
		}
		b.Observations = append(b.Observations, o)
	}
	last := b.Observations[n-1]
	var latest plant.Latest
	latest.Apply(f.run.ID, last)
	b.Latest = []plant.Latest{latest}
	b.States = []plant.StateChange{{Device: f.items[0].Device, Sequence: last.Sequence, Time: last.Time, State: plant.Running, Rule: "5"}}
	f.commit(b)
}

func (f *filler) gap(n int64, reason plant.GapReason) {
	f.commit(&store.Batch{Next: f.next + n, Gaps: []plant.Gap{{From: f.next, To: f.next + n - 1, Reason: reason, Detail: "why", Noticed: noon}}})
}

func (f *filler) baseline() {
	f.commit(&store.Batch{Next: f.next, Baseline: []plant.Observation{
		{Item: f.items[1].ID, Sequence: 3, Time: noon.UnixMicro(), Value: plant.Value{Kind: plant.Text, Text: "before"}},
	}})
}

// fill makes two agents: one with two runs, a changed model, gaps of every kind,
// baselines and an item that is in no model; one that was only added.
func fill(t *testing.T, s *sqlite.Store) {
	t.Helper()
	agent, err := s.PutAgent(t.Context(), plant.Agent{Name: "hall-a", URL: "http://a:5000", Configured: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutAgent(t.Context(), plant.Agent{Name: "hall-b", URL: "http://b:5000"}); err != nil {
		t.Fatal(err)
	}
	f := &filler{t: t, s: s}
	f.model(agent.ID, "a b gone")
	f.start(agent.ID, 77, plant.Gap{From: 5, To: 9, Reason: plant.GapOverrun, Noticed: noon})
	f.baseline()
	f.observe(2500)
	f.gap(40, plant.GapRejected)
	f.baseline()
	f.gap(1, plant.GapMissing)
	f.observe(100)
	f.model(agent.ID, "a b new")
	if _, err := s.AddItem(t.Context(), plant.DataItem{Device: f.items[0].Device, DataItemID: "unmapped", Category: plant.Event, Type: "X", Unmapped: true}); err != nil {
		t.Fatal(err)
	}
	f.start(agent.ID, 77, plant.Gap{Run: f.run.ID, From: f.next, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: noon})
	f.observe(300)
}

// readings is all that a store gives, with names in place of numbers.
func readings(t *testing.T, s *sqlite.Store) []string {
	t.Helper()
	ctx := t.Context()
	var all []string
	say := func(parts ...any) { all = append(all, fmt.Sprintln(parts...)) }
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	agents, err := s.Agents(ctx)
	check(err)
	found, err := s.Devices(ctx)
	check(err)
	items := map[plant.ItemID]string{}
	for _, d := range found {
		list, err := s.Items(ctx, d.ID)
		check(err)
		for _, i := range list {
			items[i.ID] = d.Slug + "/" + i.DataItemID
			i.ID, i.Device = 0, 0
			say("item", d.Slug, d.Name, d.Present, fmt.Sprintf("%+v", i))
		}
	}
	observation := func(what string, o plant.Observation) {
		alarm := plant.Alarm{}
		if o.Alarm != nil {
			alarm = *o.Alarm
		}
		say(what, items[o.Item], o.Sequence, o.Time, o.Value, alarm, o.Extra)
	}
	runs := map[plant.RunID]string{}
	for _, a := range agents {
		say("agent", a.Name, a.URL, a.Configured)
		models, err := s.Models(ctx, a.ID)
		check(err)
		for _, m := range models {
			say("model", m.Digest, string(m.Document), m.From)
		}
		all, err := s.Runs(ctx)
		check(err)
		for _, r := range all {
			if r.Agent != a.ID {
				continue
			}
			runs[r.ID] = fmt.Sprint(a.Name, r.InstanceID, r.Epoch)
			say("run", runs[r.ID], r.First, r.Next, r.Stored, r.Began.UTC())
			for o, err := range s.Observations(ctx, r.ID, 0) {
				check(err)
				observation("observed", o)
			}
			for g, err := range s.Gaps(ctx, r.ID, 0) {
				check(err)
				say("gap", g, g.Detail, g.Noticed.UTC())
			}
			for b, err := range s.Baselines(ctx, r.ID) {
				check(err)
				for _, o := range b.Observations {
					observation(fmt.Sprint("baseline at ", b.At), o)
				}
			}
		}
		latest, err := s.Latest(ctx, a.ID)
		check(err)
		for _, l := range latest {
			observation("latest of "+runs[l.Run], l.Observation)
			say(len(l.Active))
		}
	}
	for _, d := range found {
		states, err := s.StatesBetween(ctx, d.ID, 0, 1<<62)
		check(err)
		for _, c := range states {
			say("state", d.Slug, runs[c.Run], c.Sequence, c.Time, c.State, c.Rule)
		}
	}
	return all
}

func TestCopyIsTheSame(t *testing.T) {
	from, to := open(t, "from.db"), open(t, "to.db")
	fill(t, from)
	summary, err := transfer.Copy(t.Context(), from, to, transfer.Options{Devices: devices})
	if err != nil {
		t.Fatal(err)
	}
	if summary.Observations != 2900 || summary.Agents != 2 || summary.Runs != 2 {
		t.Errorf("summary %+v, want 2900 observations of 2 runs of 2 agents", summary)
	}
	if diff := cmp.Diff(readings(t, from), readings(t, to)); diff != "" {
		t.Errorf("source and copy differ (-source +copy):\n%s", diff)
	}
}

// flaky is a store whose commits fail from some point on.
type flaky struct {
	*sqlite.Store
	left int
}

var errCut = errors.New("cut off")

func (f *flaky) Commit(ctx context.Context, batches []*store.Batch) error {
	if f.left--; f.left < 0 {
		return errCut
	}
	return f.Store.Commit(ctx, batches)
}

// A copy that is cut off after any number of commits and begun again is the same
// as one that was not.
func TestCopyGoesOn(t *testing.T) {
	from := open(t, "from.db")
	fill(t, from)
	want := readings(t, from)
	for commits := range 12 {
		to := open(t, fmt.Sprintf("to%d.db", commits))
		_, err := transfer.Copy(t.Context(), from, &flaky{Store: to, left: commits}, transfer.Options{Devices: devices})
		if err != nil && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		cut := err != nil
		for range 2 {
			if _, err := transfer.Copy(t.Context(), from, to, transfer.Options{Devices: devices}); err != nil {
				t.Fatalf("after %d commits (cut off: %v): %v", commits, cut, err)
			}
		}
		if diff := cmp.Diff(want, readings(t, to)); diff != "" {
			t.Fatalf("cut off after %d commits (-source +copy):\n%s", commits, diff)
		}
		if !cut {
			return
		}
	}
	t.Error("the copy was cut off every time: the test makes too few commits possible")
}

// A target that holds something else is refused and left as it is.
func TestCopyIntoAnotherStore(t *testing.T) {
	from, to := open(t, "from.db"), open(t, "to.db")
	fill(t, from)
	agent, err := to.PutAgent(t.Context(), plant.Agent{Name: "hall-a", URL: "http://a:5000"})
	if err != nil {
		t.Fatal(err)
	}
	f := &filler{t: t, s: to}
	f.model(agent.ID, "a b gone")
	f.start(agent.ID, 99)
	f.observe(10)
	_, err = transfer.Copy(t.Context(), from, to, transfer.Options{Devices: devices})
	if plant.ErrorCode(err) != plant.Conflict {
		t.Errorf("copying over another capture gives %v, want a conflict", err)
	}
}

// age lets retention delete what a source has of the numbers before one.
func age(t *testing.T, s *sqlite.Store, before int64) {
	t.Helper()
	if _, err := s.Seal(t.Context(), time.Now().Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	agents, err := s.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	freed, err := s.Expire(t.Context(), map[plant.AgentID]int64{agents[0].ID: noon.UnixMicro() + before*1000}, false)
	if err != nil || freed.Observations == 0 {
		t.Fatalf("retention freed %+v, %v", freed, err)
	}
}

// recorded fills a store with an agent of one run, and goes on filling it.
func recorded(t *testing.T, s *sqlite.Store) *filler {
	t.Helper()
	agent, err := s.PutAgent(t.Context(), plant.Agent{Name: "hall-a", URL: "http://a:5000"})
	if err != nil {
		t.Fatal(err)
	}
	f := &filler{t: t, s: s}
	f.model(agent.ID, "a b")
	f.start(agent.ID, 77)
	f.observe(4000)
	return f
}

// accounted wants the ledger of a store's only run to add up, with so many
// observations that can be read.
func accounted(t *testing.T, s *sqlite.Store, next, readable int64) {
	t.Helper()
	run, err := s.LastRun(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	read := int64(0)
	for _, err := range s.Observations(t.Context(), run.ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		read++
	}
	for g, err := range s.Gaps(t.Context(), run.ID, 0) {
		t.Errorf("gap %+v, %v", g, err)
	}
	if run.Next != next || read != readable || run.Stored-run.Freed != readable || run.Stored != next-run.First {
		t.Errorf("%+v: %d read; want %d up to %d", run, read, readable, next)
	}
	for fault, err := range s.Verify(t.Context()) {
		t.Errorf("verify: %+v, %v", fault, err)
	}
}

// What the source has deleted since an earlier copy stays in the copy, and what
// came since is added.
func TestCopyGoesOnBehindRetention(t *testing.T) {
	from, to := open(t, "from.db"), open(t, "to.db")
	f := recorded(t, from)
	if _, err := transfer.Copy(t.Context(), from, to, transfer.Options{Devices: devices}); err != nil {
		t.Fatal(err)
	}
	age(t, from, 3000)
	f.observe(500)
	summary, err := transfer.Copy(t.Context(), from, to, transfer.Options{Devices: devices})
	if err != nil {
		t.Fatal(err)
	}
	if summary.Observations != 500 || summary.Present != 4000 {
		t.Errorf("summary %+v, want 500 observations behind 4000", summary)
	}
	accounted(t, to, f.next, 4500)
}

// A copy that was cut off goes on behind what the source has deleted meanwhile.
func TestCopyGoesOnWhereTheSourceHasDeleted(t *testing.T) {
	from, to := open(t, "from.db"), open(t, "to.db")
	f := recorded(t, from)
	_, err := transfer.Copy(t.Context(), from, &flaky{Store: to}, transfer.Options{Devices: devices})
	if !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	age(t, from, 3000)
	f.observe(500)
	summary, err := transfer.Copy(t.Context(), from, to, transfer.Options{Devices: devices})
	if err != nil {
		t.Fatal(err)
	}
	accounted(t, to, f.next, summary.Observations)
	if summary.Observations < 1500 || summary.Observations > 4000 {
		t.Errorf("summary %+v, want what is left of the source", summary)
	}
}

// The address of a machine, by which the shop file names it too, is the same in a
// copy, in whatever order the machines of the same name came.
func TestCopyKeepsSlugs(t *testing.T) {
	from, to := open(t, "from.db"), open(t, "to.db")
	for _, name := range []string{"hall-b", "hall-a"} {
		agent, err := from.PutAgent(t.Context(), plant.Agent{Name: name, URL: "http://" + name})
		if err != nil {
			t.Fatal(err)
		}
		(&filler{t: t, s: from}).model(agent.ID, "a b")
	}
	if _, err := transfer.Copy(t.Context(), from, to, transfer.Options{Devices: devices}); err != nil {
		t.Fatal(err)
	}
	slugs := func(s store.Reader) map[string]string {
		agents, err := s.Agents(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.Devices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, d := range all {
			for _, a := range agents {
				if a.ID == d.Agent {
					found[a.Name] = d.Slug
				}
			}
		}
		return found
	}
	if want, got := slugs(from), slugs(to); want["hall-a"] != got["hall-a"] || want["hall-b"] != got["hall-b"] {
		t.Errorf("the machines are called %v in the source and %v in the copy", want, got)
	}
}

// One item whose clock is years behind is freed at once: the copy has what the others
// have said, and the ledger of the source.
func TestCopyWithOneItemOfAWrongClock(t *testing.T) {
	from, to := open(t, "from.db"), open(t, "to.db")
	agent, err := from.PutAgent(t.Context(), plant.Agent{Name: "hall-a", URL: "http://a:5000"})
	if err != nil {
		t.Fatal(err)
	}
	f := &filler{t: t, s: from}
	f.model(agent.ID, "good wrong")
	f.start(agent.ID, 77)
	b := &store.Batch{Next: f.next + 4000}
	for i := range int64(4000) {
		o := plant.Observation{Item: f.items[0].ID, Sequence: f.next + i, Time: noon.UnixMicro() + i, Value: plant.Value{Kind: plant.Number, Number: 1}}
		if i%400 == 399 { // ten of the year 2000, the last number among them
			o.Item, o.Time = f.items[1].ID, 946_684_800_000_000+i
		}
		b.Observations = append(b.Observations, o)
	}
	f.commit(b)
	if _, err := from.Seal(t.Context(), time.Now().Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	freed, err := from.Expire(t.Context(), map[plant.AgentID]int64{agent.ID: noon.Add(-30 * 24 * time.Hour).UnixMicro()}, false)
	if err != nil || freed.Observations != 10 {
		t.Fatal(freed, err)
	}
	summary, err := transfer.Copy(t.Context(), from, to, transfer.Options{Devices: devices})
	if err != nil || summary.Observations != 3990 {
		t.Errorf("of 3990 observations that the source has, the copy has %d: %v", summary.Observations, err)
	}
	accounted(t, to, f.next, 3990)
}

// What a source has lost is no part of what retention has deleted of it.
func TestCopyOfASourceThatLostSomething(t *testing.T) {
	from, to := open(t, "from.db"), open(t, "to.db")
	recorded(t, from)
	age(t, from, 3000)
	_, err := transfer.Copy(t.Context(), &holed{from}, to, transfer.Options{Devices: devices})
	if plant.ErrorCode(err) != plant.Damaged {
		t.Errorf("copying a source with a hole gives %v, want that it is damaged", err)
	}
}

// holed is a store that has lost an observation.
type holed struct{ *sqlite.Store }

func (h *holed) Observations(ctx context.Context, run plant.RunID, from int64) iter.Seq2[plant.Observation, error] {
	return func(yield func(plant.Observation, error) bool) {
		for o, err := range h.Store.Observations(ctx, run, from) {
			if o.Sequence != 3500 && !yield(o, err) {
				return
			}
		}
	}
}

// lively is a source to which something happens when what is known is first read.
type lively struct {
	*sqlite.Store
	happens func()
}

func (l *lively) Latest(ctx context.Context, agent plant.AgentID) ([]plant.Latest, error) {
	if happens := l.happens; happens != nil {
		l.happens = nil
		happens()
	}
	return l.Store.Latest(ctx, agent)
}

// A source that goes on meanwhile is copied as it was, but for a run that begins: what
// is known of that is not without it.
func TestCopyOfASourceThatGoesOn(t *testing.T) {
	for name, begins := range map[string]bool{"a new data item": false, "a new run with a new data item": true} {
		t.Run(name, func(t *testing.T) {
			from, to := open(t, "from.db"), open(t, "to.db")
			f := recorded(t, from)
			source := &lively{Store: from, happens: func() {
				f.model(f.run.Agent, "a b new")
				if begins {
					f.start(f.run.Agent, 78)
				}
				f.observe(9)
			}}
			summary, err := transfer.Copy(t.Context(), source, to, transfer.Options{Devices: devices})
			if err != nil {
				t.Fatal(err)
			}
			if want := map[bool]int64{false: 4000, true: 4009}[begins]; summary.Observations != want {
				t.Errorf("%d observations are copied, want %d", summary.Observations, want)
			}
			if !begins {
				if _, err := transfer.Copy(t.Context(), from, to, transfer.Options{Devices: devices}); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(readings(t, from), readings(t, to)); diff != "" {
				t.Errorf("source and copy differ (-source +copy):\n%s", diff)
			}
		})
	}
}
