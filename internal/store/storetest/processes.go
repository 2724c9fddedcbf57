package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// Processes is a kind of store that several processes open at once.
type Processes struct {
	// New gives the address of an empty store, which lasts as long as the test.
	New func(t *testing.T) (address string)
	// Open opens the store at the address.
	Open func(ctx context.Context, address string) (SharedStore, error)
	// Check fails the test where the store at the address is not sound: what only
	// its kind knows of. It may be nil.
	Check func(t *testing.T, address string)
}

// SharedStore is a store that one of several processes has opened.
type SharedStore interface {
	UpkeepStore
	io.Closer
	Ping(ctx context.Context) error
}

// workEnv tells a test program what to do in place of its tests, and to which
// store: "write address" or "seal address".
const workEnv = "FACTORYDASH_TEST_WORK"

// Work is to be called before all tests, in TestMain: where Run has started the
// program to be killed, it writes or seals until it is.
func (p Processes) Work() {
	work, address, found := strings.Cut(os.Getenv(workEnv), " ")
	if !found {
		return
	}
	fmt.Fprintln(os.Stderr, p.work(context.Background(), os.Stdout, work, address))
	os.Exit(1)
}

// work does one piece after the other, with a line to out before each.
func (p Processes) work(ctx context.Context, out io.Writer, work, address string) error {
	s, err := p.Open(ctx, address)
	if err != nil {
		return err
	}
	for err == nil {
		fmt.Fprintln(out, work)
		if work == "write" {
			err = WriteNext(ctx, s, 1+rand.IntN(300))
			continue
		}
		if _, err = s.Seal(ctx, always()); err == nil {
			_, err = s.Merge(ctx)
		}
	}
	return err
}

// Run holds stores to what they promise to several processes.
func (p Processes) Run(t *testing.T) {
	t.Run("Kill", func(t *testing.T) { p.testKill(t, "write", "write") })
	t.Run("KillWhileSealing", func(t *testing.T) { p.testKill(t, "write", "seal", "seal") })
	t.Run("OpenTogether", p.testOpenTogether)
	t.Run("TwoStores", p.testTwoStores)
}

// testKill kills processes of one store in the middle of their work, again and
// again.
func (p Processes) testKill(t *testing.T, works ...string) {
	rounds := 4
	if testing.Short() {
		rounds = 3
	}
	address := p.New(t)
	NewPlant(t, p.open(t, address))
	next := int64(1)
	for range rounds {
		var killing sync.WaitGroup
		for _, work := range works {
			one := startProcess(t, work, address)
			n := 2 + rand.IntN(10)
			killing.Go(func() { one.killAfter(t, n) })
		}
		killing.Wait()
		s := p.open(t, address)
		now := CheckWhole(t, s)
		if now <= next {
			t.Errorf("nothing was stored: the cursor is %d", now)
		}
		next = now
		sound(t, s)
		if p.Check != nil {
			p.Check(t, address)
		}
	}
}

// open opens a store, and closes it when the test ends.
func (p Processes) open(t *testing.T, address string) SharedStore {
	t.Helper()
	s, err := p.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// process is this program as a process that works until it is killed.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startProcess(t *testing.T, work, address string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), workEnv+"="+work+" "+address)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{cmd, bufio.NewScanner(out)}
}

// killAfter kills the process when it has begun its work n times.
func (p *process) killAfter(t *testing.T, n int) {
	for range n {
		if !p.lines.Scan() {
			t.Errorf("process has ended: %v", p.lines.Err())
			break
		}
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Errorf("process: %v, want it killed", err)
	}
}

// testOpenTogether opens a new store many times at once, as processes that start
// together would.
func (p Processes) testOpenTogether(t *testing.T) {
	address := p.New(t)
	var opening sync.WaitGroup
	for range 8 {
		opening.Go(func() {
			s, err := p.Open(t.Context(), address)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.Ping(t.Context()), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	opening.Wait()
}

// testTwoStores has two stores at one address: each sees what the other does.
func (p Processes) testTwoStores(t *testing.T) {
	address := p.New(t)
	one, two := p.open(t, address), p.open(t, address)
	NewPlant(t, one)
	var writing sync.WaitGroup
	for _, s := range []SharedStore{one, two} {
		writing.Go(func() {
			for range 20 {
				if err := WriteNext(t.Context(), s, 50); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	if a, b := CheckWhole(t, one), CheckWhole(t, two); a != b || a == 1 {
		t.Errorf("cursors %d and %d", a, b)
	}
	run := OnlyRun(t, two)
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
