//go:build unix

package sqlite_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// nobody is the user whose rights the test has, since root may write everything.
const nobody = 65534

func TestReadOnlyFile(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	path := newFile(t)
	mode := func(file, folder os.FileMode) {
		t.Helper()
		if err := errors.Join(os.Chmod(path, file), os.Chmod(filepath.Dir(path), folder)); err != nil {
			t.Fatal(err)
		}
	}
	mode(0o400, 0o500)
	defer mode(0o600, 0o700)
	_, err := sqlite.Open(t.Context(), path, impatient)
	unavailable(t, "open", err, "cannot make or write")
	mode(0o600, 0o700)
	recovered(t, open(t, path, impatient))
}

// asNobody runs the test once more, in a process of a user who may not write
// everything. The folder of the test's binary may not be open to that user.
func asNobody(t *testing.T) {
	t.Helper()
	self, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	cmd := exec.CommandContext(t.Context(), "/dev/fd/3", "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.ExtraFiles = []*os.File{self}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}
