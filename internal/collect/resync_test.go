package collect_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
)

func TestOverrun(t *testing.T) {
	s, m := newMemory(), newMachine(t, 100)
	m.say(250) // the first 150 are gone before anybody asks
	_, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.caughtUp(t, s, 1)
	stop()
	if first := s.runs[0].First; first != 151 {
		t.Errorf("the first run begins at %d, want 151: what was gone before is no loss", first)
	}
	m.spoilBy(faults{noStream: true})
	m.say(130) // 30 more than the buffer holds
	_, stop = supervise(t, options(s), m.agent(1, "mill"))
	m.caughtUp(t, s, 1)
	m.say(160) // 60 more than it holds, which is all that is given up
	m.caughtUp(t, s, 1)
	stop()
	if diff := cmp.Diff(losses{plant.GapOverrun: 90}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

// Agents of schema 1.x may answer from where they can and say nothing of it: the
// header alone tells what is gone.
func TestSilentAgent(t *testing.T) {
	s, m := newMemory(), newMachine(t, 100)
	m.spoilBy(faults{noStream: true, clamp: true})
	sup, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.say(80)
	m.caughtUp(t, s, 1)
	m.say(130) // 30 more than the buffer holds, between two requests
	m.caughtUp(t, s, 1)
	links := sup.Status()[0].Reconnects
	m.restart(1000)
	m.say(5)
	m.caughtUp(t, s, 1)
	stop()
	if diff := cmp.Diff(losses{plant.GapOverrun: 30}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	if links != 1 || len(s.runs) != 2 {
		t.Errorf("%d links before the restart, runs %+v: want one link and two runs", links, s.runs)
	}
}

func TestRestart(t *testing.T) {
	for _, test := range []struct {
		name     string
		instance uint64
		said     int
		want     losses
	}{
		{"with a new instanceId", 2000, 30, losses{}},
		{"with the same instanceId", 1000, 30, losses{}},
		{"with a buffer that has moved on", 2000, 150, losses{plant.GapOverrun: 50}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, m := newMemory(), newMachine(t, 100)
			_, stop := supervise(t, options(s), m.agent(1, "mill"))
			m.say(80)
			m.caughtUp(t, s, 1)
			stop()
			m.restart(test.instance)
			m.say(test.said)
			_, stop = supervise(t, options(s), m.agent(1, "mill"))
			m.caughtUp(t, s, 1)
			stop()
			if diff := cmp.Diff(test.want, m.prove(t, s, 1)); diff != "" {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
			if len(s.runs) != 2 || s.runs[1].Epoch != boolTo(test.instance == 1000) {
				t.Errorf("runs %+v: want two, the epoch counted by instanceId", s.runs)
			}
		})
	}
}

// A cache on the way to an agent that gives what the agent said long ago makes no
// restart.
func TestStaleCurrent(t *testing.T) {
	for name, instance := range map[string]uint64{"of the run": 1000, "of a run before it": 2000} {
		t.Run(name, func(t *testing.T) {
			s, m := newMemory(), newMachine(t, 1000)
			m.say(10)
			o := options(s)
			kept := &keeping{RoundTripper: http.DefaultTransport}
			o.Dial = dialOver(kept)
			_, stop := supervise(t, o, m.agent(1, "mill"))
			m.caughtUp(t, s, 1)
			stop()
			if instance != 1000 {
				m.restart(instance)
			}
			o.Dial = options(s).Dial
			m.say(20)
			_, stop = supervise(t, o, m.agent(1, "mill"))
			m.caughtUp(t, s, 1)
			stop()
			runs := len(s.runs)
			m.say(10)
			o.Dial = dialOver(kept)
			_, stop = supervise(t, o, m.agent(1, "mill"))
			m.caughtUp(t, s, 1)
			stop()
			if diff := cmp.Diff(losses{}, m.prove(t, s, 1)); diff != "" || len(s.runs) != runs {
				t.Errorf("%d runs, want %d; lost (-want +got):\n%s", len(s.runs), runs, diff)
			}
		})
	}
}

// keeping answers what current says now with what it said first.
type keeping struct {
	http.RoundTripper
	mu   sync.Mutex
	body []byte
}

func (k *keeping) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := k.RoundTripper.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/current") || r.URL.RawQuery != "" {
		return answer, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	body, err := io.ReadAll(answer.Body)
	if k.body == nil {
		k.body = body
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(k.body), answer.Body}
	return answer, err
}

func boolTo(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// An agent that is restarted while it is read: the link breaks and the same
// supervisor goes on with the new run.
func TestRestartWhileStreaming(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1000)
	_, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.say(80)
	m.caughtUp(t, s, 1)
	m.restart(1000)
	m.say(5)
	m.caughtUp(t, s, 1)
	m.restart(3000)
	m.say(90)
	m.caughtUp(t, s, 1)
	stop()
	m.prove(t, s, 1)
	if len(s.runs) != 3 {
		t.Errorf("runs %+v: want three", s.runs)
	}
}
