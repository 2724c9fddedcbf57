package jobs_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/jobs"
)

// childRole names what the test program does where it is started as another
// process, and childSettings is the JSON of its settings.
const (
	childRole     = "FACTORYDASH_JOBS_CHILD"
	childSettings = "FACTORYDASH_JOBS_SETTINGS"
)

// settings are those of a process that a test starts.
type settings struct {
	URL, Namespace, Name string
	Jobs                 []jobs.Job
	LeaderTTL            time.Duration
	// Hang is whether its handlers never end.
	Hang bool
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// child is a process that a test has started.
type child struct {
	*exec.Cmd
	// says gives the lines that it prints.
	says <-chan string
	in   io.Closer
	// ended is closed when all that it prints was read.
	ended <-chan struct{}
}

// stopChild has a process end in good order, and waits for it.
func stopChild(t *testing.T, c *child) {
	t.Helper()
	c.in.Close()
	receive(t, "it ends", c.ended)
}

// startChild starts this program as another process: a worker, which prints the
// jobs that it begins, or a scheduler. It ends with the test.
func startChild(t *testing.T, role string, s settings) *child {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role, childSettings+"="+string(text))
	cmd.Stderr = os.Stderr
	// It ends when its input does, which happens when this process ends too.
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	says, read := make(chan string, 1000), make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			says <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait()
	})
	return &child{cmd, says, in, read}
}

// runChild is what the process does, and gives its exit code.
func runChild(role string) int {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var s settings
	if err := json.Unmarshal([]byte(os.Getenv(childSettings)), &s); err != nil {
		return fail(err)
	}
	client, err := jobs.OpenRedis(s.URL, quiet())
	if err != nil {
		return fail(err)
	}
	defer client.Close()
	q, err := jobs.NewRedis(client, jobs.Options{
		Jobs: s.Jobs, Name: s.Name, Namespace: s.Namespace, LeaderTTL: s.LeaderTTL,
		PollInterval: 20 * time.Millisecond,
	})
	if err != nil {
		return fail(err)
	}
	switch role {
	case "scheduler":
		err = q.Schedule(ctx)
	case "worker":
		handlers := map[string]jobs.Handler{}
		for _, j := range s.Jobs {
			handlers[j.Name] = func(ctx context.Context, _ []byte) error {
				fmt.Fprintln(os.Stdout, j.Name)
				if s.Hang {
					<-ctx.Done()
				}
				return ctx.Err()
			}
		}
		err = q.Work(ctx, handlers)
	}
	if err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
