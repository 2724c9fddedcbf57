//go:build unix

package main

import (
	"errors"
	"syscall"
)

// processLives reports whether there is a process with a number.
func processLives(pid int) bool {
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
