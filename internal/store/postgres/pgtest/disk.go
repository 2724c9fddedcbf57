package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// SmallDisk makes a disk of so many megabytes in a folder, which the folder's owner
// owns. That takes Linux, and root or sudo that asks for no password: else the test
// is skipped, or failed where all tests are required to run.
func SmallDisk(t testing.TB, folder string, megabytes int) string {
	t.Helper()
	disk := filepath.Join(folder, "disk")
	info, err := os.Stat(folder)
	if err == nil {
		err = os.Mkdir(disk, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	uid, gid := owner(info)
	options := fmt.Sprintf("size=%dm,mode=0700,uid=%d,gid=%d", megabytes, uid, gid)
	if err := asRoot("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk); err != nil {
		why := fmt.Sprintf("a small disk takes Linux, and root or sudo that asks for no password: %v", err)
		if os.Getenv("FACTORYDASH_TEST_REQUIRE") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	t.Cleanup(func() {
		if err := asRoot("umount", "--lazy", disk); err != nil {
			t.Error(err)
		}
	})
	return disk
}

// asRoot runs a program as root.
func asRoot(name string, args ...string) error {
	if os.Geteuid() != 0 {
		name, args = "sudo", append([]string{"-n", name}, args...)
	}
	out, err := exec.Command(name, args...).CombinedOutput() //nolint:noctx // It takes no time.
	if err != nil {
		return fmt.Errorf("%s on %s: %w: %s", name, runtime.GOOS, err, out)
	}
	return nil
}

// MoveToSmallDisk moves the cluster to a disk of so many megabytes, and gives that;
// but for the write-ahead log, without which no server goes on.
func (s *Server) MoveToSmallDisk(t testing.TB, megabytes int) (disk string) {
	t.Helper()
	disk = SmallDisk(t, s.folder, megabytes)
	s.Stop(t)
	moved, log := filepath.Join(disk, "data"), filepath.Join(s.folder, "wal")
	err := os.Rename(filepath.Join(s.data(), "pg_wal"), log)
	if err == nil {
		err = os.Symlink(log, filepath.Join(s.data(), "pg_wal"))
	}
	if err == nil {
		var out []byte
		if out, err = exec.Command("cp", "-a", s.data(), moved).CombinedOutput(); err != nil { //nolint:noctx // It takes no time.
			err = fmt.Errorf("%w: %s", err, out)
		}
	}
	if err == nil {
		err = os.RemoveAll(s.data())
	}
	if err == nil {
		err = os.Symlink(moved, s.data())
	}
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	s.Start(t)
	return disk
}
