package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// startTimeout is how long a server may take until it answers, recovery
	// counted; stopTimeout how long until it has ended.
	startTimeout = time.Minute
	stopTimeout  = time.Minute
	// logLines is how many lines of its log are told where it does not start.
	logLines = 20
	// ready begins what the server says when it answers, be it only to reads, in the
	// language of initdb's locale.
	ready = "database system is ready to accept "
	// held is what it says where processes of the one before, which was killed, are
	// not gone yet.
	held = "pre-existing shared memory block"
)

// Server is a PostgreSQL server. Its methods belong to one goroutine at a time.
type Server struct {
	bin, folder string
	settings    []string
	cmd         *exec.Cmd
	// ended is closed when the process has ended and its log is read.
	ended chan struct{}
}

// start makes a cluster and starts its server.
func start(settings ...string) (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "factorydash-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, folder: folder, settings: append([]string{"fsync=off"}, settings...)}
	if err := s.initialize(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if err := s.run(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

// find gives the folder of the server's programs: that of the newest version.
func find() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	// Debian and Red Hat keep them out of the path.
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres"} {
		found, err := filepath.Glob(pattern)
		if err == nil && len(found) > 0 {
			return filepath.Dir(slices.Max(found)), nil
		}
	}
	return "", errMissing
}

// command makes a command that runs as the user of the server.
func (s *Server) command(name string, args ...string) (*exec.Cmd, error) {
	cmd := exec.Command(filepath.Join(s.bin, name), args...) //nolint:noctx // It ends by close, or with this process.
	cmd.Dir = s.folder
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	return cmd, unprivileged(cmd, s.folder)
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// initialize makes the cluster.
func (s *Server) initialize() error {
	cmd, err := s.command("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// run starts the server and waits until it answers.
func (s *Server) run() error {
	for deadline := time.Now().Add(startTimeout); ; {
		log, err := s.launch()
		if err == nil || !strings.Contains(log, held) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// launch starts the server once, and gives the end of its log where it ends
// before it answers.
func (s *Server) launch() (log string, err error) {
	args := []string{"-D", s.data(), "-k", s.folder, "-c", "listen_addresses="}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	cmd, err := s.command("postgres", args...)
	if err != nil {
		return "", err
	}
	// A pipe of our own: that of exec would wait for those who inherited it.
	read, write, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer write.Close()
	cmd.Stderr = write
	dieWithUs(cmd)
	if err := cmd.Start(); err != nil {
		return "", errors.Join(err, read.Close())
	}
	s.cmd, s.ended = cmd, make(chan struct{})
	answers, tail := make(chan struct{}), make(chan string, 1)
	go func() {
		defer read.Close()
		tail <- follow(read, answers)
		_ = cmd.Wait() // How it ended is in its log.
		close(s.ended)
	}()
	select {
	case <-answers:
		return "", nil
	case log = <-tail:
		<-s.ended
		return log, fmt.Errorf("the server does not start:\n%s", log)
	case <-time.After(startTimeout):
		return "", errors.Join(fmt.Errorf("the server does not answer within %v", startTimeout), s.signal(syscall.SIGKILL))
	}
}

// follow reads a log to its end and gives its last lines. It closes answers when
// the server answers.
func follow(log io.Reader, answers chan<- struct{}) string {
	var last []string
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		last = append(last, lines.Text())
		last = last[max(0, len(last)-logLines):]
		if answers != nil && strings.Contains(lines.Text(), ready) {
			close(answers)
			answers = nil
		}
	}
	return strings.Join(last, "\n")
}

// signal sends a signal to the server and waits for its end.
func (s *Server) signal(signal syscall.Signal) error {
	if err := s.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(stopTimeout):
		return fmt.Errorf("the server has not ended within %v of signal %v", stopTimeout, signal)
	}
}

// close stops the server and removes its cluster.
func (s *Server) close() error {
	return errors.Join(s.signal(syscall.SIGQUIT), os.RemoveAll(s.folder))
}

// URL is where a database of the server is, for its superuser.
func (s *Server) URL(database string) string {
	query := url.Values{"host": {s.folder}, "user": {"postgres"}}
	return (&url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: query.Encode()}).String()
}

// Folder is where the cluster lies; the server's user owns it.
func (s *Server) Folder() string { return s.folder }

// Stop ends the server in good order: sessions are ended, transactions under way
// are rolled back.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.end(t, syscall.SIGINT)
}

// StopNow ends the server at once, as "immediate" does: it recovers at its next
// start.
func (s *Server) StopNow(t testing.TB) {
	t.Helper()
	s.end(t, syscall.SIGQUIT)
}

// Kill ends the server's main process as a crash does.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.end(t, syscall.SIGKILL)
}

func (s *Server) end(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := s.signal(signal); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
}

// Start starts the server again after it was ended, with further settings of the
// form name=value, and waits until it answers.
func (s *Server) Start(t testing.TB, settings ...string) {
	t.Helper()
	s.settings = append(s.settings, settings...)
	if err := s.run(); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
}
