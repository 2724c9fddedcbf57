package simulate_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/simulate"
	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// vocabulary is the values that the standard has for events of some types.
var vocabulary = map[string][]string{
	"EXECUTION": {
		"READY", "ACTIVE", "INTERRUPTED", "FEED_HOLD", "STOPPED", "OPTIONAL_STOP",
		"PROGRAM_STOPPED", "PROGRAM_COMPLETED", "WAIT",
	},
	"CONTROLLER_MODE":   {"AUTOMATIC", "MANUAL", "MANUAL_DATA_INPUT", "SEMI_AUTOMATIC", "EDIT"},
	"AVAILABILITY":      {"AVAILABLE"},
	"EMERGENCY_STOP":    {"ARMED", "TRIGGERED"},
	"FUNCTIONAL_MODE":   {"PRODUCTION", "SETUP", "TEARDOWN", "MAINTENANCE", "PROCESS_DEVELOPMENT"},
	"DOOR_STATE":        {"OPEN", "CLOSED", "UNLATCHED"},
	"CONNECTION_STATUS": {"ESTABLISHED", "CLOSED", "LISTEN"},
}

// watcher follows one agent's observations and says what is not believable.
type watcher struct {
	t     *testing.T
	agent simulate.ShopAgent
	next  uint64
	skew  int64

	items  map[string]*mtconnect.DataItem
	device map[string]string // data item id to device name
	seen   map[string]bool

	last     map[string]int64 // device name to its newest timestamp
	values   map[string]string
	raisedAt map[string]int64 // condition and code to when it was raised
	faults   map[string]bool  // those of them that are faults
	levels   map[mtconnect.Level]int
	several  int // how often a condition had several alarms at a time
	// burst holds the data items that a device has lost at one time.
	burst map[string]map[string]bool
	gone  map[string]int64
}

func watch(t *testing.T, a simulate.ShopAgent) *watcher {
	w := &watcher{
		t: t, agent: a, next: 1, skew: a.Source.Info().ClockSkew.Microseconds(),
		items: make(map[string]*mtconnect.DataItem), device: make(map[string]string), seen: make(map[string]bool),
		last: make(map[string]int64), values: make(map[string]string), raisedAt: make(map[string]int64), faults: make(map[string]bool),
		levels: make(map[mtconnect.Level]int), burst: make(map[string]map[string]bool), gone: make(map[string]int64),
	}
	devices := a.Source.Devices()
	for i := range devices {
		for _, item := range itemsOf(&devices[i].Component, func(*mtconnect.DataItem) bool { return true }) {
			w.items[item.ID], w.device[item.ID] = item, devices[i].Name
		}
	}
	return w
}

// read follows the agent up to now.
func (w *watcher) read() {
	w.next = each(w.t, w.agent, w.next, func(o *agent.Observation) {
		item := w.items[o.DataItemID]
		if item == nil {
			w.t.Errorf("observation of %q, which no device has", o.DataItemID)
			return
		}
		w.seen[item.ID] = true
		name := w.device[item.ID]
		if o.Time < w.last[name] {
			w.t.Errorf("%s: time went back from %d to %d", name, w.last[name], o.Time)
		}
		w.last[name] = o.Time
		if (o.Detail != nil && o.Detail.Level != mtconnect.LevelNone) != (item.Category == mtconnect.Condition) {
			w.t.Errorf("%s: an observation is not of the category %s", item.ID, item.Category)
			return
		}
		w.availability(name, item, o)
		switch {
		case item.Category == mtconnect.Condition:
			w.condition(item, o)
		case o.Value == "UNAVAILABLE":
		case item.Category == mtconnect.Sample:
			w.sample(item, o)
		default:
			w.event(item, o)
		}
		if o.Value != "" {
			w.values[item.ID] = o.Value
		}
	})
}

// availability checks that all items of a device become unavailable together.
func (w *watcher) availability(name string, item *mtconnect.DataItem, o *agent.Observation) {
	lost := o.Value == "UNAVAILABLE" || o.Detail != nil && o.Detail.Level == mtconnect.Unavailable
	if item.Type == "AVAILABILITY" && lost {
		w.gone[name], w.burst[name] = o.Time, make(map[string]bool)
	}
	if lost && o.Time == w.gone[name] {
		w.burst[name][item.ID] = true
		return
	}
	if lost {
		w.t.Errorf("%s: unavailable while the device is available", item.ID)
	}
	if w.burst[name] != nil {
		for id, device := range w.device {
			if device == name && !w.burst[name][id] {
				w.t.Errorf("%s: still available while %s is not", id, name)
			}
		}
		w.burst[name] = nil
	}
}

func (w *watcher) condition(item *mtconnect.DataItem, o *agent.Observation) {
	w.levels[o.Detail.Level]++
	prefix := item.ID + "|"
	key := prefix + o.Detail.NativeCode
	switch o.Detail.Level {
	case mtconnect.Warning, mtconnect.Fault:
		if o.Detail.NativeCode == "" || o.Value == "" || o.Detail.NativeSeverity == "" {
			w.t.Errorf("%s: an alarm without code, severity or text: %+v", item.ID, *o.Detail)
		}
		if w.raisedAt[key] == 0 {
			w.raisedAt[key] = o.Time
		}
		if o.Detail.Level == mtconnect.Fault {
			w.faults[key] = true
		}
		n := 0
		for k := range w.raisedAt {
			if strings.HasPrefix(k, prefix) {
				n++
			}
		}
		if n > 1 {
			w.several++
		}
	case mtconnect.Normal:
		for k := range w.raisedAt {
			if k == key || o.Detail.NativeCode == "" && strings.HasPrefix(k, prefix) {
				delete(w.raisedAt, k)
				delete(w.faults, k)
			}
		}
	}
}

func (w *watcher) sample(item *mtconnect.DataItem, o *agent.Observation) {
	fields := strings.Fields(o.Value)
	switch {
	case item.Units == "MILLIMETER_3D":
		if len(fields) != 3 {
			w.t.Errorf("%s: %q is not a point", item.ID, o.Value)
		}
	case item.Representation == mtconnect.TimeSeries:
		if want := o.Detail.Attributes[0]; want.Name != "sampleCount" || want.Value != strconv.Itoa(len(fields)) {
			w.t.Errorf("%s: %d values, attributes %v", item.ID, len(fields), o.Detail.Attributes)
		}
	case len(fields) != 1:
		w.t.Errorf("%s: %q is not a number", item.ID, o.Value)
	}
	limit := map[string]float64{"LOAD": 150, "PATH_FEEDRATE": 2000}[item.Type]
	if item.SubType == "OVERRIDE" {
		limit = 200
	}
	for _, f := range fields {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil {
			w.t.Errorf("%s: %v", item.ID, err)
		}
		if limit > 0 && (v < 0 || v > limit) {
			w.t.Errorf("%s: %v is not within 0 to %v", item.ID, v, limit)
		}
		if item.Type == "TEMPERATURE" && (v < 10 || v > 90) {
			w.t.Errorf("%s: %v degrees", item.ID, v)
		}
	}
}

func (w *watcher) event(item *mtconnect.DataItem, o *agent.Observation) {
	if words := vocabulary[item.Type]; words != nil && !slices.Contains(words, o.Value) {
		w.t.Errorf("%s: %q is no value of %s", item.ID, o.Value, item.Type)
	}
	switch {
	case strings.HasSuffix(item.Type, "_OVERRIDE"):
		if v, err := strconv.Atoi(o.Value); err != nil || v < 0 || v > 200 {
			w.t.Errorf("%s: override %q", item.ID, o.Value)
		}
	case item.Type == "PART_COUNT" && item.SubType != "TARGET":
		v, err := strconv.Atoi(o.Value)
		before, known := strconv.Atoi(w.values[item.ID])
		reset := o.Detail != nil && o.Detail.ResetTriggered != ""
		switch {
		case err != nil:
			w.t.Errorf("%s: %v", item.ID, err)
		case known == nil && v < before && (!reset || v != 0):
			w.t.Errorf("%s: %d after %d without a reset", item.ID, v, before)
		}
	}
}

// running counts the machines that run a program.
func (w *watcher) running() (n int) {
	busy := make(map[string]bool)
	for id, item := range w.items {
		if item.Type == "EXECUTION" && (w.values[id] == "ACTIVE" || w.values[id] == "WAIT") {
			busy[w.device[id]] = true
		}
	}
	return len(busy)
}

// In every hour of a week at least half of the machines produce, taken over the
// hour; while people are there, there is something for them to see to.
func TestAWeekIsBelievable(t *testing.T) {
	const every = 5 * time.Minute
	s := newShop(t, monday, simulate.ShopConfig{Seed: 1, Rate: 0.25})
	var watchers []*watcher
	for _, a := range s.Agents() {
		watchers = append(watchers, watch(t, a))
	}
	inHour, attended, attendedRunning, attendedFaulty := 0, 0, 0, 0
	for at := monday.Add(every); !at.After(monday.Add(7 * 24 * time.Hour)); at = at.Add(every) {
		advance(t, s, at)
		running, faults := 0, 0
		for _, w := range watchers {
			w.read()
			running += w.running()
			faults += len(w.faults)
		}
		inHour += running
		if at.Minute() == 0 {
			if mean := float64(inHour) * every.Hours(); mean < simulate.DefaultMachines/2 {
				t.Errorf("hour until %s: %.1f machines were running", at.Format("Mon 15:04"), mean)
			}
			inHour = 0
		}
		if day := at.Weekday(); day != time.Saturday && day != time.Sunday && at.Hour() >= 6 && at.Hour() < 22 {
			attended++
			attendedRunning += running
			if faults > 0 {
				attendedFaulty++
			}
		}
	}
	if share := float64(attendedRunning) / float64(attended*simulate.DefaultMachines); share < 0.65 || share > 0.8 {
		t.Errorf("%.1f %% of the machines were running during the shifts", 100*share)
	}
	if share := float64(attendedFaulty) / float64(attended); share < 0.1 || share > 0.3 {
		t.Errorf("some machine had a fault in %.1f %% of the time of the shifts", 100*share)
	}
	checkWeek(t, watchers)
}

// checkWeek checks what must be so at the end of a week.
func checkWeek(t *testing.T, watchers []*watcher) {
	levels := make(map[mtconnect.Level]int)
	several := 0
	for _, w := range watchers {
		for id := range w.items {
			if !w.seen[id] {
				t.Errorf("%s: not observed in a week", id)
			}
		}
		for key, at := range w.raisedAt {
			if age := time.Duration(w.last[w.device[strings.Split(key, "|")[0]]]-at) * time.Microsecond; age > 60*time.Hour {
				t.Errorf("%s: raised %s ago and not cleared", key, age)
			}
		}
		for level, n := range w.levels {
			levels[level] += n
		}
		several += w.several
	}
	if levels[mtconnect.Warning] < 50 || levels[mtconnect.Fault] < 50 || several < 20 {
		t.Errorf("%d warnings, %d faults, %d times several at once: too quiet", levels[mtconnect.Warning], levels[mtconnect.Fault], several)
	}
}

func TestAdaptersDropOutAndComeBack(t *testing.T) {
	s := newShop(t, monday, simulate.ShopConfig{Seed: 1, Rate: 0.25})
	advance(t, s, monday.Add(48*time.Hour))
	lost, back := 0, 0
	for _, a := range s.Agents() {
		available := make(map[string]bool)
		for _, d := range a.Source.Devices() {
			for _, item := range itemsOf(&d.Component, func(i *mtconnect.DataItem) bool { return i.Type == "AVAILABILITY" }) {
				available[item.ID] = true
			}
		}
		start := monday.Add(a.Source.Info().ClockSkew).Add(time.Minute).UnixMicro()
		each(t, a, 1, func(o *agent.Observation) {
			switch {
			case !available[o.DataItemID] || o.Time < start:
			case o.Value == "UNAVAILABLE":
				lost++
			default:
				back++
			}
		})
	}
	if lost < 3 || back < lost-1 {
		t.Errorf("adapters were lost %d times and came back %d times in two days", lost, back)
	}
}
