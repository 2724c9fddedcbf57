package collect_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/internal/simulate"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// recorded gives the folder of the recordings, or skips the test.
func recorded(t testing.TB) string {
	if testing.Short() {
		t.Skip("captures a recording of 677,878 observations: not in -short")
	}
	dir := os.Getenv("FACTORYDASH_NIST")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "nist")
	}
	dir = filepath.Join(dir, "recorded")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the recordings of the NIST test bed are not in %s: set FACTORYDASH_NIST to their folder", dir)
	}
	return dir
}

// replay serves the recorded documents that keep says, as the agent that made
// them.
func replay(t testing.TB, keep func(name string) bool) *httptest.Server {
	t.Helper()
	r, err := simulate.NewReplay(func(yield func(recording.Document, error) bool) {
		for d, err := range recording.Documents(filepath.Join(recorded(t), "mazak03.tgz")) {
			if (err != nil || keep(d.Name)) && !yield(d, err) {
				return
			}
		}
	}, simulate.ReplayConfig{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(agent.New(r.Source(), agent.Options{Namespaces: r.Namespaces()}))
	t.Cleanup(server.Close)
	return server
}

// openStore opens an empty store with one agent.
func openStore(t testing.TB, url string) (*sqlite.Store, plant.Agent) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	a, err := s.PutAgent(t.Context(), plant.Agent{Name: "nist", URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return s, a
}

// counts is what mazak03.counts.json says of the recording.
type counts struct {
	Observations int64
	Kinds        map[string]int
	Conditions   map[string]int
	Execution    map[string]int
	PerItem      map[string]int `json:"per_item"`
}

// TestCaptureNIST captures a recording of the NIST test bed into the embedded
// store, as a stream, and counts what is stored.
func TestCaptureNIST(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(recorded(t), "mazak03.counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want counts
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	s, a := openStore(t, replay(t, func(string) bool { return true }).URL)
	o := options(s)
	o.StreamInterval, o.Heartbeat = time.Millisecond, time.Second
	caught := make(chan struct{}, 1)
	o.Status = func(status plant.AgentStatus) {
		if status.Next > want.Observations {
			select {
			case caught <- struct{}{}:
			default:
			}
		}
	}
	_, stop := supervise(t, o, a)
	select {
	case <-caught:
	case <-time.After(2 * time.Minute):
		t.Fatal("the recording is not captured after two minutes")
	}
	stop()
	got, gaps := count(t, s)
	if diff := cmp.Diff(want, got); diff != "" || len(gaps) != 0 {
		t.Errorf("gaps %v; counts (-recorded +stored):\n%s", gaps, diff)
	}
}

// Documents that are not there are missing: exactly their sequence numbers.
func TestCaptureNISTWithHoles(t *testing.T) {
	out := func(name string) bool { return strings.HasSuffix(strings.TrimSuffix(name, filepath.Ext(name)), "5") }
	var want []plant.Gap
	reader := mtconnect.NewStreamsReader(mtconnect.Limits{})
	for d, err := range recording.Documents(filepath.Join(recorded(t), "mazak03.tgz")) {
		if err != nil {
			t.Fatal(err)
		}
		if !out(d.Name) {
			continue
		}
		reader.Reset(d.Body)
		g := plant.Gap{Reason: plant.GapMissing}
		for o, err := reader.Next(); err == nil; o, err = reader.Next() {
			if sequence := int64(o.Sequence); g.From == 0 || sequence < g.From {
				g.From = sequence
			}
			g.To = max(g.To, int64(o.Sequence))
		}
		want = append(want, g)
	}
	if len(want) == 0 {
		t.Fatal("no document was left out")
	}
	s, a := openStore(t, replay(t, func(name string) bool { return !out(name) }).URL)
	sup, err := collect.New(options(s))
	if err != nil {
		t.Fatal(err)
	}
	results, err := sup.Fetch(t.Context(), []plant.Agent{a})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results[0].Err)
	}
	_, gaps := count(t, s)
	for i := range gaps {
		gaps[i] = plant.Gap{From: gaps[i].From, To: gaps[i].To, Reason: gaps[i].Reason}
	}
	if diff := cmp.Diff(want, gaps); diff != "" {
		t.Errorf("gaps (-left out +in the ledger):\n%s", diff)
	}
}

// count reads all of a store.
func count(t testing.TB, s *sqlite.Store) (counts, []plant.Gap) {
	t.Helper()
	c := counts{Kinds: map[string]int{}, Conditions: map[string]int{}, Execution: map[string]int{}, PerItem: map[string]int{}}
	items := make(map[plant.ItemID]plant.DataItem)
	devices, err := s.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range devices {
		of, err := s.Items(t.Context(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range of {
			items[i.ID] = i
		}
	}
	runs, err := s.Runs(t.Context())
	if err != nil || len(runs) != 1 {
		t.Fatalf("runs %v, %v: want one", runs, err)
	}
	kinds := map[plant.Category]string{plant.Sample: "Samples", plant.Event: "Events", plant.Condition: "Condition"}
	next := runs[0].First
	for o, err := range s.Observations(t.Context(), runs[0].ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if o.Sequence < next {
			t.Fatalf("sequence %d stands after %d", o.Sequence, next-1)
		}
		next = o.Sequence + 1
		i := items[o.Item]
		c.Observations++
		c.Kinds[kinds[i.Category]]++
		c.PerItem[i.DataItemID]++
		switch {
		case o.Alarm != nil:
			c.Conditions[o.Alarm.Level.String()]++
		case i.Type == "EXECUTION" && o.Value.Kind == plant.Unknown:
			c.Execution["UNAVAILABLE"]++
		case i.Type == "EXECUTION":
			c.Execution[o.Value.Text]++
		}
	}
	var gaps []plant.Gap
	for g, err := range s.Gaps(t.Context(), runs[0].ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		gaps = append(gaps, g)
	}
	return c, gaps
}

// BenchmarkCaptureNIST is the end-to-end rate: an agent on this machine that
// serves as fast as it can, into the embedded store.
func BenchmarkCaptureNIST(b *testing.B) {
	server := replay(b, func(string) bool { return true })
	var stored int64
	for b.Loop() {
		s, a := openStore(b, server.URL)
		sup, err := collect.New(collect.Options{Store: s, Dial: options(s).Dial})
		if err != nil {
			b.Fatal(err)
		}
		results, err := sup.Fetch(b.Context(), []plant.Agent{a})
		if err != nil || results[0].Err != nil {
			b.Fatal(err, results[0].Err)
		}
		stored += results[0].Observations
	}
	b.ReportMetric(float64(stored)/b.Elapsed().Seconds(), "observations/s")
}
