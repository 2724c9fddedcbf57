package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

// TestDiskFullOnPostgreSQL fills the disk of the database while an agent is
// captured: /readyz says so, and when there is room again, capture goes on from
// where it was.
func TestDiskFullOnPostgreSQL(t *testing.T) {
	server := pgtest.New(t)
	disk := server.MoveToSmallDisk(t, 96)
	t.Setenv("DATABASE_URL", server.Database(t))
	source, all := chaosData(t, false)
	all = all[:min(len(all), 60_000)]
	u := newUnreliable(t, source)
	p := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--agent", "mill="+u.server.URL)
	ready := "http://" + p.address() + "/readyz"
	says := func(status int, text string) func() bool {
		return func() bool {
			r, err := http.Get(ready)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			body, err := io.ReadAll(r.Body)
			return err == nil && r.StatusCode == status && strings.Contains(string(body), text)
		}
	}
	captured := func(n int) func() bool {
		return func() bool {
			entries := ledger(t, "")
			return len(entries) == 1 && entries[0].Next == int64(n)+1
		}
	}
	third := len(all) / 3
	u.say(all[:third])
	eventually(t, "capture before the disk is full", captured(third))
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	u.say(all[third : 2*third])
	eventually(t, "/readyz while the disk is full", says(http.StatusServiceUnavailable, "the disk of the database is full"))
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	u.say(all[2*third:])
	eventually(t, "/readyz when there is room", says(http.StatusOK, "ready"))
	eventually(t, "capture when there is room", captured(len(all)))
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	checkAgainstTruth(t, "", u)
	if out, code := output(t, "verify-store"); code != 0 {
		t.Errorf("verify-store: exit code %d: %s", code, out)
	}
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4<<10); err == nil; {
		_, err = f.Write(block)
	}
}
