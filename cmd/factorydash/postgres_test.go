package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/store/postgres/pgtest"
)

// TestNISTRecordingOnPostgreSQL is TestNISTRecordingIsCapturedExactly and
// TestNISTRecordingWithHoles on PostgreSQL; then the store is copied into the
// embedded one, and back.
func TestNISTRecordingOnPostgreSQL(t *testing.T) {
	want := readNISTCounts(t)
	recorded := filepath.Join(nist(t), "recorded", "mazak03.tgz")
	server := pgtest.New(t)
	database := server.Database(t)
	t.Setenv("DATABASE_URL", database)
	url := startReplay(t, nist(t), recorded)
	if out, code := output(t, "loaddata", "--agent", "mazak="+url); code != 0 {
		t.Fatalf("loaddata: exit code %d: %s", code, out)
	}
	checkNIST(t, "", want)
	checkSound(t)

	folder := t.TempDir()
	copied, code := output(t, "copy", "--from", database, "--to", "sqlite:"+folder)
	if code != 0 || !strings.Contains(copied, fmt.Sprintf(": %d observations copied", want.Observations)) {
		t.Fatalf("copy: exit code %d: %s", code, copied)
	}
	again, code := output(t, "copy", "--from", database, "--to", "sqlite:"+folder)
	if code != 0 || !strings.Contains(again, ": 0 observations copied") {
		t.Errorf("copied once more: exit code %d: %s", code, again)
	}
	back := server.Database(t)
	if out, code := output(t, "copy", "--from", "sqlite:"+folder, "--to", back); code != 0 {
		t.Fatalf("copy back: exit code %d: %s", code, out)
	}
	t.Setenv("DATABASE_URL", "")
	checkNIST(t, folder, want)
	checkSound(t, "--data", folder)
	t.Setenv("DATABASE_URL", back)
	checkNIST(t, "", want)

	r := withHoles(t)
	t.Setenv("DATABASE_URL", server.Database(t))
	url = startReplay(t, nist(t), r.kept...)
	if out, code := output(t, "loaddata", "--agent", "mazak="+url); code != 0 {
		t.Fatalf("loaddata: exit code %d: %s", code, out)
	}
	r.check(t, "")
}

// checkSound has the store verified, and what is derived derived again.
func checkSound(t *testing.T, args ...string) {
	t.Helper()
	if out, code := output(t, append([]string{"verify-store"}, args...)...); code != 0 {
		t.Errorf("verify-store: exit code %d: %s", code, out)
	}
	if out, code := output(t, append([]string{"rebuild"}, args...)...); code != 0 || !strings.Contains(out, "; 0 machines had others") {
		t.Errorf("rebuild: exit code %d: %s", code, out)
	}
}
