//go:build unix

package redistest

import "syscall"

// Freeze stops the server where it is: it takes connections and answers nothing,
// until Thaw.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw has a frozen server go on.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }
