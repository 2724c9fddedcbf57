package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// naiveObservation is an element with a data item of a recorded document.
type naiveObservation struct {
	Name, SubType, Item, Code, Text string
	// Component is the kind of component that it stands at.
	Component      string
	Condition      bool
	Sequence, Time int64
}

// readObservations reads everything of recorded documents, by sequence.
func readObservations(t *testing.T, docs []string) []naiveObservation {
	t.Helper()
	var all []naiveObservation
	for _, doc := range docs {
		f, err := os.Open(doc)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, readDocument(t, f)...)
		_ = f.Close()
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Sequence < all[j].Sequence })
	return all
}

func readDocument(t *testing.T, r io.Reader) []naiveObservation {
	t.Helper()
	var all []naiveObservation
	d := xml.NewDecoder(r)
	component, within := "", false
	var now *naiveObservation
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			o := naiveObservation{Name: e.Name.Local}
			for _, a := range e.Attr {
				switch a.Name.Local {
				case "component":
					component = a.Value
				case "dataItemId":
					o.Item = a.Value
				case "subType":
					o.SubType = a.Value
				case "nativeCode":
					o.Code = a.Value
				case "sequence":
					o.Sequence, err = strconv.ParseInt(a.Value, 10, 64)
				case "timestamp":
					var at time.Time
					at, err = time.Parse(time.RFC3339Nano, a.Value)
					o.Time = at.UnixMicro()
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if within = within || e.Name.Local == "Condition"; o.Item != "" {
				o.Component, o.Condition = component, within
				all = append(all, o)
				now = &all[len(all)-1]
			}
		case xml.CharData:
			if now != nil {
				now.Text += string(e)
			}
		case xml.EndElement:
			within, now = within && e.Name.Local != "Condition", nil
		}
	}
}

// naiveState is what a machine with one path does from a time on; waits is true where
// that is to run as long as it does not wait for too long.
type naiveState struct {
	state string
	waits bool
	time  int64
}

// naiveStates decides after each observation, by the table of states: the first line
// that is true.
func naiveStates(said []naiveObservation) []naiveState {
	value := make(map[string]string)             // availability, execution, mode, override
	faults := make(map[string]map[string]string) // of each condition, level by code
	var all []naiveState
	for _, o := range said {
		name := o.Name
		switch {
		case o.Condition && !slices.Contains([]string{"Device", "Controller", "Path", "System", "Systems"}, o.Component):
			continue
		case o.Condition:
			switch {
			case faults[o.Item] == nil, name == "Unavailable", name == "Normal" && o.Code == "":
				faults[o.Item] = make(map[string]string)
			}
			if faults[o.Item][o.Code] = name; name == "Normal" || name == "Unavailable" {
				delete(faults[o.Item], o.Code)
			}
		case name == "Availability", name == "Execution", name == "ControllerMode", name == "EmergencyStop", name == "PathFeedrateOverride" && o.SubType == "PROGRAMMED":
			value[name] = o.Text
		default:
			continue
		}
		s := naiveState{state: naiveDecision(value, faults), time: o.Time}
		s.waits = value["Execution"] == "WAIT" && s.state == "running"
		if n := len(all); s.waits && n > 0 && all[n-1].waits && s.time >= all[n-1].time {
			continue // It has waited since then.
		}
		if s.state != "" {
			all = append(all, s)
		}
	}
	return all
}

func naiveDecision(value map[string]string, faults map[string]map[string]string) string {
	fault := false
	for _, active := range faults {
		for _, level := range active {
			fault = fault || level == "Fault"
		}
	}
	execution := value["Execution"]
	executing := execution == "ACTIVE" || execution == "WAIT"
	manual := slices.Contains([]string{"MANUAL", "MANUAL_DATA_INPUT", "SEMI_AUTOMATIC", "EDIT"}, value["ControllerMode"])
	override, err := strconv.ParseFloat(value["PathFeedrateOverride"], 64)
	switch {
	case value["Availability"] == "UNAVAILABLE":
		return "offline"
	case value["EmergencyStop"] == "TRIGGERED", fault && !executing:
		return "alarm"
	case manual:
		return "setup"
	case execution == "ACTIVE" && err == nil && override == 0:
		return "stopped"
	case executing:
		return "running"
	case slices.Contains([]string{"FEED_HOLD", "INTERRUPTED", "PROGRAM_STOPPED", "OPTIONAL_STOP"}, execution):
		return "stopped"
	case slices.Contains([]string{"READY", "STOPPED", "PROGRAM_COMPLETED"}, execution):
		return "idle"
	case execution == "UNAVAILABLE":
		return "offline"
	case value["Availability"] == "AVAILABLE":
		return "idle"
	}
	return ""
}

// naiveInterval is an interval in one state.
type naiveInterval struct {
	State    string
	From, To int64
}

// naiveIntervals makes intervals of a range: at each moment the state is that of the
// last change by sequence with a time up to then, of which there is none before the
// first and none is heard after heard. A machine that waits for a minute has stopped.
func naiveIntervals(states []naiveState, from, to, heard int64) []naiveInterval {
	edges := []int64{from, to, heard}
	for _, s := range states {
		edges = append(edges, s.time, s.time+60e6)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var intervals []naiveInterval
	for i := 0; i+1 < len(edges); i++ {
		at, state := edges[i], "unknown"
		if at < from || at >= to {
			continue
		}
		for _, s := range slices.Backward(states) {
			if s.time <= at {
				if state = s.state; s.waits && at >= s.time+60e6 {
					state = "stopped"
				}
				break
			}
		}
		if at >= heard {
			state = "no-link"
		}
		if n := len(intervals); n > 0 && intervals[n-1].State == state {
			intervals[n-1].To = edges[i+1]
		} else {
			intervals = append(intervals, naiveInterval{state, at, edges[i+1]})
		}
	}
	return intervals
}

// TestStatesOfNIST compares the intervals of a whole recording, as the API gives them,
// and the time in each state, with those that naive code finds in its documents by the
// definition of the states: to the microsecond. Its clock was put back by months
// several times.
func TestStatesOfNIST(t *testing.T) {
	t.Parallel()
	archive := filepath.Join(nist(t), "recorded", "mazak03.tgz")
	said := readObservations(t, unpack(t, archive))
	last := make(map[string]int64)
	for _, o := range said {
		last[o.Item] = o.Time
	}
	heard := int64(0)
	for _, at := range last {
		heard = max(heard, at)
	}
	from, to := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
	want := naiveIntervals(naiveStates(said), from.UnixMicro(), to.UnixMicro(), heard)

	data := t.TempDir()
	if out, code := importInto(t, data, "--agent", "mazak", archive); code != 0 {
		t.Fatalf("import: exit code %d: %s", code, out)
	}
	check := func(when string) {
		t.Helper()
		st, err := sqlite.Open(t.Context(), filepath.Join(data, "factorydash.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = st.Close() }()
		s := api.NewService(api.Options{Reader: st, Hub: live.NewHub(live.Options{})})
		if err := s.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		v, err := s.Timeline(t.Context(), api.TimelineQuery{Machines: []string{"mazak03"}, From: from, To: to})
		if err != nil {
			t.Fatal(err)
		}
		row := v.Rows[0]
		var got []naiveInterval
		for _, segment := range row.Segments {
			got = append(got, naiveInterval{segment.State, segment.From, segment.To})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: intervals (-naive +API):\n%.4000s", when, diff)
		}
		totals := make(map[string]int64)
		for _, in := range want {
			totals[in.State] += in.To - in.From
		}
		for state, d := range row.Shares.States {
			if d != totals[state] {
				t.Errorf("%s: %d µs of %s, want %d", when, d, state, totals[state])
			}
		}
		if row.Shares.Unknown != totals["unknown"] || row.Shares.Total != to.Sub(from).Microseconds() || totals["running"] == 0 {
			t.Errorf("%s: shares %+v, want %v", when, row.Shares, totals)
		}
		t.Logf("%s: %d intervals, %v", when, len(got), totals)
	}
	check("as imported")
	if out, code := output(t, "rebuild", "--data", data, "--agent", "mazak"); code != 0 {
		t.Fatalf("rebuild: exit code %d: %s", code, out)
	}
	check("derived anew")
}
