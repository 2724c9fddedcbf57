//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// TestBackupWhileCaptured takes a backup of a store that is captured into, lets time
// pass, and restores it into an empty folder. The restored store is sound, and
// capture goes on from it: what the agents still have is stored, and what they have
// not is one gap in the ledger.
func TestBackupWhileCaptured(t *testing.T) {
	h, quiet := openHall(t, 2, 200)
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "plant.backup")
	args := []string{"--listen", "127.0.0.1:0", "--agent", hallAgent(0) + "=" + h.urls[0], "--agent", hallAgent(1) + "=" + h.urls[1]}
	p := start(t, append([]string{"serve", "--data", data}, args...)...)
	p.address()
	captured := func(data string) int64 {
		stored := int64(0)
		for _, e := range ledger(t, data) {
			stored += e.Stored
		}
		return stored
	}
	eventually(t, "capture", func() bool { return captured(data) > 200 })

	if out, code := combined(t, "backup", "--data", data, file); code != 0 || !strings.Contains(out, "2 runs") {
		t.Fatalf("backup: exit code %d: %s", code, out)
	}
	if out, code := combined(t, "backup", "--data", data, file); code != exitUsage || !strings.Contains(out, "exists") {
		t.Errorf("backup over another: exit code %d: %s", code, out)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup can be read by others: %v, %v", info, err)
	}
	if out, code := output(t, "restore", "--check", file); code != 0 || !strings.Contains(out, "sound: ") {
		t.Errorf("restore --check: exit code %d: %s", code, out)
	}
	atBackup := captured(data)
	eventually(t, "capture beside the backup", func() bool { return captured(data) > atBackup+100 })
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}

	// While we are away, the first agent says more than its buffer holds.
	quiet()
	for n := range 140_000 {
		if _, err := h.rings[0].Add(agent.Observation{Time: time.Now().UnixMicro(), DataItemID: "n", Value: strconv.Itoa(n)}); err != nil {
			t.Fatal(err)
		}
	}
	if out, code := combined(t, "restore", "--data", data, file); code != exitUsage || !strings.Contains(out, "into an empty one") {
		t.Errorf("restore over a store: exit code %d: %s", code, out)
	}
	restored := filepath.Join(t.TempDir(), "data")
	if out, code := output(t, "restore", "--data", restored, file); code != 0 || !strings.Contains(out, "restored: ") {
		t.Fatalf("restore: exit code %d: %s", code, out)
	}
	checkSound(t, "--data", restored)
	cursors := make(map[string]int64)
	for _, e := range ledger(t, restored) {
		cursors[e.Agent] = e.Next
		if len(e.Gaps) > 0 {
			t.Errorf("the restored store has gaps: %+v", e)
		}
	}
	p = start(t, append([]string{"serve", "--data", restored}, args...)...)
	first, _ := h.rings[0].Bounds()
	eventually(t, "the time away", func() bool {
		for i, e := range ledger(t, restored) {
			if e.Next-1 != h.said(i) {
				return false
			}
		}
		return true
	})
	for _, e := range ledger(t, restored) {
		lost := int64(0)
		for _, g := range e.Gaps {
			if g.To == nil || g.Reason != "overrun" || g.From != cursors[e.Agent] || *g.To != int64(first)-1 {
				t.Errorf("%s: gap %+v, want one from %d to %d", e.Agent, g, cursors[e.Agent], first-1)
				continue
			}
			lost += *g.To - g.From + 1
		}
		if wantGaps := map[string]int{hallAgent(0): 1}[e.Agent]; len(e.Gaps) != wantGaps || e.Stored+lost != e.Next-e.First {
			t.Errorf("%s after the restore: %+v, want %d gaps", e.Agent, e, wantGaps)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	checkSound(t, "--data", restored)
}

// TestBackupOfPostgreSQL restores a backup of a database, which was captured into
// meanwhile, into another database and into an embedded store: over files, and over
// standard output and input. All three hold the same.
func TestBackupOfPostgreSQL(t *testing.T) {
	server := pgtest.New(t)
	source := server.Database(t)
	t.Setenv("DATABASE_URL", source)
	h, quiet := openHall(t, 2, 200)
	p := start(t, "serve", "--listen", "127.0.0.1:0", "--agent", hallAgent(0)+"="+h.urls[0], "--agent", hallAgent(1)+"="+h.urls[1])
	p.address()
	eventually(t, "capture", func() bool { return ledgerTotal(t) > 200 })
	file := filepath.Join(t.TempDir(), "plant.backup")
	if out, code := combined(t, "backup", file); code != 0 || !strings.Contains(out, "(PostgreSQL store") {
		t.Fatalf("backup: exit code %d: %s", code, out)
	}
	captured := server.Database(t)
	t.Setenv("DATABASE_URL", captured)
	if out, code := output(t, "restore", file); code != 0 {
		t.Fatalf("restore what was captured into: exit code %d: %s", code, out)
	}
	if out, code := output(t, "verify-store"); code != 0 {
		t.Errorf("verify-store: exit code %d: %s", code, out)
	}
	if out, code := combined(t, "restore", file); code != exitUsage || !strings.Contains(out, "into an empty one") {
		t.Errorf("restore over a store: exit code %d: %s", code, out)
	}

	quiet()
	t.Setenv("DATABASE_URL", source)
	eventually(t, "the rest", func() bool { return ledgerTotal(t) == h.said(0)+h.said(1) })
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	want, _ := output(t, "export", "--format", "jsonl")
	cmd := command(t.Context(), "backup", "-")
	stream, err := cmd.Output()
	if err != nil {
		t.Fatalf("backup to a stream: %v", err)
	}
	for name, args := range map[string][]string{server.Database(t): nil, "": {"--data", filepath.Join(t.TempDir(), "data")}} {
		t.Setenv("DATABASE_URL", name)
		cmd := command(t.Context(), append([]string{"restore", "-"}, args...)...)
		cmd.Stdin = bytes.NewReader(stream)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("restore from a stream: %v: %s", err, out)
		}
		if got, code := output(t, append([]string{"export", "--format", "jsonl"}, args...)...); code != 0 || got != want || want == "" {
			t.Errorf("the store restored into %q holds %d bytes of export, want the %d of the one backed up", name, len(got), len(want))
		}
		checkSound(t, args...)
	}
}

// ledgerTotal gives how many observations the store of DATABASE_URL has.
func ledgerTotal(t *testing.T) int64 {
	t.Helper()
	stored := int64(0)
	for _, e := range ledger(t, "") {
		stored += e.Stored
	}
	return stored
}

// A backup that is cut off is refused, and the place stays empty.
func TestRestoreOfDamagedBackup(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	if out, code := output(t, "loaddata", "--data", data, "--agent", "hall="+shopURL(t)); code != 0 {
		t.Fatalf("loaddata: %d, %s", code, out)
	}
	file := filepath.Join(dir, "plant.backup")
	if out, code := combined(t, "backup", "--data", data, file); code != 0 {
		t.Fatalf("backup: exit code %d: %s", code, out)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, whole[:len(whole)-100], 0o600); err != nil {
		t.Fatal(err)
	}
	restored := filepath.Join(dir, "data")
	for _, args := range [][]string{{"restore", "--check", file}, {"restore", "--data", restored, file}} {
		if out, code := combined(t, args...); code != exitFailed || !strings.Contains(out, "the backup is damaged") {
			t.Errorf("%v: exit code %d: %s", args, code, out)
		}
	}
	if left, err := os.ReadDir(restored); err != nil || len(left) > 0 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}
