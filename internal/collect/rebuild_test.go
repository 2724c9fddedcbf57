package collect_test

import (
	"context"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store/sqlite"
	"github.com/factorydash/factorydash/mtconnect"
)

// The states that are derived again from what is stored are those that were
// derived when it came, through restarts of the agent, overruns, alarms that ended
// unseen, and wherever the documents that brought it were cut.
func TestRebuildChangesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir := t.TempDir()
		s, err := sqlite.Open(t.Context(), filepath.Join(dir, "rebuild.db"), sqlite.Options{})
		if err != nil {
			r.Fatal(err)
		}
		defer closed(r, s)
		m := newMachine(r, 40)
		put, err := s.PutAgent(t.Context(), m.agent(0, "mill"))
		if err != nil {
			r.Fatal(err)
		}
		word := func(label string, words ...string) string { return rapid.SampledFrom(words).Draw(r, label) }
		instance := uint64(1000)
		for range rapid.IntRange(1, 12).Draw(r, "rounds") {
			for range rapid.IntRange(0, 12).Draw(r, "happenings") {
				switch rapid.IntRange(0, 6).Draw(r, "what") {
				case 0:
					m.event("exec", word("execution", "ACTIVE", "WAIT", "READY", "FEED_HOLD", "INTERRUPTED", "UNAVAILABLE"))
				case 1:
					m.event("mode", word("mode", "AUTOMATIC", "MANUAL", "UNAVAILABLE"))
				case 2:
					m.event("avail", word("availability", "AVAILABLE", "UNAVAILABLE"))
				case 3:
					m.event("estop", word("stop", "ARMED", "TRIGGERED"))
				case 4:
					m.alarm(rapid.SampledFrom([]mtconnect.Level{mtconnect.Fault, mtconnect.Warning, mtconnect.Normal}).Draw(r, "level"), word("code", "7", "8"))
				case 5:
					m.chatter(rapid.IntRange(1, 70).Draw(r, "n"))
				default:
					m.event("program", word("program", "O1", "O2"))
				}
			}
			if rapid.IntRange(0, 5).Draw(r, "restart") == 0 {
				instance++
				m.restart(instance)
			}
			o := options(s)
			o.PageSize = rapid.IntRange(1, 40).Draw(r, "page")
			supervisor, err := collect.New(o)
			if err != nil {
				r.Fatal(err)
			}
			results, err := supervisor.Fetch(t.Context(), []plant.Agent{put})
			if err != nil || results[0].Err != nil {
				r.Fatal(err, results[0].Err)
			}
		}
		done, err := collect.Rebuild(t.Context(), s, put.ID, nil, func(int64) {})
		if err != nil {
			r.Fatal(err)
		}
		if done.Changed != 0 {
			r.Errorf("%d machines have other states after the rebuild: %+v", done.Changed, done)
		}
	})
}

// closed closes a store.
func closed(t tb, s *sqlite.Store) {
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Rebuild puts right what is wrong.
func TestRebuildMends(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rebuild.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	m := newMachine(t, 400)
	put, err := s.PutAgent(t.Context(), m.agent(0, "mill"))
	if err != nil {
		t.Fatal(err)
	}
	m.event("avail", "AVAILABLE")
	m.event("exec", "ACTIVE")
	m.event("exec", "READY")
	supervisor, err := collect.New(options(s))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := supervisor.Fetch(t.Context(), []plant.Agent{put}); err != nil {
		t.Fatal(err)
	}
	devices, err := s.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	device := devices[0].ID
	states := func() []plant.StateChange {
		list, err := s.StatesBetween(t.Context(), device, 0, 1<<60)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	want := states()
	if len(want) < 3 {
		t.Fatalf("states %v: want at least three", want)
	}
	if err := s.ReplaceStates(t.Context(), device, 0, want[:1], runsOf(t, s)); err != nil {
		t.Fatal(err)
	}
	done, err := collect.Rebuild(t.Context(), s, put.ID, nil, func(int64) {})
	if err != nil || done.Changed != 1 || done.States != int64(len(want)) {
		t.Errorf("rebuilt %+v, %v; want one machine with %d states", done, err, len(want))
	}
	if got := states(); len(got) != len(want) || got[len(got)-1] != want[len(want)-1] {
		t.Errorf("states %v after the rebuild, want %v", got, want)
	}
}

// overtaken is a store into which something is captured just before states of it are
// replaced.
type overtaken struct {
	*sqlite.Store
	capture func()
}

func (s *overtaken) ReplaceStates(ctx context.Context, device plant.DeviceID, from int64, changes []plant.StateChange, runs []plant.Run) error {
	s.capture()
	return s.Store.ReplaceStates(ctx, device, from, changes, runs)
}

// runsOf gives the runs that a store has, which are all of one agent.
func runsOf(t *testing.T, s *sqlite.Store) []plant.Run {
	runs, err := s.Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

// A rebuild that capture overtakes leaves the states as they are.
func TestRebuildIsOvertaken(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rebuild.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	m := newMachine(t, 40)
	put, err := s.PutAgent(t.Context(), m.agent(0, "mill"))
	if err != nil {
		t.Fatal(err)
	}
	fetch := func(execution string) {
		m.event("avail", "AVAILABLE")
		m.event("mode", "AUTOMATIC")
		m.event("exec", execution)
		supervisor, err := collect.New(options(s))
		if err != nil {
			t.Fatal(err)
		}
		if results, err := supervisor.Fetch(t.Context(), []plant.Agent{put}); err != nil || results[0].Err != nil {
			t.Fatal(err, results[0].Err)
		}
	}
	fetch("ACTIVE")
	states, err := s.States(t.Context(), put.ID)
	if err != nil || len(states) == 0 {
		t.Fatal(states, err)
	}
	wrong := states[0] // so that the rebuild has something to put right
	wrong.Rule = "wrong"
	if err := s.ReplaceStates(t.Context(), wrong.Device, wrong.Time, []plant.StateChange{wrong}, runsOf(t, s)); err != nil {
		t.Fatal(err)
	}
	var newest []plant.StateChange
	_, err = collect.Rebuild(t.Context(), &overtaken{s, func() {
		fetch("READY")
		if newest, err = s.States(t.Context(), put.ID); err != nil {
			t.Fatal(err)
		}
	}}, put.ID, nil, func(int64) {})
	after, e := s.States(t.Context(), put.ID)
	if e != nil {
		t.Fatal(e)
	}
	if plant.ErrorCode(err) != plant.Conflict || len(after) != len(newest) || after[0] != newest[0] {
		t.Errorf("rebuild: %v; the newest state was %+v and is %+v", err, newest, after)
	}
}
