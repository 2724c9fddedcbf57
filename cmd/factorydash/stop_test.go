//go:build unix

package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// stopWithin is within what time a process that is told to end has ended.
const stopWithin = 10 * time.Second

// TestStopUnderLoad tells a process with pages, capture and event streams to end
// while many requests are under way: each one that was taken is answered as a
// whole, streams end cleanly, the leases are given back, and the exit code is 0. The
// next process goes on without a gap.
func TestStopUnderLoad(t *testing.T) {
	h, quiet := openHall(t, 4, 50)
	data := t.TempDir()
	args := []string{"serve", "--data", data, "--listen", "127.0.0.1:0"}
	for i, url := range h.urls {
		args = append(args, "--agent", hallAgent(i)+"="+url)
	}
	p := start(t, args...)
	address := p.address()
	for i := range h.urls {
		eventually(t, "machine", func() bool {
			return strings.Contains(get(t, "http://"+address+"/api/v1/machines/"+hallAgent(i)), `"slug"`)
		})
	}
	l := newLoad(t, address)
	l.run("/floor", "/api/v1/machines", "/m/"+hallAgent(0), "/api/v1/machines/"+hallAgent(0), "/system", "/metrics")
	l.stream()
	l.stream()
	eventually(t, "load", func() bool { return l.answered.Load() > 200 })
	began := time.Now()
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	if took := time.Since(began); took > stopWithin {
		t.Errorf("the end took %v, want %v at most", took, stopWithin)
	} else {
		t.Logf("ended within %v under load", took.Round(time.Millisecond))
	}
	l.wait()
	quiet()
	if out, code := output(t, "workers", "--data", data, "--json"); code != 0 || strings.TrimSpace(out) != "[]" {
		t.Errorf("workers and leases that are left: %d, %s", code, out)
	}

	p = start(t, args...)
	p.address()
	eventually(t, "the rest", func() bool {
		stored := int64(0)
		for _, e := range ledger(t, data) {
			if len(e.Gaps) > 0 {
				t.Fatalf("%s has gaps: %v", e.Agent, e.Gaps)
			}
			stored += e.Stored
		}
		said := int64(0)
		for i := range h.urls {
			said += h.said(i)
		}
		return stored == said
	})
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
}

// TestSecondSignal tells a process to end that hangs in what it writes, once and then
// again: the second time it ends at once.
func TestSecondSignal(t *testing.T) {
	data := t.TempDir()
	if out, code := output(t, "loaddata", "--data", data, "--agent", "hall="+shopURL(t)); code != 0 {
		t.Fatalf("loaddata: %d, %s", code, out)
	}
	cmd := command(t.Context(), "export", "--format", "jsonl", "--data", data)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil { // It writes, and nobody reads on.
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // How it ended is in its state.
	}()
	began := time.Now()
	for {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		select {
		case <-ended:
			if cmd.ProcessState.Success() || time.Since(began) > stopTimeout {
				t.Errorf("%v after %v", cmd.ProcessState, time.Since(began))
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// load asks a server without end, until it takes no connections.
type load struct {
	t        *testing.T
	address  string
	client   *http.Client
	clients  sync.WaitGroup
	answered atomic.Int64
}

func newLoad(t *testing.T, address string) *load {
	return &load{t: t, address: address, client: &http.Client{Timeout: stopWithin}}
}

// run asks for each path from two clients, over and over. A request that gets a
// connection gets a whole answer.
func (l *load) run(paths ...string) {
	for _, path := range append(paths, paths...) {
		l.clients.Go(func() {
			for {
				response, err := l.client.Get("http://" + l.address + path)
				if refused(err) {
					return
				}
				if err != nil {
					l.t.Errorf("%s: %v", path, err)
					return
				}
				body, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || response.StatusCode != http.StatusOK {
					l.t.Errorf("%s: %d, %v: %.300s", path, response.StatusCode, err, body)
					return
				}
				l.answered.Add(1)
			}
		})
	}
}

// stream reads an event stream to its end, which is a clean one.
func (l *load) stream() {
	response, err := http.Get("http://" + l.address + "/api/v1/stream")
	if err != nil {
		l.t.Fatal(err)
	}
	l.clients.Go(func() {
		defer response.Body.Close()
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, 16<<20)
		last := "none"
		for lines.Scan() {
			last = lines.Text()
		}
		if err := lines.Err(); err != nil || last != "" { // Each event ends with an empty line.
			l.t.Errorf("the event stream ended with %v behind %.200q", err, last)
		}
	})
}

func (l *load) wait() {
	l.clients.Wait()
	l.client.CloseIdleConnections()
}

// refused reports whether a request got no connection.
func refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
