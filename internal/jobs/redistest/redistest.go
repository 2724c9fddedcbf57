// Package redistest runs a redis-server for the tests of a package: a private one
// on the loopback interface, which can be stopped, killed, frozen and started
// again, and which does not outlive the tests.
package redistest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// startTimeout is how long a server may take to answer.
	startTimeout = 10 * time.Second
	// stopTimeout is how long a server may take to end when it is asked to.
	stopTimeout = 10 * time.Second
	// startAttempts is how often another port is tried, as a free one may be
	// taken by somebody else before the server takes it.
	startAttempts = 5
	pollInterval  = 10 * time.Millisecond
)

// Server is a running or stopped redis-server. Its methods are for the goroutine
// of the test; they fail the test where something goes wrong.
type Server struct {
	t      testing.TB
	binary string
	dir    string
	port   int
	args   []string

	cmd    *exec.Cmd
	exited chan struct{}
}

// Start starts a server, which ends with the test. It keeps its data over a
// restart (appendonly), is empty, and has the arguments given after those that say
// this.
// The binary is redis-server or valkey-server, or what FACTORYDASH_REDIS_SERVER
// names. Where there is none the test is skipped, or fails where
// FACTORYDASH_TEST_REQUIRE is 1.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return launch(t, append([]string{
		"--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction",
	}, args...))
}

// StartTLS starts a server that speaks TLS too, with a certificate, at a port of its
// own, which is given.
func StartTLS(t testing.TB, certificate tls.Certificate, args ...string) (s *Server, port string) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	port = strconv.Itoa(freePort(t))
	args = append(args, "--tls-port", port, "--tls-auth-clients", "no")
	for option, block := range map[string]*pem.Block{
		"--tls-cert-file": {Type: "CERTIFICATE", Bytes: certificate.Certificate[0]},
		"--tls-key-file":  {Type: "PRIVATE KEY", Bytes: key},
	} {
		path := filepath.Join(t.TempDir(), "tls.pem")
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, option, path)
	}
	return Start(t, args...), port
}

// StartSentinel starts a Sentinel that watches a master under a name, alone: a
// second after the master is away it makes one of its replicas the master.
func StartSentinel(t testing.TB, master *Server, name string) *Server {
	t.Helper()
	// A Sentinel writes what it learns to its configuration.
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	lines := fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 1\n"+
		"sentinel down-after-milliseconds %s 1000\nsentinel failover-timeout %s 3000\n", name, master.port, name, name)
	if err := os.WriteFile(config, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return launch(t, []string{config, "--sentinel"})
}

// launch starts a server with a free port.
func launch(t testing.TB, args []string) *Server {
	t.Helper()
	s := &Server{t: t, binary: binary(t), dir: t.TempDir(), args: args}
	t.Cleanup(s.end)
	for range startAttempts {
		s.port = freePort(t)
		if s.start() {
			return s
		}
		if !strings.Contains(s.log(), "already in use") {
			break
		}
	}
	t.Fatalf("redistest: the server does not start:\n%s", s.log())
	return nil
}

// binary finds the program of the server.
func binary(t testing.TB) string {
	t.Helper()
	names := []string{"redis-server", "valkey-server"}
	if name := os.Getenv("FACTORYDASH_REDIS_SERVER"); name != "" {
		names = []string{name}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "no redis-server is found: install one with scripts/install-redis, or name one in FACTORYDASH_REDIS_SERVER"
	if os.Getenv("FACTORYDASH_TEST_REQUIRE") == "1" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// start starts the process and waits until it answers. It reports whether it does.
func (s *Server) start() bool {
	s.t.Helper()
	out, err := os.OpenFile(filepath.Join(s.dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	args := append(slices.Clone(s.args), "--bind", "127.0.0.1", "--port", strconv.Itoa(s.port), "--dir", s.dir)
	cmd := exec.CommandContext(context.WithoutCancel(s.t.Context()), s.binary, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("redistest: %v", err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // How it ends is the business of who ends it.
	}()
	s.cmd, s.exited = cmd, exited
	return s.answers()
}

// answers waits until the server answers, and reports whether it does.
func (s *Server) answers() bool {
	client := s.dial()
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), startTimeout)
	defer cancel()
	for {
		if s.listens(ctx) {
			err := client.Ping(ctx).Err()
			var reply redis.Error
			if err == nil || errors.As(err, &reply) && !redis.HasErrorPrefix(err, "LOADING") {
				// A server that asks for a password answers too.
				return true
			}
		}
		select {
		case <-s.exited:
			return false
		case <-ctx.Done():
			return false
		case <-time.After(pollInterval):
		}
	}
}

// listens reports whether the server takes connections. The client would log where
// it does not.
func (s *Server) listens(ctx context.Context) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// Addr gives host and port, which stay the same over a restart.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL gives the address as a URL.
func (s *Server) URL() string { return fmt.Sprintf("redis://%s/0", s.Addr()) }

// Client gives a client for the test's own questions, which is closed at its end.
func (s *Server) Client() *redis.Client {
	client := s.dial()
	s.t.Cleanup(func() { client.Close() })
	return client
}

func (s *Server) dial() *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: s.Addr(), DialerRetries: 1, MaxRetries: -1,
		DialTimeout: time.Second, ReadTimeout: 2 * time.Second, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// Stop asks the server to end and waits until it has.
func (s *Server) Stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(stopTimeout):
		s.t.Fatalf("redistest: the server does not end:\n%s", s.log())
	}
}

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() {
	s.t.Helper()
	s.signal(syscall.SIGKILL)
	<-s.exited
}

// Restart starts a server that was stopped or killed, with its port and data.
func (s *Server) Restart() {
	s.t.Helper()
	if !s.start() {
		s.t.Fatalf("redistest: the server does not start again:\n%s", s.log())
	}
}

func (s *Server) signal(signal syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Fatalf("redistest: %v: %v", signal, err)
	}
}

// end ends the server in whatever state it is.
func (s *Server) end() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// log gives what the server has logged.
func (s *Server) log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "server.log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}
