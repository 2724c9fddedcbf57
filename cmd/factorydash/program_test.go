package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asProgram makes the test binary be factorydash: tests start it as a process
// of its own, which can be killed.
const asProgram = "FACTORYDASH_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	// Where a developer's own installation is, such as that of a dev container, is not
	// for the tests.
	for _, name := range []string{"DATABASE_URL", "REDIS_URL", "FACTORYDASH_AGENTS"} {
		_ = os.Unsetenv(name) // It fails for names that are none.
	}
	os.Exit(m.Run())
}

// command makes a factorydash process that is not started yet.
func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// output runs factorydash to its end and gives what it printed.
func output(tb testing.TB, args ...string) (stdout string, code int) {
	tb.Helper()
	return outputOf(tb, command(tb.Context(), args...))
}

// outputOf runs a command of factorydash to its end and gives what it printed.
func outputOf(tb testing.TB, cmd *exec.Cmd) (stdout string, code int) {
	tb.Helper()
	args := cmd.Args[1:]
	var out, diagnostics bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diagnostics
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !asExit(err, &exit) {
		tb.Fatalf("factorydash %s: %v", strings.Join(args, " "), err)
	}
	if diagnostics.Len() > 0 {
		tb.Logf("factorydash %s: %s", strings.Join(args, " "), diagnostics.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// combined runs factorydash to its end and gives all that it wrote.
func combined(tb testing.TB, args ...string) (text string, code int) {
	tb.Helper()
	cmd := command(tb.Context(), args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !asExit(err, &exit) {
		tb.Fatalf("factorydash %s: %v", strings.Join(args, " "), err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func asExit(err error, target **exec.ExitError) bool {
	exit, ok := err.(*exec.ExitError) //nolint:errorlint // exec returns it unwrapped.
	*target = exit
	return ok
}

// program is a running factorydash process with its log.
type program struct {
	tb  testing.TB
	cmd *exec.Cmd

	mu    sync.Mutex
	lines []map[string]any
	news  chan struct{} // closed and replaced at each line
	ended chan struct{} // closed when the process has ended
	err   error
}

// start runs factorydash in the background; it is killed when the test ends.
func start(tb testing.TB, args ...string) *program {
	tb.Helper()
	return launch(tb, command(context.Background(), append([]string{"--log-format", "json"}, args...)...))
}

// launch starts a process that logs to stderr; it is killed when the test ends.
func launch(tb testing.TB, cmd *exec.Cmd) *program {
	tb.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	cmd.Stdout = io.Discard
	p := &program{tb: tb, cmd: cmd, news: make(chan struct{}), ended: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		p.read(stderr)
		p.err = cmd.Wait()
	}()
	tb.Cleanup(func() {
		p.kill()
		if tb.Failed() {
			tb.Logf("log of %s:\n%s", strings.Join(cmd.Args, " "), p.tail(40))
		}
	})
	return p
}

func (p *program) read(r io.Reader) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line map[string]any
		if json.Unmarshal(scanner.Bytes(), &line) != nil {
			line = map[string]any{"msg": scanner.Text()}
		}
		p.mu.Lock()
		p.lines = append(p.lines, line)
		close(p.news)
		p.news = make(chan struct{})
		p.mu.Unlock()
	}
}

// waitLog waits for a log line with the message and gives it.
func (p *program) waitLog(message string) map[string]any {
	p.tb.Helper()
	deadline := time.After(60 * time.Second)
	for seen := 0; ; {
		p.mu.Lock()
		lines, news := p.lines[seen:], p.news
		p.mu.Unlock()
		for _, line := range lines {
			if line["msg"] == message {
				return line
			}
		}
		seen += len(lines)
		select {
		case <-news:
		case <-p.ended:
			p.tb.Fatalf("factorydash ended (%v) before it logged %q:\n%s", p.err, message, p.tail(40))
		case <-deadline:
			p.tb.Fatalf("factorydash did not log %q in time:\n%s", message, p.tail(40))
		}
	}
}

// address waits until the page is up and gives its address.
func (p *program) address() string {
	p.tb.Helper()
	return fmt.Sprint(p.waitLog("page is up")["address"])
}

// kill ends the process at once, as a power cut would, and waits for its end.
func (p *program) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// stop asks the process to end, waits, and gives its exit code.
func (p *program) stop() int {
	p.tb.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.tb.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		p.tb.Fatalf("factorydash did not stop within 30 s of SIGTERM:\n%s", p.tail(40))
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) tail(n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.lines[max(0, len(p.lines)-n):]
	var b strings.Builder
	for _, line := range lines {
		data, _ := json.Marshal(line)
		b.Write(data)
		b.WriteByte('\n')
	}
	return b.String()
}

// nist gives the folder of the recorded data of the NIST test bed, or skips.
func nist(tb testing.TB) string {
	tb.Helper()
	dir, err := nistFolder()
	if err != nil {
		tb.Skipf("the recorded data of the NIST test bed is not there: set FACTORYDASH_NIST to its folder (%v)", err)
	}
	return dir
}

func nistFolder() (string, error) {
	dir := os.Getenv("FACTORYDASH_NIST")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "nist")
	}
	_, err := os.Stat(dir)
	return dir, err
}

// ledgerEntry is one object of `factorydash ledger --json`.
type ledgerEntry struct {
	Agent    string `json:"agent"`
	Instance uint64 `json:"instance"`
	Epoch    int    `json:"epoch"`
	First    int64  `json:"first"`
	Next     int64  `json:"next"`
	Stored   int64  `json:"stored"`
	Gaps     []struct {
		From   int64  `json:"from"`
		To     *int64 `json:"to"`
		Reason string `json:"reason"`
	} `json:"gaps"`
}

func ledger(tb testing.TB, data string) []ledgerEntry {
	tb.Helper()
	return ledgerOf(tb, command(tb.Context(), "ledger", "--json", "--data", data))
}

// ledgerOf gives what a command tells of the ledger.
func ledgerOf(tb testing.TB, cmd *exec.Cmd) []ledgerEntry {
	tb.Helper()
	out, code := outputOf(tb, cmd)
	var entries []ledgerEntry
	if err := json.Unmarshal([]byte(out), &entries); err != nil || code != 0 {
		tb.Fatalf("ledger: exit code %d, %v: %s", code, err, out)
	}
	return entries
}

// exported is one line of `factorydash export --format jsonl`.
type exported struct {
	Agent       string `json:"agent"`
	Instance    uint64 `json:"instance"`
	Sequence    int64  `json:"sequence"`
	Time        string `json:"time"`
	Device      string `json:"device"`
	DataItem    string `json:"dataItem"`
	Category    string `json:"category"`
	Type        string `json:"type"`
	SubType     string `json:"subType"`
	Name        string `json:"name"`
	Value       any    `json:"value"`
	Level       string `json:"level"`
	NativeCode  string `json:"nativeCode"`
	ConditionID string `json:"conditionId"`
	Text        string `json:"text"`
}

// export calls yield with every exported observation.
func export(t *testing.T, data string, yield func(exported), args ...string) {
	t.Helper()
	exportOf(t, command(t.Context(), append([]string{"export", "--format", "jsonl", "--data", data}, args...)...), yield)
}

// exportOf calls yield with every observation that a command exports.
func exportOf(t *testing.T, cmd *exec.Cmd, yield func(exported)) {
	t.Helper()
	var diagnostics bytes.Buffer
	cmd.Stderr = &diagnostics
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bufio.NewReaderSize(out, 1<<20))
	for {
		var line exported
		if err := decoder.Decode(&line); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("export: %v", err)
		}
		yield(line)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("export: %v: %s", err, diagnostics.String())
	}
	if diagnostics.Len() > 0 {
		t.Errorf("export in a pipe is not quiet: %s", diagnostics.String())
	}
}

// logged gives all lines of the log so far.
func (p *program) logged() []map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines[:len(p.lines):len(p.lines)]
}

// eventually waits until a condition holds, for up to a minute.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}
