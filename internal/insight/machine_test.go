package insight_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// The data items of a lathe with two paths.
const (
	avail plant.ItemID = iota + 1
	estop
	system
	exec1
	mode1
	feed1
	fault1
	exec2
	mode2
	rapid2
	jog2
	spindle
)

var lathe = plant.Device{ID: 4, Name: "Lathe"}

func latheItems() []plant.DataItem {
	items := []plant.DataItem{
		{ID: avail, Category: plant.Event, Type: "AVAILABILITY", ComponentType: "Device"},
		{ID: estop, Category: plant.Event, Type: "EMERGENCY_STOP", ComponentType: "Controller", Path: "Controller"},
		{ID: system, Category: plant.Condition, Type: "SYSTEM", ComponentType: "Controller", Path: "Controller"},
		{ID: exec1, Category: plant.Event, Type: "EXECUTION", ComponentType: "Path", PathID: "p1", Path: "Controller/Path[1]"},
		{ID: mode1, Category: plant.Event, Type: "CONTROLLER_MODE", ComponentType: "Path", PathID: "p1", Path: "Controller/Path[1]"},
		{ID: feed1, Category: plant.Sample, Type: "PATH_FEEDRATE_OVERRIDE", ComponentType: "Path", PathID: "p1", Path: "Controller/Path[1]"},
		{ID: fault1, Category: plant.Condition, Type: "LOGIC_PROGRAM", ComponentType: "Path", PathID: "p1", Path: "Controller/Path[1]"},
		{ID: exec2, Category: plant.Event, Type: "EXECUTION", ComponentType: "Path", PathID: "p2", Path: "Controller/Path[2]"},
		{ID: mode2, Category: plant.Event, Type: "CONTROLLER_MODE", ComponentType: "Path", PathID: "p2", Path: "Controller/Path[2]"},
		{ID: rapid2, Category: plant.Event, Type: "PATH_FEEDRATE_OVERRIDE", SubType: "RAPID", ComponentType: "Path", PathID: "p2", Path: "Controller/Path[2]"},
		{ID: jog2, Category: plant.Event, Type: "PATH_FEEDRATE_OVERRIDE", SubType: "JOG", ComponentType: "Path", PathID: "p2", Path: "Controller/Path[2]"},
		{ID: spindle, Category: plant.Condition, Type: "TEMPERATURE", ComponentType: "Rotary", Path: "Axes/Rotary[C]"},
	}
	for i := range items {
		items[i].Device = lathe.ID
	}
	return items
}

// history is what the items of a lathe said, in order of sequence.
type history struct {
	latest   map[plant.ItemID]*plant.Latest
	sequence int64
	run      plant.RunID
}

func newHistory() *history {
	return &history{latest: make(map[plant.ItemID]*plant.Latest), run: 1}
}

// says gives what is known after an item said something: a value, a number, or
// for a condition a level with a native code.
func (h *history) says(item plant.ItemID, words ...string) plant.Latest {
	h.sequence++
	o := plant.Observation{Item: item, Sequence: h.sequence, Time: 1000 + h.sequence}
	switch item {
	case system, fault1, spindle:
		o.Alarm = &plant.Alarm{Level: map[string]plant.Level{
			"Unavailable": plant.LevelUnavailable, "Normal": plant.LevelNormal, "Warning": plant.LevelWarning, "Fault": plant.LevelFault,
		}[words[0]]}
		if len(words) > 1 {
			o.Alarm.NativeCode = words[1]
		}
	default:
		if words[0] == "UNAVAILABLE" {
			break
		}
		o.Value = plant.Value{Kind: plant.Text, Text: words[0]}
		if n, err := strconv.ParseFloat(words[0], 64); err == nil && item == feed1 {
			o.Value = plant.Value{Kind: plant.Number, Number: n}
		}
	}
	if h.latest[item] == nil {
		h.latest[item] = &plant.Latest{}
	}
	h.latest[item].Apply(h.run, o)
	return *h.latest[item]
}

func (h *history) known() []plant.Latest {
	var list []plant.Latest
	for _, l := range h.latest {
		list = append(list, *l)
	}
	return list
}

func TestMachineState(t *testing.T) {
	type said []string
	ready := []said{{"avail", "AVAILABLE"}, {"mode1", "AUTOMATIC"}, {"mode2", "AUTOMATIC"}, {"exec1", "READY"}, {"exec2", "READY"}}
	names := map[string]plant.ItemID{
		"avail": avail, "estop": estop, "system": system, "exec1": exec1, "mode1": mode1, "feed1": feed1, "fault1": fault1,
		"exec2": exec2, "mode2": mode2, "rapid2": rapid2, "jog2": jog2, "spindle": spindle,
	}
	for _, test := range []struct {
		name  string
		after []said
		want  plant.State
		rule  string
	}{
		{"ready", nil, plant.Idle, "7 ready"},
		{"a program ran to its end", []said{{"exec1", "ACTIVE"}, {"exec1", "PROGRAM_COMPLETED"}}, plant.Idle, "7 ready"},
		{"one path runs", []said{{"exec1", "ACTIVE"}}, plant.Running, "5 executing"},
		{"waiting ends by itself", []said{{"exec1", "WAIT"}}, plant.Running, "5 waiting"},
		{"values in lower case", []said{{"exec1", "active"}}, plant.Running, "5 executing"},
		{"the mode is not known", []said{{"mode1", "UNAVAILABLE"}, {"exec1", "ACTIVE"}}, plant.Running, "5 executing, mode assumed automatic"},
		{"one path runs and one is stopped", []said{{"exec2", "FEED_HOLD"}, {"exec1", "ACTIVE"}}, plant.Running, "5 executing"},
		{"one path runs and one is manual", []said{{"mode2", "MANUAL"}, {"exec1", "ACTIVE"}}, plant.Running, "5 executing"},
		{"manual", []said{{"mode1", "MANUAL_DATA_INPUT"}, {"exec1", "ACTIVE"}}, plant.Setup, "4 manual mode"},
		{"editing at rest", []said{{"mode2", "EDIT"}}, plant.Setup, "4 manual mode"},
		{"feed hold", []said{{"exec1", "FEED_HOLD"}}, plant.Stopped, "6 stopped within the program"},
		{"optional stop", []said{{"exec2", "OPTIONAL_STOP"}}, plant.Stopped, "6 stopped within the program"},
		{"no feed", []said{{"exec1", "ACTIVE"}, {"feed1", "0"}}, plant.Stopped, "6 feed override 0"},
		{"no feed on the other path", []said{{"feed1", "0"}, {"exec2", "ACTIVE"}}, plant.Running, "5 executing"},
		{"no rapid feed", []said{{"exec2", "ACTIVE"}, {"rapid2", "0"}}, plant.Running, "5 executing"},
		{"no feed by hand", []said{{"exec2", "ACTIVE"}, {"jog2", "0"}}, plant.Running, "5 executing"},
		{"half automatic", []said{{"mode1", "SEMI_AUTOMATIC"}, {"exec1", "ACTIVE"}}, plant.Setup, "4 manual mode"},
		{"emergency stop", []said{{"exec1", "ACTIVE"}, {"estop", "TRIGGERED"}}, plant.Alarmed, "3 emergency stop"},
		{"emergency stop released", []said{{"estop", "TRIGGERED"}, {"estop", "ARMED"}}, plant.Idle, "7 ready"},
		{"a fault at rest", []said{{"system", "Fault", "7"}}, plant.Alarmed, "3 active fault"},
		{"a fault of a path", []said{{"fault1", "Fault", "7"}}, plant.Alarmed, "3 active fault"},
		{"a warning", []said{{"system", "Warning", "7"}}, plant.Idle, "7 ready"},
		{"a fault of an axis", []said{{"spindle", "Fault", "7"}}, plant.Idle, "7 ready"},
		{"one of two faults cleared", []said{{"system", "Fault", "7"}, {"system", "Fault", "8"}, {"system", "Normal", "8"}}, plant.Alarmed, "3 active fault"},
		{"all faults cleared", []said{{"system", "Fault", "7"}, {"system", "Fault", "8"}, {"system", "Normal"}}, plant.Idle, "7 ready"},
		{"a fault while running", []said{{"exec1", "ACTIVE"}, {"system", "Fault", "7"}}, plant.Running, "5 executing"},
		{"unavailable", []said{{"exec1", "ACTIVE"}, {"avail", "UNAVAILABLE"}}, plant.Offline, "2 unavailable"},
		{"execution unavailable", []said{{"exec1", "UNAVAILABLE"}, {"exec2", "UNAVAILABLE"}}, plant.Offline, "2 execution unknown"},
		{"execution of one path unavailable", []said{{"exec1", "UNAVAILABLE"}}, plant.Idle, "7 ready"},
		{"execution that nobody knows", []said{{"exec1", "DREAMING"}, {"exec2", "UNAVAILABLE"}}, plant.Offline, "2 execution unknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, m := newHistory(), insight.NewMachine(lathe, latheItems(), insight.Rules{})
			var last plant.StateChange
			for _, s := range slices.Concat(ready, test.after) {
				if change, ok := m.Apply(h.says(names[s[0]], s[1:]...)); ok {
					last = change
				}
			}
			if last.State != test.want || last.Rule != test.rule {
				t.Errorf("state %v by rule %q, want %v by %q", last.State, last.Rule, test.want, test.rule)
			}
		})
	}
}

// A machine that works half automatically runs where its rules say so.
func TestMachineSemiAutomatic(t *testing.T) {
	h, m := newHistory(), insight.NewMachine(lathe, latheItems(), insight.Rules{SemiAutomatic: plant.Running})
	m.Apply(h.says(mode1, "SEMI_AUTOMATIC"))
	if change, ok := m.Apply(h.says(exec1, "ACTIVE")); !ok || change.State != plant.Running {
		t.Errorf("change %+v, want running", change)
	}
}

// A change to the state that holds already goes on with it, unless that had ended
// without a word: a machine that runs again after it waited too long runs since then.
// Where the clock was put back, the state is one anew.
func TestMachineSince(t *testing.T) {
	for name, test := range map[string]struct {
		after time.Duration
		since time.Duration
	}{
		"the wait was short":  {after: time.Second},
		"it waited too long":  {after: 2 * insight.DefaultWait, since: 2 * insight.DefaultWait},
		"the clock went back": {after: -time.Hour, since: -time.Hour},
	} {
		h, m := newHistory(), insight.NewMachine(lathe, latheItems(), insight.Rules{})
		waits, runs := h.says(exec1, "WAIT"), h.says(exec1, "ACTIVE")
		first, _ := m.Apply(waits)
		runs.Time = first.Time + test.after.Microseconds()
		change, ok := m.Apply(runs)
		if want := first.Time + test.since.Microseconds(); !ok || change.State != plant.Running || change.Since != want {
			t.Errorf("%s: %+v, want running since %d", name, change, want)
		}
		// The same again at an earlier time than the change is one anew.
		again := h.says(exec1, "ACTIVE")
		again.Time = change.Time - 1
		if back, ok := m.Apply(again); !ok || back.Since != again.Time {
			t.Errorf("%s: put back behind the change: %+v, %t", name, back, ok)
		}
	}
}

// What was never observed decides nothing: an agent's buffer may begin after the
// last time that a machine said it is available.
func TestMachineUnseen(t *testing.T) {
	h, m := newHistory(), insight.NewMachine(lathe, latheItems(), insight.Rules{})
	if change, ok := m.Apply(h.says(mode1, "AUTOMATIC")); ok {
		t.Errorf("change %+v by the mode alone, want none", change)
	}
	change, ok := m.Apply(h.says(exec1, "ACTIVE"))
	want := plant.StateChange{Device: lathe.ID, Run: 1, Sequence: 2, Time: 1002, Since: 1002, State: plant.Running, Rule: "5 executing"}
	if diff := cmp.Diff(want, change); diff != "" || !ok {
		t.Errorf("change (-want +got):\n%s", diff)
	}
	if change, ok := m.Apply(h.says(exec1, "ACTIVE")); ok {
		t.Errorf("change %+v by the same again, want none", change)
	}
}

// A new run of the agent says everything anew: nothing of the run before counts.
func TestMachineNewRun(t *testing.T) {
	h, m := newHistory(), insight.NewMachine(lathe, latheItems(), insight.Rules{})
	m.Apply(h.says(avail, "AVAILABLE"))
	m.Apply(h.says(estop, "TRIGGERED"))
	h.run, h.sequence = 2, 0
	change, ok := m.Apply(h.says(exec1, "READY"))
	if !ok || change.State != plant.Idle || change.Run != 2 {
		t.Errorf("change %+v, want idle: the emergency stop was of the run before", change)
	}
}

// Devices that tell less have a state too, and the agent's own device has none.
func TestMachineOfFewItems(t *testing.T) {
	h := newHistory()
	m := insight.NewMachine(lathe, latheItems()[:1], insight.Rules{})
	if change, ok := m.Apply(h.says(avail, "AVAILABLE")); !ok || change.State != plant.Idle {
		t.Errorf("change %+v, want idle", change)
	}
	self := lathe
	self.IsAgent = true
	if change, ok := insight.NewMachine(self, latheItems(), insight.Rules{}).Apply(h.says(avail, "AVAILABLE")); ok {
		t.Errorf("change %+v of the agent's own device, want none", change)
	}
}

// A tracker that is loaded from what the store knows, at any point, gives the
// changes that one gives which has seen everything.
func TestMachineLoad(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := newHistory()
		whole := insight.NewMachine(lathe, latheItems(), insight.Rules{})
		broken := insight.NewMachine(lathe, latheItems(), insight.Rules{})
		var last plant.StateChange
		for range rapid.IntRange(1, 60).Draw(r, "observations") {
			if rapid.IntRange(0, 20).Draw(r, "restart") == 0 {
				h.run++
				h.sequence = 0
			}
			l := anything(r, h)
			l.Time -= int64(rapid.IntRange(0, 2).Draw(r, "put back"))
			want, wantOK := whole.Apply(l)
			got, gotOK := broken.Apply(l)
			if wantOK != gotOK || want != got {
				r.Fatalf("after %+v: change %+v (%v), want %+v (%v)", l, got, gotOK, want, wantOK)
			}
			if wantOK {
				goesOn := want.Run == last.Run && want.State == last.State && want.Time >= last.Time
				if goesOn && want.Rule == last.Rule {
					r.Fatalf("change %+v after %+v: neither state nor rule is another", want, last)
				}
				since := want.Time
				if goesOn {
					since = last.Since
				}
				if want.Since != since {
					r.Fatalf("change %+v after %+v: the state began at %d", want, last, since)
				}
				last = want
			}
			if rapid.IntRange(0, 4).Draw(r, "load") == 0 {
				broken = insight.NewMachine(lathe, latheItems(), insight.Rules{})
				broken.Load(h.known(), last)
			}
		}
	})
}

// anything lets any item say anything.
func anything(r *rapid.T, h *history) plant.Latest {
	item := plant.ItemID(rapid.IntRange(int(avail), int(spindle)).Draw(r, "item"))
	words := []string{"UNAVAILABLE", "AVAILABLE"}
	switch item {
	case estop:
		words = []string{"UNAVAILABLE", "ARMED", "TRIGGERED"}
	case exec1, exec2:
		words = []string{"UNAVAILABLE", "ACTIVE", "READY", "FEED_HOLD", "WAIT"}
	case mode1, mode2:
		words = []string{"UNAVAILABLE", "AUTOMATIC", "MANUAL"}
	case feed1, rapid2:
		words = []string{"UNAVAILABLE", "0", "100"}
	case system, fault1, spindle:
		words = []string{"Unavailable", "Normal", "Warning", "Fault"}
	}
	return h.says(item, rapid.SampledFrom(words).Draw(r, "value"), rapid.SampledFrom([]string{"", "1", "2"}).Draw(r, "code"))
}

// Doubt takes an item for unknown without deciding, so that a state begins with
// the observation that decides it and not with the first that is applied.
func TestDoubt(t *testing.T) {
	value := func(item plant.ItemID, sequence int64, s string) plant.Latest {
		return plant.Latest{Observation: plant.Observation{
			Item: item, Run: 1, Sequence: sequence, Time: sequence, Value: plant.Value{Kind: plant.Text, Text: s},
		}}
	}
	m := insight.NewMachine(lathe, latheItems(), insight.Rules{})
	for _, item := range []plant.ItemID{avail, exec1, spindle} {
		m.Doubt(1, item)
	}
	var changes []string
	for _, l := range []plant.Latest{value(avail, 1, "AVAILABLE"), value(exec1, 5, "READY")} {
		if c, ok := m.Apply(l); ok {
			changes = append(changes, c.State.String()+" "+strconv.FormatInt(c.Time, 10))
		}
	}
	if want := []string{"Offline 1", "Idle 5"}; !slices.Equal(changes, want) {
		t.Errorf("changes %v, want %v: available alone says nothing while the execution is in doubt", changes, want)
	}
}
