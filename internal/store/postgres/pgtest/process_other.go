//go:build !linux

package pgtest

import "os/exec"

// unprivileged leaves the command as it is: run these tests as an ordinary user.
func unprivileged(*exec.Cmd, string) error { return nil }

// dieWithUs does nothing: a server is left where the tests are killed.
func dieWithUs(*exec.Cmd) {}
