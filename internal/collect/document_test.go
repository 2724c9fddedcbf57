package collect_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// Observations that an agent leaves out, and leaves out again when it is asked
// again, are missing: exactly those.
func TestMissing(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1000)
	out := map[int64]bool{1: true, 17: true, 18: true, 19: true, 40: true, 200: true}
	m.spoilBy(faults{spoil: func(b []byte) []byte {
		eachElement(b, func(sequence int64, element []byte) {
			if out[sequence] {
				blank(element)
			}
		})
		return b
	}})
	m.say(200)
	_, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.caughtUp(t, s, 1)
	stop()
	if diff := cmp.Diff(losses{plant.GapMissing: 6}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

// An observation that was left out once only is no loss.
func TestMissingOnce(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1000)
	once := false
	m.spoilBy(faults{spoil: func(b []byte) []byte {
		eachElement(b, func(sequence int64, element []byte) {
			if sequence == 35 && !once {
				once = true
				blank(element)
			}
		})
		return b
	}})
	m.say(100)
	_, stop := supervise(t, options(s), m.agent(1, "mill"))
	m.caughtUp(t, s, 1)
	stop()
	if diff := cmp.Diff(losses{}, m.prove(t, s, 1)); diff != "" || !once {
		t.Errorf("left out %v; lost (-want +got):\n%s", once, diff)
	}
}

// What cannot be read is isolated to the observation, and given up only when
// something behind it can be read.
func TestDamaged(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1000)
	bad := map[int64]bool{1: true, 50: true, 51: true, 77: true, 120: true}
	m.spoilBy(faults{spoil: func(b []byte) []byte {
		eachElement(b, func(sequence int64, element []byte) {
			if bad[sequence] {
				garble(element)
			}
		})
		return b
	}})
	m.say(120)
	o := options(s)
	down := whenDown(&o)
	_, stop := supervise(t, o, m.agent(1, "mill"))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.wait(ctx, func(s *memory) bool { return len(s.runs) > 0 && s.runs[0].Next == 120 }); err != nil {
		t.Fatalf("the cursor is %+v, want 120, where the last observation cannot be read", s.runs)
	}
	await(t, down) // It may be of a place before.
	if text := await(t, down).Error; !strings.Contains(text, "line ") {
		t.Errorf("error %q: want one that says where the document is damaged", text)
	}
	m.say(10)
	m.caughtUp(t, s, 1)
	stop()
	if diff := cmp.Diff(losses{plant.GapRejected: 5}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	for _, g := range s.gaps[1] {
		if g.Detail == "" {
			t.Errorf("gap %v says not why", g)
		}
	}
}

// Documents that would take too much memory are asked for in smaller pages, and in
// large ones again once that lies behind.
func TestTooLarge(t *testing.T) {
	s, m := newMemory(), newMachine(t, 1000)
	counts := make(chan string, 10_000)
	m.spoilBy(faults{refuse: func(r *http.Request) int {
		if strings.HasSuffix(r.URL.Path, "/sample") {
			counts <- r.URL.Query().Get("count")
		}
		return 0
	}})
	m.say(900)
	m.add(agent.Observation{Sequence: 901, Time: 901_000, DataItemID: "program", Value: strings.Repeat("x", 20_000)})
	o := options(s)
	o.DocumentBytes = 10_000
	_, stop := supervise(t, o, m.agent(1, "mill"))
	m.say(1)
	m.caughtUp(t, s, 1)
	for range 10 { // twice as many with each
		m.say(1)
		m.caughtUp(t, s, 1)
	}
	for asked, small := "", false; !small || asked != "1000"; small = small || len(asked) < 2 {
		select {
		case asked = <-counts:
		case <-time.After(patience):
			t.Fatalf("%q observations are asked for at once when all is well again, want 1000", asked)
		}
	}
	stop()
	if diff := cmp.Diff(losses{plant.GapRejected: 1}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

// Sequence numbers go up to 2^64−1 by the standard. Those that the store cannot
// hold are refused in words, and nothing is made of them.
func TestSequenceTooGreat(t *testing.T) {
	s, m := newMemory(), newMachine(t, 100)
	if _, err := m.life().ring.Add(agent.Observation{Sequence: 1 << 63, DataItemID: "feed", Value: "1"}); err != nil {
		t.Fatal(err)
	}
	o := options(s)
	down := whenDown(&o)
	_, stop := supervise(t, o, m.agent(1, "mill"))
	if status := await(t, down); !strings.Contains(status.Error, "9223372036854775809") || !strings.Contains(status.Error, "2^63") {
		t.Errorf("error %q: want one that names the number and what can be stored", status.Error)
	}
	stop()
	if len(s.runs) != 0 {
		t.Errorf("runs %+v, want none", s.runs)
	}
}

// An agent whose nextSequence does not lie behind what it sends is not said to be
// read well while nothing of that is stored.
func TestNextSequenceThatStandsStill(t *testing.T) {
	s, m := newMemory(), newMachine(t, 100)
	m.say(10)
	o := options(s)
	down := whenDown(&o)
	_, stop := supervise(t, o, m.agent(1, "mill"))
	m.caughtUp(t, s, 1)
	still := regexp.MustCompile(`nextSequence="\d\d"`)
	m.spoilBy(faults{spoil: func(b []byte) []byte { return still.ReplaceAll(b, []byte(`nextSequence="11"`)) }})
	m.say(5)
	if status := await(t, down); !strings.Contains(status.Error, "next sequence is that") {
		t.Errorf("error %q: want one that says why nothing is stored", status.Error)
	}
	m.spoilBy(faults{})
	m.caughtUp(t, s, 1)
	stop()
	m.prove(t, s, 1)
}

// Of two observations with one sequence number one is lost: that is said once.
func TestOneNumberForTwo(t *testing.T) {
	s, m := newMemory(), newMachine(t, 100)
	var log bytes.Buffer
	o := options(s)
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	m.spoilBy(faults{spoil: func(b []byte) []byte {
		b = bytes.ReplaceAll(b, []byte(`sequence="16"`), []byte(`sequence="15"`))
		return bytes.ReplaceAll(b, []byte(`sequence="18"`), []byte(`sequence="17"`))
	}})
	m.say(20)
	_, stop := supervise(t, o, m.agent(1, "mill"))
	m.caughtUp(t, s, 1)
	stop()
	told := strings.Count(log.String(), "one sequence number")
	if told != 1 || !strings.Contains(log.String(), "sequence=15 kept=exec dropped=feed") {
		t.Errorf("told %d times, want once, with the data items:\n%s", told, log.String())
	}
}

// A stream that cannot be read although there is nothing in it is begun again after
// pauses.
func TestDamagedStreamWithNothingInIt(t *testing.T) {
	s, m := newMemory(), newMachine(t, 100)
	m.say(10)
	o := options(s)
	o.DamageRetries = 1
	down := whenDown(&o)
	_, stop := supervise(t, o, m.agent(1, "mill"))
	m.caughtUp(t, s, 1)
	streams := false
	m.spoilBy(faults{
		refuse: func(r *http.Request) int {
			streams = r.URL.Query().Has("interval")
			return 0
		},
		spoil: func(b []byte) []byte {
			if streams {
				return bytes.Replace(b, []byte("<Streams"), []byte("<<treams"), 1)
			}
			return b
		},
	})
	m.CloseClientConnections() // the stream is begun anew
	for !strings.Contains(await(t, down).Error, "line ") {
	}
	m.spoilBy(faults{})
	m.say(10)
	m.caughtUp(t, s, 1)
	stop()
	if diff := cmp.Diff(losses{}, m.prove(t, s, 1)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}
