//go:build unix

package jobs_test

import (
	"syscall"
	"testing"
)

// freeze stops a process where it is.
func freeze(t *testing.T, c *child) { signal(t, c, syscall.SIGSTOP) }

// thaw has it go on.
func thaw(t *testing.T, c *child) { signal(t, c, syscall.SIGCONT) }

func signal(t *testing.T, c *child, s syscall.Signal) {
	t.Helper()
	if err := c.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
