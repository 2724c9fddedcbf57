package shop_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/shop"
)

// A new file is in force without a restart; one that is wrong is told of, and the
// one before it stays.
func TestSourceKeepsTheLastFileThatWasRight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.json")
	// Each file is of another second, whatever the file system keeps of a time.
	at := time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC)
	write := func(text string) {
		t.Helper()
		at = at.Add(time.Second)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	options := shop.SourceOptions{
		Path: path, Zone: time.UTC, Now: func() time.Time { return at }, Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	write(`{"areas": 5}`)
	if _, err := shop.Open(options); err == nil {
		t.Fatal("the first file is wrong and was taken")
	}
	write(`{"areas": ["Hall 1"]}`)
	source, err := shop.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	if s := source.Shop(); s.Areas[0] != "Hall 1" || s.File != path || !s.Read.Equal(at) {
		t.Errorf("got %v of %s, read %s", s.Areas, s.File, s.Read)
	}

	write(`{"areas": ["Hall 2"], "zone": "Berlin"}`)
	source.Reread()
	s := source.Shop()
	if s.Areas[0] != "Hall 1" || !strings.Contains(s.Problem, "no time zone") || !s.Found.Equal(at) {
		t.Errorf("with a wrong file: areas %v, problem %q found %s", s.Areas, s.Problem, s.Found)
	}
	source.Reread()
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("the problem was logged %d times:\n%s", n, &log)
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	source.Reread()
	if s := source.Shop(); s.Areas[0] != "Hall 1" || s.Problem == "" {
		t.Errorf("without the file: areas %v, problem %q", s.Areas, s.Problem)
	}

	write(`{"areas": ["Hall 3"]}`)
	source.Reread()
	if s := source.Shop(); s.Areas[0] != "Hall 3" || s.Problem != "" {
		t.Errorf("with a right file: areas %v, problem %q", s.Areas, s.Problem)
	}
}
