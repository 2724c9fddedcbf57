package redistest

import "syscall"

// dieWithParent has the kernel end the server with the process of the tests, even
// where that is killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
