//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/factorydash/factorydash/internal/simulate"
)

// nobody is the user whose rights the test has, since root may write anywhere.
const nobody = 65534

// TestReadOnlyStore makes the store read-only between two runs: the program
// says so and harms nothing, and when the store can be written again capture
// goes on where it was.
func TestReadOnlyStore(t *testing.T) {
	program := programForNobody(t)
	data := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	chown(t, data)
	shop, err := simulate.NewShop(simulate.ShopConfig{Seed: 3, Machines: 1})
	if err != nil {
		t.Fatal(err)
	}
	source := shop.Agents()[0].Source
	all := observationsOf(t, source)
	u := newUnreliable(t, source)
	load := func() (string, int) {
		cmd := exec.CommandContext(t.Context(), program, "loaddata", "--data", data, "--agent", "mazak="+u.server.URL)
		cmd.Env = append(os.Environ(), asProgram+"=1", "HOME="+data)
		if os.Geteuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return out.String(), cmd.ProcessState.ExitCode()
	}

	u.say(all[:len(all)/2])
	if out, code := load(); code != 0 {
		t.Fatalf("first half: %d, %s", code, out)
	}
	setMode(t, data, 0o555, 0o444)
	u.say(all[len(all)/2:])
	out, code := load()
	if code == 0 || !strings.Contains(out, data) {
		t.Errorf("on a read-only store: exit code %d, %s", code, out)
	}
	setMode(t, data, 0o755, 0o644)
	if out, code := load(); code != 0 {
		t.Fatalf("after the store could be written again: %d, %s", code, out)
	}
	if entries := ledger(t, data); len(entries) != 1 || entries[0].Stored != int64(len(all)) {
		t.Errorf("want all %d observations, the ledger says %+v", len(all), entries)
	}
	checkAgainstTruth(t, data, u)
}

// programForNobody gives this program where everybody may run it.
func programForNobody(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "factorydash.test")
	for dir := filepath.Dir(path); strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	in, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// setMode sets the modes of a folder and of the files in it.
func setMode(t *testing.T, folder string, folderMode, fileMode os.FileMode) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join(folder, f.Name())
		if err := os.Chmod(path, fileMode); err != nil {
			t.Fatal(err)
		}
		chown(t, path)
	}
	if err := os.Chmod(folder, folderMode); err != nil {
		t.Fatal(err)
	}
}

func chown(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(path, nobody, nobody); err != nil {
		t.Fatal(err)
	}
}
