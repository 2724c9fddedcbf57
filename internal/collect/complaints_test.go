package collect_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
)

func TestComplaints(t *testing.T) {
	now := midnight
	level := collect.Complaints(func() time.Time { return now })
	for _, step := range []struct {
		after time.Duration
		text  string
		want  slog.Level
	}{
		{0, "port 1234: refused", slog.LevelWarn},
		{20 * time.Second, "port 1234: refused", slog.LevelDebug},
		{20 * time.Second, "port 77: refused", slog.LevelDebug},
		{20 * time.Second, "timeout", slog.LevelWarn},
		{20 * time.Second, "port 78: refused", slog.LevelDebug},
		{20 * time.Second, "timeout", slog.LevelDebug},
		{9 * time.Minute, "port 79: refused", slog.LevelWarn},
	} {
		now = now.Add(step.after)
		if got := level(step.text); got != step.want {
			t.Errorf("%v after the start, %q: level %v, want %v", now.Sub(midnight), step.text, got, step.want)
		}
	}
}

// away is an agent that cannot be reached.
type away struct{}

func (away) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed }

// However long an agent stays away, the log says so once in ten minutes.
func TestLogWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lockedBuffer
		o := collect.Options{
			Store: newMemory(), Log: slog.New(slog.NewTextHandler(&log, nil)),
			Dial: dialOver(away{}),
		}
		_, stop := supervise(t, o, plant.Agent{ID: 1, Name: "mill", URL: "http://mill.example"})
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		stop()
		if n := strings.Count(log.String(), "no link to the agent"); n != 6 {
			t.Errorf("%d lines in an hour, want 6:\n%s", n, log.String())
		}
	})
}

// lockedBuffer is a buffer for several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
