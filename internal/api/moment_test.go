package api_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// then asks for what was known of the machine mill at a moment after start, and
// gives its state and the values of the data items that had been observed; with
// an ellipsis behind those that are incomplete.
func (w *world) then(t *testing.T, d time.Duration) (state string, values map[string]string) {
	t.Helper()
	current, err := w.service.Current(t.Context(), "mill", start.Add(d))
	if err != nil {
		t.Fatal(err)
	}
	if current.At == nil || !current.At.Equal(start.Add(d)) {
		t.Errorf("at %v, want %v", current.At, start.Add(d))
	}
	values = make(map[string]string)
	for _, it := range current.Items {
		if it.Observed {
			values[it.DataItemID] = said(it)
		}
	}
	return current.State, values
}

// said gives the value of a data item, with the alarms that are active in the order
// of their names: a baseline does not tell in which they were raised.
func said(it api.Item) string {
	value, err := json.Marshal(it.Value)
	if err != nil {
		return err.Error()
	}
	var words []string
	for _, c := range it.Active {
		words = append(words, c.Level+" "+c.NativeCode)
	}
	slices.Sort(words)
	words = slices.Insert(words, 0, string(value))
	if it.Incomplete {
		words = append(words, "…")
	}
	return strings.Join(words, " ")
}

// known checks what was known at a moment.
func (w *world) known(t *testing.T, d time.Duration, state string, values map[string]string) {
	t.Helper()
	gotState, got := w.then(t, d)
	if gotState != state {
		t.Errorf("after %v the state is %q, want %q", d, gotState, state)
	}
	if diff := gocmp.Diff(values, got); diff != "" {
		t.Errorf("values after %v (-want +got):\n%s", d, diff)
	}
	w.agree(t, d)
}

// agree checks that the floor at a moment tells what is told of the machine alone.
func (w *world) agree(t *testing.T, d time.Duration) {
	t.Helper()
	current, err := w.service.Current(t.Context(), "mill", start.Add(d))
	if err != nil {
		t.Fatal(err)
	}
	machines, err := w.service.MachinesAt(t.Context(), start.Add(d))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(machines, func(m api.Machine) bool { return m.Slug == "mill" })
	if i < 0 {
		t.Fatalf("after %v the floor has no mill", d)
	}
	m := machines[i]
	if m.State != current.State || m.Rule != current.Rule || m.SinceBefore != current.SinceBefore || !sameTime(m.Since, current.Since) {
		t.Errorf("after %v the floor says %s by %s since %v, the machine %s by %s since %v", d, m.State, m.Rule, m.Since, current.State, current.Rule, current.Since)
	}
	active, incomplete := 0, false
	for _, it := range current.Items {
		active += len(it.Active)
		incomplete = incomplete || it.Incomplete && it.Category == "CONDITION"
		if want, _ := it.Value.(string); it.Type == "PROGRAM" && (m.Program == nil) != (it.Value == nil) || it.Type == "PROGRAM" && m.Program != nil && *m.Program != want {
			t.Errorf("after %v the floor has another program than %v", d, it.Value)
		}
	}
	if len(m.Conditions) != active || m.Incomplete != incomplete {
		t.Errorf("after %v the floor has %d active conditions (incomplete %t), the machine %d (%t)", d, len(m.Conditions), m.Incomplete, active, incomplete)
	}
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// Where the baselines say more than is read, nothing is said to be all that was known.
func TestMomentOfMoreThanIsRead(t *testing.T) {
	for read, incomplete := range map[int]bool{api.MaxBaselines: false, api.MaxBaselines + 1: true} {
		f := newFake()
		said := slices.Repeat([]plant.Observation{text(program, -time.Hour, "O7")}, read)
		f.baselines = map[plant.RunID][]plant.Baseline{1: {{At: 1, Observations: said}}}
		f.commit(nil, text(program, 0, "O1"), text(program, 10*time.Minute, "O2"))
		v, err := newQuietWorld(t, f, live.Options{}).service.Current(t.Context(), "mill", start.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range v.Items {
			if it.Incomplete != incomplete {
				t.Errorf("%d observations: %s is incomplete: %v", read, it.Type, it.Incomplete)
			}
		}
	}
}

func TestMoment(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	w.publish(state(0, plant.Idle), number(load, 0, 1), text(program, 0, "O1"), alarm(system, 0, plant.LevelNormal, ""))
	w.publish(nil, alarm(system, time.Minute, plant.LevelFault, "F1"), alarm(system, 2*time.Minute, plant.LevelWarning, "W1"))
	w.publish(state(3*time.Minute, plant.Running), number(load, 3*time.Minute, 2), alarm(system, 3*time.Minute, plant.LevelNormal, "F1"))
	w.publish(nil, unknown(program, 4*time.Minute),
		plant.Observation{Item: tools, Time: at(4 * time.Minute), Value: plant.Value{Kind: plant.Set, Text: `{"1":10,"2":20}`}},
		plant.Observation{Item: tools, Time: at(5 * time.Minute), Value: plant.Value{Kind: plant.Set, Text: `{"1":null}`}},
		plant.Observation{Item: tools, Time: at(6 * time.Minute), Value: plant.Value{Kind: plant.Set, Text: `{"3":30}`}},
		alarm(system, 6*time.Minute, plant.LevelUnavailable, ""))

	w.known(t, -time.Second, "", map[string]string{})
	w.known(t, 0, "idle", map[string]string{"load": "1", "prog": `"O1"`, "system": `"Normal"`})
	w.known(t, 2*time.Minute, "idle", map[string]string{"load": "1", "prog": `"O1"`, "system": `"Fault" Fault F1 Warning W1`})
	w.known(t, 3*time.Minute-time.Microsecond, "idle", map[string]string{"load": "1", "prog": `"O1"`, "system": `"Fault" Fault F1 Warning W1`})
	w.known(t, 3*time.Minute, "running", map[string]string{"load": "2", "prog": `"O1"`, "system": `"Warning" Warning W1`})
	w.known(t, 5*time.Minute, "running", map[string]string{"load": "2", "prog": "null", "system": `"Warning" Warning W1`, "tools": `{"2":20}`})
	w.known(t, time.Hour, "running", map[string]string{"load": "2", "prog": "null", "system": "null", "tools": `{"2":20,"3":30}`})

	path := "/api/v1/machines/mill/current"
	then := get[api.Current](t, w, path+"?at="+url.QueryEscape("2026-01-31T09:02:00.5+01:00"))
	if then.State != "idle" || then.SinceBefore != true || !then.At.Equal(start.Add(2*time.Minute+time.Second/2)) || then.Rule != "a rule" || !then.Since.Equal(start) {
		t.Errorf("over HTTP: %+v", then)
	}
	w.hub.PublishStatus(streaming(1))
	if now := get[api.Current](t, w, path); now.At != nil || now.State != "running" || now.Items[6].Value != 2.0 {
		t.Errorf("now: %+v", now)
	}
	for query, says := range map[string]string{"at=2026-01-31T09:00:01Z": "passed", "at=noon": "query.at"} {
		status, contentType, body := w.ask(t, http.MethodGet, path+"?"+query)
		checkProblem(t, status, contentType, body, 422, says)
	}
}

// Nothing is carried over a gap, but what an agent says behind it, or says now,
// that it knew before.
func TestMomentInGap(t *testing.T) {
	f := newFake()
	f.commit(state(0, plant.Running),
		number(load, 0, 1), text(program, 0, "O1"), text(mode, 0, "AUTOMATIC"), text(execution, 0, "ACTIVE"),
		alarm(system, 0, plant.LevelNormal, ""), alarm(system, 0, plant.LevelFault, "F1")) // 1 to 6
	f.commit(nil, number(load, 10*time.Minute, 2)) // 7
	f.gaps = []plant.Gap{{Run: 1, From: 8, To: 99, Reason: plant.GapOverrun, Noticed: start.Add(time.Hour)}}
	f.runs[0].Next = 100
	base := func(o plant.Observation, sequence int64) plant.Observation {
		o.Run, o.Sequence = 1, sequence
		return o
	}
	f.baselines = map[plant.RunID][]plant.Baseline{1: {{At: 100, Observations: []plant.Observation{
		base(text(mode, 0, "AUTOMATIC"), 3), base(text(program, 20*time.Minute, "O2"), 50),
		base(alarm(system, 0, plant.LevelFault, "F1"), 6), base(alarm(system, 25*time.Minute, plant.LevelWarning, "W1"), 60),
	}}}}
	f.commit(state(40*time.Minute, plant.Idle), text(execution, 40*time.Minute, "READY"))
	f.commit(nil, number(load, 50*time.Minute, 3), text(mode, 50*time.Minute, "MANUAL"), text(program, 50*time.Minute, "O3"),
		alarm(system, 50*time.Minute, plant.LevelNormal, ""))
	w := newWorld(t, f, live.Options{})

	w.known(t, 10*time.Minute-time.Microsecond, "running", map[string]string{
		"load": "1", "prog": `"O1"`, "mode": `"AUTOMATIC"`, "exec": `"ACTIVE"`, "system": `"Fault" Fault F1`,
	})
	// In the gap F1 was active, and others may have been that had ended behind it.
	w.known(t, 15*time.Minute, "", map[string]string{
		"load": "null", "prog": "null", "mode": `"AUTOMATIC"`, "exec": "null", "system": "null Fault F1 …",
	})
	w.known(t, 20*time.Minute, "", map[string]string{
		"load": "null", "prog": `"O2"`, "mode": `"AUTOMATIC"`, "exec": "null", "system": "null Fault F1 …",
	})
	// Behind it all is known that the baseline or an observation tells.
	w.known(t, 45*time.Minute, "idle", map[string]string{
		"load": "null", "prog": `"O2"`, "mode": `"AUTOMATIC"`, "exec": `"READY"`, "system": `"Fault" Fault F1 Warning W1`,
	})
	w.known(t, time.Hour, "idle", map[string]string{
		"load": "3", "prog": `"O3"`, "mode": `"MANUAL"`, "exec": `"READY"`, "system": `"Normal"`,
	})
}

// Before the first observation there is what the agent said it knew.
func TestMomentOfBaseline(t *testing.T) {
	f := newFake()
	f.runs[0].First, f.runs[0].Next = 1000, 1000
	f.baselines = map[plant.RunID][]plant.Baseline{1: {{At: 1000, Observations: []plant.Observation{
		{Item: program, Run: 1, Sequence: 5, Time: at(-time.Hour), Value: plant.Value{Kind: plant.Text, Text: "O1"}},
		{Item: system, Run: 1, Sequence: 6, Time: at(-time.Hour), Alarm: &plant.Alarm{Level: plant.LevelFault, NativeCode: "F1"}},
		{Item: load, Run: 1, Sequence: 900, Time: at(-time.Minute), Value: plant.Value{Kind: plant.Number, Number: 1}},
	}}}}
	f.commit(nil, number(load, 0, 2))
	f.commit(nil, alarm(system, 10*time.Minute, plant.LevelWarning, "W1"), alarm(system, 20*time.Minute, plant.LevelNormal, "F1"), text(program, 20*time.Minute, "O2"))
	w := newWorld(t, f, live.Options{})
	w.known(t, -2*time.Hour, "", map[string]string{})
	w.known(t, -30*time.Minute, "", map[string]string{"prog": `"O1"`, "system": "null Fault F1 …"})
	w.known(t, 0, "", map[string]string{"prog": `"O1"`, "load": "2", "system": `"Fault" Fault F1`})
	w.known(t, 15*time.Minute, "", map[string]string{"prog": `"O1"`, "load": "2", "system": `"Fault" Fault F1 Warning W1`})
	w.known(t, 25*time.Minute, "", map[string]string{"prog": `"O2"`, "load": "2", "system": `"Warning" Warning W1`})
}

// What an agent said before a restart is unknown behind it, and from its last word
// on.
func TestMomentBehindRestart(t *testing.T) {
	f := newFake()
	f.commit(state(0, plant.Running), number(load, 0, 1), text(program, 0, "O1"))
	f.commit(nil, number(load, time.Minute, 2))
	f.gaps = []plant.Gap{{Run: 1, From: 4, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: start.Add(time.Hour)}}
	f.runs = append(f.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 5, First: 1, Next: 1})
	f.commit(state(10*time.Minute, plant.Idle), number(load, 10*time.Minute, 3))
	w := newWorld(t, f, live.Options{})
	w.known(t, time.Minute-time.Microsecond, "running", map[string]string{"load": "1", "prog": `"O1"`})
	w.known(t, 5*time.Minute, "", map[string]string{"load": "null", "prog": "null"})
	w.known(t, 10*time.Minute, "idle", map[string]string{"load": "3", "prog": "null"})
}

// A condition that was last settled longer ago than is looked is not known as a
// whole.
func TestMomentOfLongHistory(t *testing.T) {
	f := newFake()
	f.commit(nil, alarm(system, -48*time.Hour, plant.LevelFault, "F0"))
	for i := range api.MaxHistory {
		f.commit(nil, alarm(system, -24*time.Hour+time.Duration(i)*time.Millisecond, plant.LevelFault, "F1"))
	}
	f.commit(nil, alarm(system, time.Minute, plant.LevelFault, "F2"), alarm(system, 30*time.Minute, plant.LevelNormal, ""))
	w := newWorld(t, f, live.Options{})
	w.known(t, 2*time.Minute, "", map[string]string{"system": "null Fault F2 …"})
	w.known(t, 30*time.Minute, "", map[string]string{"system": `"Normal"`})
}

// At each moment is known what the agent had said by then.
func TestMomentProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newQuietWorld(t, drawStore(r), live.Options{})
		w.checkMoment(r, w.observations, true)
	})
}

// What is told of a moment is true, whatever is lost, was said before we listened,
// or has been deleted.
func TestMomentIsTrue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		f := drawStore(r)
		all := slices.Clone(f.observations)
		f.lose(r)
		if n := len(f.observations); n > 0 && rapid.Bool().Draw(r, "retention") {
			f.free(rapid.IntRange(0, n).Draw(r, "deleted"))
		}
		newQuietWorld(t, f, live.Options{}).checkMoment(r, all, false)
	})
}

// checkMoment asks for a moment and compares with all that the agent said: it has
// to be what is told, or, where not everything may be known, no more than that.
func (w *world) checkMoment(r *rapid.T, all []plant.Observation, everything bool) {
	d := rapid.SampledFrom(all).Draw(r, "moment").Time + rapid.Int64Range(-1, 1).Draw(r, "beside")
	current, err := w.service.Current(context.Background(), "mill", time.UnixMicro(d))
	if err != nil {
		r.Fatal(err)
	}
	known, run := fold(all, func(o plant.Observation) bool { return o.Time <= d })
	for _, it := range current.Items {
		l, observed := known[it.ID]
		if l.Run != run {
			l = plant.Latest{}
		}
		want := says(l)
		sure := func(c api.Condition) bool {
			return slices.ContainsFunc(want.Active, func(w api.Condition) bool { return w.Level == c.Level && w.NativeCode == c.NativeCode })
		}
		switch {
		case it.Observed && !observed, everything && (observed != it.Observed || it.Incomplete):
			r.Fatalf("%s at %d: observed %t, incomplete %t; want %t and all", it.DataItemID, d, it.Observed, it.Incomplete, observed)
		case !everything && it.Value == nil:
			for _, c := range it.Active {
				if !sure(c) {
					r.Fatalf("%s at %d: %s was not active: %s", it.DataItemID, d, c.NativeCode, said(want))
				}
			}
		case said(it) != said(want):
			r.Fatalf("%s at %d: %s, want %s; stored %+v\nof %+v\nruns %+v gaps %+v base %+v", it.DataItemID, d, said(it), said(want), w.observations, all, w.runs, w.gaps, w.baselines)
		}
	}
}

// fold gives what is known after the observations that count, and the run of the
// last of them.
func fold(all []plant.Observation, counts func(plant.Observation) bool) (known map[plant.ItemID]plant.Latest, run plant.RunID) {
	known = make(map[plant.ItemID]plant.Latest)
	for _, o := range all {
		if counts(o) {
			l := known[o.Item]
			l.Apply(o.Run, o)
			known[o.Item], run = l, o.Run
		}
	}
	return known, run
}

// says gives a data item of which l is known.
func says(l plant.Latest) (it api.Item) {
	switch l.Value.Kind {
	case plant.Number:
		it.Value = l.Value.Number
	case plant.Text:
		it.Value = l.Value.Text
	case plant.Set:
		it.Value = json.RawMessage(l.Merged)
	}
	if level := l.Level(); level > plant.LevelUnavailable {
		it.Value = level.String()
	}
	for _, a := range l.Active {
		it.Active = append(it.Active, api.Condition{Level: a.Alarm.Level.String(), NativeCode: a.Alarm.NativeCode})
	}
	return it
}

// drawStore makes a store with what the mill said in some runs, all of which is
// stored.
func drawStore(r *rapid.T) *fake {
	f := newFake()
	for range rapid.IntRange(1, 60).Draw(r, "observations") {
		if rapid.IntRange(0, 30).Draw(r, "restart") == 0 {
			f.runs = append(f.runs, plant.Run{ID: plant.RunID(len(f.runs) + 1), Agent: 1, InstanceID: uint64(len(f.runs)), First: 1, Next: 1})
		}
		f.commit(nil, drawObservation(r, f))
	}
	return f
}

// lose takes ranges of observations away as if they had not been read. What
// capture makes of that stands in the ledger, in baselines and in what is known
// now.
func (f *fake) lose(r *rapid.T) {
	said := f.observations
	f.observations, f.latest, f.baselines = nil, make(map[plant.ItemID]plant.Latest), make(map[plant.RunID][]plant.Baseline)
	losing := false
	for n, o := range said {
		run := &f.runs[o.Run-1]
		if o.Sequence == 1 {
			if n > 0 {
				f.gaps = append(f.gaps, plant.Gap{Run: o.Run - 1, From: f.runs[o.Run-2].Next, To: plant.OpenEnd, Reason: plant.GapRestart, Noticed: time.UnixMicro(o.Time)})
			}
			run.First, run.Next, run.Stored, losing = 1, 1, 0, false
		}
		losing = n+1 < len(said) && rapid.IntRange(0, 9).Draw(r, "lost") < map[bool]int{false: 1, true: 6}[losing]
		if losing {
			continue
		}
		if o.Sequence > run.Next {
			if run.Next == 1 && rapid.Bool().Draw(r, "first contact") {
				run.First = o.Sequence
			} else {
				f.gaps = append(f.gaps, plant.Gap{Run: o.Run, From: run.Next, To: o.Sequence - 1, Reason: plant.GapOverrun, Noticed: time.UnixMicro(o.Time)})
			}
			f.rebase(said, o.Run, o.Sequence)
		}
		run.Next, run.Stored = o.Sequence+1, run.Stored+1
		f.observations = append(f.observations, o)
		l := f.latest[o.Item]
		l.Apply(o.Run, o)
		f.latest[o.Item] = l
	}
}

// rebase makes the baseline of a run at a number, of what the agent knows there.
func (f *fake) rebase(said []plant.Observation, run plant.RunID, number int64) {
	known, _ := fold(said, func(o plant.Observation) bool { return o.Run == run && o.Sequence < number })
	b := plant.Baseline{At: number}
	for item, l := range known {
		var now plant.Latest
		told := tells(said, l)
		slices.SortFunc(told, func(a, b plant.Observation) int { return cmp.Compare(a.Sequence, b.Sequence) })
		for _, o := range told {
			b.Observations = append(b.Observations, o)
			now.Apply(run, o)
		}
		now.Bridge(f.latest[item], number)
		f.latest[item] = now
	}
	slices.SortStableFunc(b.Observations, func(a, b plant.Observation) int {
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Item, b.Item))
	})
	f.baselines[run] = append(f.baselines[run], b)
}

// tells gives the observations by which an agent tells what it knows of an item.
func tells(said []plant.Observation, l plant.Latest) []plant.Observation {
	o := l.Observation
	switch {
	case len(l.Active) > 0:
		var all []plant.Observation
		for _, a := range l.Active {
			i := slices.IndexFunc(said, func(o plant.Observation) bool { return o.Alarm == a.Alarm })
			all = append(all, said[i])
		}
		return all
	case o.Alarm != nil && o.Alarm.Level != plant.LevelUnavailable:
		o.Alarm = &plant.Alarm{Level: plant.LevelNormal}
	case o.Value.Kind == plant.Set:
		o.Value.Text, o.Extra = l.Merged, ""
	}
	return []plant.Observation{o}
}

// drawObservation lets one of the mill's data items say something, at the time of
// the observation before it or later.
func drawObservation(r *rapid.T, f *fake) plant.Observation {
	now := start.UnixMicro() - 1000*3600*1_000_000
	if n := len(f.observations); n > 0 {
		now = f.observations[n-1].Time
	}
	o := plant.Observation{
		Item: rapid.SampledFrom([]plant.ItemID{load, program, system, system, tools}).Draw(r, "item"),
		Time: now + rapid.SampledFrom([]int64{0, 1, 1_000_000, 3600_000_000, 20 * 3600_000_000}).Draw(r, "later"),
	}
	switch o.Item {
	case system:
		o.Alarm = &plant.Alarm{
			Level:      rapid.SampledFrom([]plant.Level{plant.LevelNormal, plant.LevelNormal, plant.LevelFault, plant.LevelWarning, plant.LevelFault, plant.LevelUnavailable}).Draw(r, "level"),
			NativeCode: rapid.SampledFrom([]string{"", "A", "B", "C"}).Draw(r, "code"),
		}
	case load:
		o.Value = plant.Value{Kind: plant.Number, Number: float64(rapid.IntRange(0, 9).Draw(r, "number"))}
	case program:
		o.Value = plant.Value{Kind: plant.Text, Text: rapid.SampledFrom([]string{"O1", "O2"}).Draw(r, "text")}
	case tools:
		o.Value = plant.Value{Kind: plant.Set, Text: fmt.Sprintf(`{"%d":%d}`, rapid.IntRange(1, 3).Draw(r, "key"), rapid.IntRange(1, 9).Draw(r, "value"))}
		o.Extra = rapid.SampledFrom([]string{"", "", "", `{"resetTriggered":"DAY"}`}).Draw(r, "reset")
	}
	if o.Alarm == nil && rapid.IntRange(0, 9).Draw(r, "unavailable") == 0 {
		o.Value, o.Extra = plant.Value{}, ""
	}
	return o
}

// An alarm that was raised later, by a clock that was put back before the next one,
// is not told of the time between.
func TestMomentBesideAClockPutBack(t *testing.T) {
	f := newFake()
	f.commit(nil, alarm(system, 0, plant.LevelNormal, ""), alarm(system, 20*time.Minute, plant.LevelFault, "A"), alarm(system, 10*time.Minute, plant.LevelWarning, "B"))
	newWorld(t, f, live.Options{}).known(t, 15*time.Minute, "", map[string]string{"system": `"Warning" Warning B`})
}
