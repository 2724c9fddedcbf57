package postgres_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// smallDisk makes a disk of a few megabytes in a folder, which the folder's owner
// owns.
func smallDisk(t *testing.T, folder string) string {
	t.Helper()
	disk := filepath.Join(folder, "disk")
	info, err := os.Stat(folder)
	if err == nil {
		err = os.Mkdir(disk, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("only root can make a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(disk, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	return disk
}
