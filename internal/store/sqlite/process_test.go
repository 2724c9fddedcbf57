package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// writerEnv and sealerEnv name the file that this program writes to, or seals,
// instead of testing.
const (
	writerEnv = "FACTORYDASH_TEST_WRITER"
	sealerEnv = "FACTORYDASH_TEST_SEALER"
)

func TestMain(m *testing.M) {
	for env, work := range map[string]func(context.Context, string, io.Writer) error{writerEnv: writeForever, sealerEnv: sealForever} {
		if path := os.Getenv(env); path != "" {
			if err := work(context.Background(), path, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
	goleak.VerifyTestMain(m)
}

// sealForever seals and merges whatever is in a store, with a line to out before
// each, until it is killed.
func sealForever(ctx context.Context, path string, out io.Writer) error {
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	for {
		fmt.Fprintln(out, "seal")
		if _, err := s.Seal(ctx, always()); err != nil {
			return err
		}
		if _, err := s.Merge(ctx); err != nil {
			return err
		}
	}
}

// writeForever commits one batch after the other to the only agent of a store,
// with a line to out before each, until it is killed.
func writeForever(ctx context.Context, path string, out io.Writer) error {
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	for {
		fmt.Fprintln(out, "commit")
		if err := writeNext(ctx, s, 1+rand.IntN(300)); err != nil {
			return err
		}
	}
}

// writeNext commits a batch of n observations at the cursor. That another
// writer was first is no error.
func writeNext(ctx context.Context, s *sqlite.Store, n int) error {
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
			Value: plant.Value{Kind: plant.Number, Number: float64(i)},
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

// newFile makes a store with one agent, and gives its path.
func newFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plant.db")
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
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
	return path
}

// checkWhole fails the test where the run in s has a hole, something twice, or
// another cursor than its observations. It gives the cursor.
func checkWhole(t *testing.T, s *sqlite.Store) int64 {
	t.Helper()
	runs, err := s.Runs(t.Context())
	if err != nil || len(runs) != 1 {
		t.Fatalf("runs: %+v, %v", runs, err)
	}
	next := int64(1)
	for o, err := range s.Observations(t.Context(), runs[0].ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if o.Sequence != next {
			t.Fatalf("observation %d where %d is due", o.Sequence, next)
		}
		next++
	}
	if runs[0].Next != next || runs[0].Stored != next-1 {
		t.Fatalf("%d observations, run %+v", next-1, runs[0])
	}
	latest, err := s.Latest(t.Context(), runs[0].Agent)
	if err != nil || (next > 1 && (len(latest) == 0 || max(latest[0].Sequence, latest[len(latest)-1].Sequence) != next-1)) {
		t.Fatalf("latest %+v, %v; the cursor is %d", latest, err, next)
	}
	return next
}

// worker is this program as a process that writes or seals.
type worker struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startWorker(t *testing.T, env, path string) *worker {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), env+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &worker{cmd, bufio.NewScanner(out)}
}

// killAfter kills the process when it has begun its work n times.
func (w *worker) killAfter(t *testing.T, n int) {
	for range n {
		if !w.lines.Scan() {
			t.Errorf("worker has ended: %v", w.lines.Err())
			break
		}
	}
	if err := w.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := w.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Errorf("worker: %v, want it killed", err)
	}
}

// TestKill kills two processes that read the same agent, in the middle of their
// commits, again and again.
func TestKill(t *testing.T) { testKill(t, writerEnv, writerEnv) }

// TestKillWhileSealing kills a process that commits and two that seal and merge
// what it commits, in the middle of it, again and again.
func TestKillWhileSealing(t *testing.T) { testKill(t, writerEnv, sealerEnv, sealerEnv) }

func testKill(t *testing.T, workers ...string) {
	rounds := 6
	if testing.Short() {
		rounds = 3
	}
	path := newFile(t)
	next := int64(1)
	for range rounds {
		var killing sync.WaitGroup
		for _, env := range workers {
			w := startWorker(t, env, path)
			n := 2 + rand.IntN(10)
			killing.Go(func() { w.killAfter(t, n) })
		}
		killing.Wait()
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		now := checkWhole(t, s)
		if now <= next {
			t.Errorf("nothing was stored: the cursor is %d", now)
		}
		next = now
		sound(t, s)
		closed(t, s)
		checkIntegrity(t, path)
	}
}

// checkIntegrity lets SQLite check the file.
func checkIntegrity(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, db)
	var found string
	if err := db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&found); err != nil || found != "ok" {
		t.Fatalf("integrity: %s, %v", found, err)
	}
}

// TestOpenTogether opens a new file many times at once, as processes that start
// together would.
func TestOpenTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plant.db")
	var opening sync.WaitGroup
	for range 8 {
		opening.Go(func() {
			s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
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

// TestTwoStores has two stores on one file: each sees what the other does.
func TestTwoStores(t *testing.T) {
	path := newFile(t)
	one, two := open(t, path, sqlite.Options{}), open(t, path, sqlite.Options{})
	var writing sync.WaitGroup
	for _, s := range []*sqlite.Store{one, two} {
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
	agents, err := one.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// An item that one store makes is known to the other's commits.
	inventory, err := one.SaveModel(t.Context(), plant.Model{Agent: agents[0].ID, Digest: "2", Devices: []plant.ModelDevice{{
		Device: plant.Device{Name: "m"}, Items: []plant.DataItem{{DataItemID: "z"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	run, err := two.LastRun(t.Context(), agents[0].ID)
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
