//go:build !linux

package redistest

import "syscall"

// dieWithParent does nothing where the kernel cannot: a killed test process leaves
// the server behind.
func dieWithParent() *syscall.SysProcAttr { return nil }
