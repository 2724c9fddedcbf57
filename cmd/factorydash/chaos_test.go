package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/internal/simulate"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// unreliable is an agent that can be restarted, and a network before it that
// cuts connections and damages documents. It remembers all it ever had.
type unreliable struct {
	t      *testing.T
	server *httptest.Server
	// mishap is one in how many answers is cut or damaged; 0 is none.
	mishap atomic.Int64
	// mishaps counts those that came about: they are cuts and damages in turn.
	mishaps, cuts, damage atomic.Int64

	devices  agent.Source // the device models
	handler  atomic.Pointer[agent.Agent]
	ring     *agent.Ring
	instance uint64
	// truth is what each instance said, by sequence number less one.
	truth map[uint64][]agent.Observation
}

func newUnreliable(t *testing.T, devices agent.Source) *unreliable {
	u := &unreliable{t: t, devices: devices, instance: 1_700_000_000, truth: make(map[uint64][]agent.Observation)}
	u.restart()
	u.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := u.mishap.Load(); n > 0 && rand.Int64N(n) == 0 {
			w = &faultyWriter{ResponseWriter: w, u: u, left: rand.IntN(1 << (8 + rand.IntN(14)))}
		}
		u.handler.Load().ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		u.handler.Load().Close()
		u.server.CloseClientConnections()
		u.server.Close()
	})
	return u
}

// restart begins a new instance: what was not read of the old one is gone.
func (u *unreliable) restart() {
	u.instance++
	ring, err := agent.NewRing(agent.RingConfig{
		Info: agent.Info{
			Sender: "chaos", Version: "1.0", SchemaVersion: "2.2",
			InstanceID: u.instance, BufferSize: 1 << 20,
		},
		Devices: u.devices.Devices(),
	})
	if err != nil {
		u.t.Fatal(err)
	}
	u.ring = ring
	old := u.handler.Swap(agent.New(ring, agent.Options{}))
	if old != nil {
		old.Close()
		u.server.CloseClientConnections()
	}
}

// say lets the agent observe.
func (u *unreliable) say(observations []agent.Observation) {
	for i := range observations {
		o := observations[i]
		o.Sequence = 0
		if _, err := u.ring.Add(o); err != nil {
			u.t.Fatal(err)
		}
		u.truth[u.instance] = append(u.truth[u.instance], o)
	}
}

// faultyWriter passes an answer on until so many bytes have gone by; then it
// cuts the connection, or damages a byte so that no reader can take it for
// another document.
type faultyWriter struct {
	http.ResponseWriter
	u    *unreliable
	left int
}

func (w *faultyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *faultyWriter) Write(b []byte) (int, error) {
	if w.left < 0 || len(b) < w.left {
		if w.left >= 0 {
			w.left -= len(b)
		}
		return w.ResponseWriter.Write(b)
	}
	at := w.left
	w.left = -1
	if w.u.mishaps.Add(1)%2 == 1 {
		w.u.cuts.Add(1)
		w.ResponseWriter.Write(b[:at])
		panic(http.ErrAbortHandler)
	}
	w.u.damage.Add(1)
	damaged := append([]byte(nil), b...)
	if len(damaged) > 0 {
		damaged[min(at, len(damaged)-1)] = 0 // stands nowhere in XML nor in a header
	}
	return w.ResponseWriter.Write(damaged)
}

// patience is how much longer things may take where they are not measured: the
// short tests run on machines that are busy with others.
const patience = 4

// onTime gives the time in which something has to happen: d in the long run, which
// has the machine to itself.
func onTime(d time.Duration) time.Duration {
	if longChaos() {
		return d
	}
	return patience * d
}

// longChaos is whether `make chaos` runs.
func longChaos() bool { return os.Getenv("FACTORYDASH_CHAOS") == "long" }

// chaosData gives what the chaos is about: the recorded data where the long run
// is asked for and the data is there, else an hour of a simulated hall.
func chaosData(t *testing.T, long bool) (agent.Source, []agent.Observation) {
	t.Helper()
	var source agent.Source
	if long {
		dir := nist(t)
		devices, err := os.ReadFile(filepath.Join(dir, "documents", "Devices.xml"))
		if err != nil {
			t.Fatal(err)
		}
		replay, err := simulate.NewReplay(recording.Documents(filepath.Join(dir, "recorded", "mazak03.tgz")),
			simulate.ReplayConfig{Devices: devices})
		if err != nil {
			t.Fatal(err)
		}
		source = replay.Source()
	} else {
		shop, err := simulate.NewShop(simulate.ShopConfig{Seed: 7, Start: time.Now().Add(-2 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		source = shop.Agents()[0].Source
	}
	return source, observationsOf(t, source)
}

// observationsOf gives all that a source holds.
func observationsOf(t *testing.T, source agent.Source) []agent.Observation {
	t.Helper()
	var all []agent.Observation
	first, next := source.Bounds()
	err := source.Scan(t.Context(), first, next, false, func(o *agent.Observation) bool {
		all = append(all, *o)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestChaos kills the program at random moments while streams are cut,
// documents damaged and the store is held by somebody else; once with one
// instance of the agent, of which not a single observation may be missing, and
// once with an agent that restarts as well. In the end every observation is
// stored exactly once with the value it had, or in the ledger.
func TestChaos(t *testing.T) {
	t.Parallel()
	chaosOver(t, func(*testing.T) {}, func(data string, after time.Duration) (undone func()) {
		time.AfterFunc(after, holdStore(t, data))
		return func() {}
	})
}

// TestChaosOnPostgreSQL is the same on PostgreSQL, whose server is killed in
// place of the store being held.
func TestChaosOnPostgreSQL(t *testing.T) {
	server := pgtest.New(t)
	fresh := func(t *testing.T) { t.Setenv("DATABASE_URL", server.Database(t)) }
	chaosOver(t, fresh, func(_ string, after time.Duration) (undone func()) {
		server.StopNow(t)
		started := make(chan struct{})
		go func() {
			defer close(started)
			time.Sleep(after)
			server.Start(t)
		}()
		return func() { <-started }
	})
}

// disturb takes the store with its data in a folder away, and gives it back after
// a while; undone waits for that.
type disturb func(data string, after time.Duration) (undone func())

// chaosOver is the test over one kind of store; fresh makes an empty one.
func chaosOver(t *testing.T, fresh func(t *testing.T), disturb disturb) {
	t.Helper()
	source, all := chaosData(t, longChaos())
	lives := 10
	if longChaos() {
		lives = 50
	}
	t.Run("one instance", func(t *testing.T) {
		fresh(t)
		u := newUnreliable(t, source)
		data := captureInChaos(t, u, all, lives, 0, disturb)
		if entries := ledger(t, data); len(entries) != 1 || entries[0].Stored != int64(len(all)) || len(entries[0].Gaps) != 0 {
			t.Errorf("want all %d observations of one instance, the ledger says %+v", len(all), entries)
		}
		checkAgainstTruth(t, data, u)
	})
	t.Run("agent restarts", func(t *testing.T) {
		fresh(t)
		u := newUnreliable(t, source)
		data := captureInChaos(t, u, all, lives, 5, disturb)
		if entries := ledger(t, data); len(entries) < 2 {
			t.Errorf("the agent restarted, the ledger says %+v", entries)
		}
		checkAgainstTruth(t, data, u)
	})
}

// runBegins is what is logged when the first of a run of an agent is stored.
const runBegins = "a run of the agent begins"

// captureInChaos lets the program live and be killed so many times while the
// agent says all there is to say, and gives the data folder. Every few lives,
// where restartEvery is not 0, the agent restarts.
func captureInChaos(t *testing.T, u *unreliable, all []agent.Observation, lives, restartEvery int, disturb disturb) (data string) {
	t.Helper()
	data = t.TempDir()
	name := "mazak=" + u.server.URL
	restarts, held := 0, 0
	begun := false // Something of this instance of the agent is stored.
	// Some more lives show what those before were too short for.
	enough := func() bool { return u.cuts.Load() > 0 && u.damage.Load() > 0 }
	for life := 0; life < lives || !enough() && life < 5*lives; life++ {
		u.mishap.Store(2)
		if restartEvery > 0 && life%restartEvery == restartEvery-2 {
			u.restart()
			restarts++
			begun = false
		}
		if life < lives {
			u.say(all[life*len(all)/lives : (life+1)*len(all)/lives])
		}
		p := start(t, "serve", "--data", data, "--listen", "127.0.0.1:0", "--agent", name)
		if life%4 != 0 { // else the kill may come while the program starts
			p.address()
		}
		undone := func() {}
		if life%5 == 1 {
			undone = disturb(data, time.Duration(rand.IntN(600))*time.Millisecond)
			held++
		}
		// The moment of the kill is random: that is the point of the test.
		time.Sleep(time.Duration(rand.IntN(900)) * time.Millisecond)
		begun = begun || slices.ContainsFunc(p.logged(), func(line map[string]any) bool { return line["msg"] == runBegins })
		if !begun && restartEvery > 0 && (life+1)%restartEvery == restartEvery-2 {
			p.waitLog(runBegins) // It would leave no trace of the instance that ends now.
			begun = true
		}
		p.kill()
		undone()
	}
	u.mishap.Store(0)
	if out, code := output(t, "loaddata", "--data", data, "--agent", name); code != 0 {
		t.Fatalf("loaddata: exit code %d: %s", code, out)
	}
	t.Logf("%d observations, %d kills, %d restarts of the agent, %d times the store was away, %d cuts, %d damaged documents",
		len(all), lives, restarts, held, u.cuts.Load(), u.damage.Load())
	if !enough() {
		t.Error("no answer was cut or none damaged: the test shows less than it says")
	}
	return data
}

// checkAgainstTruth compares export and ledger with what the agent said.
func checkAgainstTruth(t *testing.T, data string, u *unreliable) {
	t.Helper()
	stored := make(map[uint64]int64)
	missing := make(map[uint64]map[int64]bool) // sequence numbers in closed gaps
	entries := ledger(t, data)
	for _, e := range entries {
		missing[e.Instance] = make(map[int64]bool)
		for _, g := range e.Gaps {
			if g.To == nil {
				if g.Reason != "restart" || g.From != e.Next {
					t.Errorf("instance %d: open gap %+v, next %d", e.Instance, g, e.Next)
				}
				continue
			}
			for s := g.From; s <= *g.To; s++ {
				missing[e.Instance][s] = true
			}
		}
	}
	next := make(map[uint64]int64)
	for _, e := range entries {
		next[e.Instance] = e.First
	}
	export(t, data, func(o exported) {
		truth := u.truth[o.Instance]
		for missing[o.Instance][next[o.Instance]] {
			next[o.Instance]++
		}
		if o.Sequence != next[o.Instance] || o.Sequence > int64(len(truth)) {
			t.Fatalf("instance %d: exported sequence %d, want %d of %d", o.Instance, o.Sequence, next[o.Instance], len(truth))
		}
		next[o.Instance]++
		stored[o.Instance]++
		compareWithTruth(t, o, truth[o.Sequence-1])
	})
	var total int64
	for i, e := range entries {
		truth := int64(len(u.truth[e.Instance]))
		if e.First != 1 || e.Stored != stored[e.Instance] || e.Stored+int64(len(missing[e.Instance])) != e.Next-e.First {
			t.Errorf("ledger does not add up: %+v, exported %d", e, stored[e.Instance])
		}
		last := i == len(entries)-1
		if last && e.Next != truth+1 {
			t.Errorf("instance %d: next is %d, the agent has %d", e.Instance, e.Next, truth)
		}
		if !last && (len(e.Gaps) == 0 || e.Gaps[len(e.Gaps)-1].To != nil) {
			t.Errorf("instance %d ended without a restart in the ledger: %+v", e.Instance, e)
		}
		if len(missing[e.Instance]) > 0 {
			t.Errorf("instance %d: %d sequence numbers given up, although the agent had them: %+v", e.Instance, len(missing[e.Instance]), e.Gaps)
		}
		total += stored[e.Instance]
	}
	t.Logf("%d instances in the ledger, %d observations stored, each once and as it was said", len(entries), total)
}

// compareWithTruth compares an exported observation with what was said.
func compareWithTruth(t *testing.T, o exported, want agent.Observation) {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, o.Time)
	if err != nil || at.UnixMicro() != want.Time || o.DataItem != want.DataItemID {
		t.Fatalf("exported %+v, the agent said %+v (%v)", o, want, err)
	}
	if o.Category == "CONDITION" {
		if o.Level != want.Detail.Level.String() || o.NativeCode != want.Detail.NativeCode || o.Text != strings.TrimSpace(want.Value) {
			t.Fatalf("exported %+v, the agent said %+v", o, want.Detail)
		}
		return
	}
	said := strings.TrimSpace(want.Value)
	switch v := o.Value.(type) {
	case nil:
		if !strings.EqualFold(said, "UNAVAILABLE") {
			t.Fatalf("exported null for %q: %+v", said, o)
		}
	case float64:
		if f, err := strconv.ParseFloat(said, 64); err != nil || f != v {
			t.Fatalf("exported %v for %q: %+v", v, said, o)
		}
	case string:
		if v != said {
			t.Fatalf("exported %q for %q: %+v", v, said, o)
		}
	default: // data sets and tables, whose text is in their entries
		if want.Detail == nil || len(want.Detail.Entries) == 0 {
			t.Fatalf("exported %v for %q: %+v", v, said, fmt.Sprint(o))
		}
	}
}
