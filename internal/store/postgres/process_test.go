package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/postgres"
	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

// writerEnv names the database that this program writes to instead of testing.
const writerEnv = "FACTORYDASH_TEST_WRITER"

func TestMain(m *testing.M) {
	if url := os.Getenv(writerEnv); url != "" {
		if err := writeForever(context.Background(), url, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(pgtest.Main(func() int {
		servers := goleak.IgnoreCurrent()
		code := m.Run()
		if code == 0 {
			if err := goleak.Find(servers); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		return code
	}))
}

// writeForever commits one batch after the other to the only agent of a store,
// with a line to out before each, until it is killed.
func writeForever(ctx context.Context, url string, out io.Writer) error {
	s, err := postgres.Open(ctx, url, postgres.Options{})
	if err != nil {
		return err
	}
	for {
		fmt.Fprintln(out, "commit")
		if err := writeNext(ctx, s, 1+rand.IntN(600)); err != nil {
			return err
		}
	}
}

// writeNext commits a batch of n observations at the cursor. That another
// writer was first is no error.
func writeNext(ctx context.Context, s *postgres.Store, n int) error {
	return writeNumbers(ctx, s, n, func(i int64) float64 { return float64(i) })
}

// writeNumbers is writeNext with numbers as wanted.
func writeNumbers(ctx context.Context, s *postgres.Store, n int, number func(i int64) float64) error {
	devices, err := s.Devices(ctx)
	if err != nil {
		return err
	}
	items, err := s.Items(ctx, devices[0].ID)
	if err != nil {
		return err
	}
	run, err := s.LastRun(ctx, devices[0].Agent)
	if err != nil {
		return err
	}
	b := &store.Batch{Run: run.ID, Expect: run.Next, Next: run.Next + int64(n)}
	for i := range int64(n) {
		b.Observations = append(b.Observations, plant.Observation{
			Item: items[int(i)%len(items)].ID, Sequence: run.Next + i, Time: run.Next + i,
			Value: plant.Value{Kind: plant.Number, Number: number(i)},
		})
	}
	b.Latest = []plant.Latest{{Observation: b.Observations[n-1]}}
	if err := s.Commit(ctx, []*store.Batch{b}); err != nil {
		return err
	}
	if b.Err != nil && plant.ErrorCode(b.Err) != plant.Conflict {
		return b.Err
	}
	return nil
}

// newPlant makes an agent with one machine in a store, and starts a run.
func newPlant(t testing.TB, s *postgres.Store) {
	t.Helper()
	agent, err := s.PutAgent(t.Context(), plant.Agent{Name: "a", URL: "http://a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveModel(t.Context(), plant.Model{Agent: agent.ID, Digest: "1", Devices: []plant.ModelDevice{{
		Device: plant.Device{Name: "m"}, Items: []plant.DataItem{{DataItemID: "x"}, {DataItemID: "y"}},
	}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartRun(t.Context(), 0, plant.Run{Agent: agent.ID, InstanceID: 1, First: 1}, nil); err != nil {
		t.Fatal(err)
	}
}

// openPlant opens a new store with an agent.
func openPlant(t testing.TB, url string, o postgres.Options) *postgres.Store {
	t.Helper()
	s := open(t, url, o)
	newPlant(t, s)
	return s
}

// onlyRun is the run of newPlant.
func onlyRun(t testing.TB, s *postgres.Store) plant.Run {
	t.Helper()
	runs, err := s.Runs(t.Context())
	if err != nil || len(runs) != 1 {
		t.Fatalf("runs: %+v, %v", runs, err)
	}
	return runs[0]
}

// checkWhole fails the test where the run in s has a hole, something twice, or
// another cursor than its observations. It gives the cursor. The server may still be
// at a commit of a writer that was ended: where one comes between, it looks again.
func checkWhole(t testing.TB, s *postgres.Store) int64 {
	t.Helper()
	for {
		run := onlyRun(t, s)
		next := int64(1)
		for o, err := range s.Observations(t.Context(), run.ID, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if o.Sequence != next {
				t.Fatalf("observation %d where %d is due", o.Sequence, next)
			}
			next++
		}
		latest, err := s.Latest(t.Context(), run.Agent)
		if onlyRun(t, s).Next != run.Next {
			continue
		}
		if run.Next != next || run.Stored != next-1 {
			t.Fatalf("%d observations, run %+v", next-1, run)
		}
		if err != nil || (next > 1 && (len(latest) == 0 || max(latest[0].Sequence, latest[len(latest)-1].Sequence) != next-1)) {
			t.Fatalf("latest %+v, %v; the cursor is %d", latest, err, next)
		}
		return next
	}
}

// checkSound fails the test where the store finds fault with itself.
func checkSound(t testing.TB, s *postgres.Store) {
	t.Helper()
	for fault, err := range s.Verify(t.Context()) {
		t.Errorf("verify: %+v, %v", fault, err)
	}
}

// writer is this program as a process that writes.
type writer struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startWriter(t *testing.T, url string) *writer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &writer{cmd, bufio.NewScanner(out)}
}

// killAfter kills the process when it has begun n commits.
func (w *writer) killAfter(t *testing.T, n int) {
	for range n {
		if !w.lines.Scan() {
			t.Errorf("writer has ended: %v", w.lines.Err())
			break
		}
	}
	if err := w.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := w.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Errorf("writer: %v, want it killed", err)
	}
}

// TestKill kills two processes that read the same agent, in the middle of their
// commits, again and again.
func TestKill(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 3
	}
	url := pgtest.Database(t)
	s := openPlant(t, url, postgres.Options{})
	next := int64(1)
	for range rounds {
		var killing sync.WaitGroup
		for range 2 {
			w := startWriter(t, url)
			n := 2 + rand.IntN(10)
			killing.Go(func() { w.killAfter(t, n) })
		}
		killing.Wait()
		now := checkWhole(t, s)
		if now <= next {
			t.Errorf("nothing was stored: the cursor is %d", now)
		}
		next = now
	}
	checkSound(t, s)
}

// TestOpenTogether opens a new database many times at once, as processes that
// start together would.
func TestOpenTogether(t *testing.T) {
	url := pgtest.Database(t)
	var opening sync.WaitGroup
	for range 8 {
		opening.Go(func() {
			s, err := postgres.Open(t.Context(), url, postgres.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer closed(t, s)
			if err := s.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	opening.Wait()
}

// TestTwoStores has two stores on one database: each sees what the other does.
func TestTwoStores(t *testing.T) {
	url := pgtest.Database(t)
	one, two := openPlant(t, url, postgres.Options{}), open(t, url, postgres.Options{})
	var writing sync.WaitGroup
	for _, s := range []*postgres.Store{one, two} {
		writing.Go(func() {
			for range 20 {
				if err := writeNext(t.Context(), s, 50); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	if a, b := checkWhole(t, one), checkWhole(t, two); a != b || a == 1 {
		t.Errorf("cursors %d and %d", a, b)
	}
	run := onlyRun(t, two)
	// An item that one store makes is known to the other's commits.
	inventory, err := one.SaveModel(t.Context(), plant.Model{Agent: run.Agent, Digest: "2", Devices: []plant.ModelDevice{{
		Device: plant.Device{Name: "m"}, Items: []plant.DataItem{{DataItemID: "z"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	b := &store.Batch{Run: run.ID, Expect: run.Next, Next: run.Next + 1, Observations: []plant.Observation{
		{Item: inventory.Items[0].ID, Sequence: run.Next},
	}}
	if err := two.Commit(t.Context(), []*store.Batch{b}); err != nil || b.Err != nil {
		t.Errorf("commit of a new item: %v, %v", err, b.Err)
	}
}

// TestSaveModelsTogether has two stores save the models of two agents that have
// machines of the same names.
func TestSaveModelsTogether(t *testing.T) {
	url := pgtest.Database(t)
	one := open(t, url, postgres.Options{})
	var saving sync.WaitGroup
	for i, s := range []*postgres.Store{one, open(t, url, postgres.Options{})} {
		name := fmt.Sprint("agent", i)
		saving.Go(func() {
			agent, err := s.PutAgent(t.Context(), plant.Agent{Name: name, URL: "http://a"})
			if err != nil {
				t.Error(err)
				return
			}
			model := plant.Model{Agent: agent.ID}
			for version := range 10 {
				model.Digest = fmt.Sprint(version)
				model.Devices = append(model.Devices, plant.ModelDevice{
					Device: plant.Device{Name: fmt.Sprint("mill", version)}, Items: []plant.DataItem{{DataItemID: "x"}},
				})
				if _, err := s.SaveModel(t.Context(), model); err != nil {
					t.Error(err)
				}
			}
		})
	}
	saving.Wait()
	devices, err := one.Devices(t.Context())
	slugs := make(map[string]bool)
	for _, d := range devices {
		slugs[d.Slug] = true
	}
	if err != nil || len(slugs) != 20 {
		t.Errorf("%d slugs of 20 machines, %v", len(slugs), err)
	}
}
