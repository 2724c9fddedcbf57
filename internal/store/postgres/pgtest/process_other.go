//go:build !linux

package pgtest

import (
	"os"
	"os/exec"
)

// unprivileged leaves the command as it is: run these tests as an ordinary user.
func unprivileged(*exec.Cmd, string) error { return nil }

// owner is for Linux only.
func owner(os.FileInfo) (uid, gid uint32) { return 0, 0 }

// dieWithUs does nothing: a server is left where the tests are killed.
func dieWithUs(*exec.Cmd) {}
