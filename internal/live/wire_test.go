package live

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/plant"
)

// read decodes a frame.
func read(data string) (*frame, error) {
	f, rest, err := decodeHeader(data)
	if err != nil {
		return nil, err
	}
	return f, rest.records(f)
}

// written gives the frames that what waits is sent in.
func written(w *waiting) []string {
	var frames []string
	var e encoder
	for r := (records{waiting: w}); ; {
		r.encode(&e, 7, uint64(len(frames)+1))
		frames = append(frames, string(e.buf))
		if r.done() == w.size() {
			return frames
		}
	}
}

// The generators of all that can be sent.
var (
	someText = rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"ACTIVE", "UNAVAILABLE", "µ"}), rapid.String())
	someJSON = rapid.SampledFrom([]string{`{}`, `{"a":1}`, `{"a":null,"b":"x"}`})
	someTime = rapid.Custom(func(t *rapid.T) time.Time {
		// Of years 1 to 9999.
		return time.UnixMicro(rapid.Int64Range(-62_135_596_800_000_000, 253_402_300_799_999_999).Draw(t, "time")).UTC()
	})
	someSpan = rapid.Custom(func(t *rapid.T) plant.Span {
		if !rapid.Bool().Draw(t, "known") {
			return plant.Span{}
		}
		return plant.Span{Duration: time.Duration(rapid.Int64().Draw(t, "duration")), Known: true}
	})
	someAlarm = rapid.Custom(func(t *rapid.T) *plant.Alarm {
		return &plant.Alarm{
			Level:      plant.Level(rapid.IntRange(int(plant.LevelUnavailable), int(plant.LevelFault)).Draw(t, "level")),
			NativeCode: someText.Draw(t, "code"), NativeSeverity: someText.Draw(t, "severity"),
			Qualifier: someText.Draw(t, "qualifier"), ConditionID: someText.Draw(t, "id"), Text: someText.Draw(t, "text"),
		}
	})
	someLatest = rapid.Custom(func(t *rapid.T) plant.Latest {
		l := plant.Latest{Observation: plant.Observation{
			Item:     plant.ItemID(rapid.Int32Range(1, math.MaxInt32).Draw(t, "item")),
			Run:      plant.RunID(rapid.Int32Range(1, math.MaxInt32).Draw(t, "run")),
			Sequence: rapid.Int64Range(1, math.MaxInt64-1).Draw(t, "sequence"),
			Time:     rapid.Int64().Draw(t, "time"),
			Value:    plant.Value{Kind: plant.Kind(rapid.IntRange(0, int(plant.Set)).Draw(t, "kind"))},
		}}
		switch l.Value.Kind {
		case plant.Number:
			l.Value.Number = rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "number")
		case plant.Text:
			l.Value.Text = someText.Draw(t, "text")
		case plant.Set:
			l.Value.Text, l.Merged = someJSON.Draw(t, "set"), someJSON.Draw(t, "merged")
		}
		if rapid.Bool().Draw(t, "condition") {
			l.Alarm = someAlarm.Draw(t, "alarm")
			for range rapid.IntRange(0, 3).Draw(t, "active") {
				l.Active = append(l.Active, plant.Activation{
					Alarm: someAlarm.Draw(t, "alarm"), Raised: rapid.Int64().Draw(t, "raised"),
					RaisedSequence: rapid.Int64().Draw(t, "sequence"), Changed: rapid.Int64().Draw(t, "changed"),
				})
			}
		}
		if rapid.Bool().Draw(t, "more") {
			l.Extra = someJSON.Draw(t, "extra")
		}
		return l
	})
	someState = rapid.Custom(func(t *rapid.T) plant.StateChange {
		return plant.StateChange{
			Device:   plant.DeviceID(rapid.Int32Range(1, math.MaxInt32).Draw(t, "device")),
			Run:      plant.RunID(rapid.Int32Range(1, math.MaxInt32).Draw(t, "run")),
			Sequence: rapid.Int64Range(1, math.MaxInt64-1).Draw(t, "sequence"),
			Time:     rapid.Int64().Draw(t, "time"),
			Since:    rapid.Int64().Draw(t, "since"),
			State:    plant.State(rapid.IntRange(int(plant.NoLink), int(plant.Idle)).Draw(t, "state")),
			Rule:     someText.Draw(t, "rule"),
		}
	})
	someStatus = rapid.Custom(func(t *rapid.T) plant.AgentStatus {
		number := func(what string) int64 { return rapid.Int64().Draw(t, what) }
		return plant.AgentStatus{
			Agent: plant.AgentID(rapid.Int32Range(1, math.MaxInt32).Draw(t, "agent")),
			Name:  someText.Draw(t, "name"),
			Link: rapid.SampledFrom([]plant.LinkState{
				plant.LinkConnecting, plant.LinkStreaming, plant.LinkPolling, plant.LinkCatchingUp, plant.LinkDown, plant.LinkWaiting,
			}).Draw(t, "link"),
			Since: someTime.Draw(t, "since"), Error: someText.Draw(t, "error"), Retry: someTime.Draw(t, "retry"),
			AgentVersion: someText.Draw(t, "version"), SchemaVersion: someText.Draw(t, "schema"), Sender: someText.Draw(t, "sender"),
			InstanceID: rapid.Uint64().Draw(t, "instance"),
			Next:       number("next"), Last: number("last"), Lag: number("lag"), BufferSize: number("buffer"),
			Horizon: someSpan.Draw(t, "horizon"), Rate: rapid.Float64Range(0, 1e9).Draw(t, "rate"),
			DelayP95: someSpan.Draw(t, "delay"), Skew: someSpan.Draw(t, "skew"), LastDocument: someTime.Draw(t, "document"),
			Gaps: number("gaps"), Lost: number("lost"), Reconnects: number("reconnects"),
		}
	})
)

// What is sent is what arrives: the newest of each thing.
func TestFramesTellWhatWaits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w waiting
		since := someTime.Draw(t, "since")
		latest := make(map[plant.ItemID]plant.Latest)
		states := make(map[plant.DeviceID]plant.StateChange)
		news := make(map[plant.AgentID]agentNews)
		for range rapid.IntRange(0, 5).Draw(t, "changes") {
			c := plant.Change{
				Latest: rapid.SliceOfN(someLatest, 0, 5).Draw(t, "latest"),
				States: rapid.SliceOfN(someState, 0, 3).Draw(t, "states"),
			}
			w.add(c, since)
			for _, l := range c.Latest {
				latest[l.Item] = l
			}
			for _, s := range c.States {
				states[s.Device] = s
			}
			n := agentNews{AgentStatus: someStatus.Draw(t, "status")}
			if rapid.Bool().Draw(t, "gone") {
				n = agentNews{AgentStatus: plant.AgentStatus{Agent: n.Agent}, gone: true}
			}
			w.addAgent(n, since)
			news[n.Agent] = n
		}
		gotLatest := make(map[plant.ItemID]plant.Latest)
		gotStates := make(map[plant.DeviceID]plant.StateChange)
		gotNews := make(map[plant.AgentID]agentNews)
		for i, data := range written(&w) {
			f, err := read(data)
			if err != nil {
				t.Fatalf("frame %d: %v", i+1, err)
			}
			if f.publisher != 7 || f.number != uint64(i+1) || w.size() > 0 && !f.since.Equal(since) {
				t.Errorf("frame %d is of %d with the number %d since %v", i+1, f.publisher, f.number, f.since)
			}
			for _, l := range f.latest {
				gotLatest[l.Item] = l
			}
			for _, s := range f.states {
				gotStates[s.Device] = s
			}
			for _, s := range f.statuses {
				gotNews[s.Agent] = agentNews{AgentStatus: s}
			}
			for _, a := range f.gone {
				gotNews[a] = agentNews{AgentStatus: plant.AgentStatus{Agent: a}, gone: true}
			}
		}
		for what, diff := range map[string]string{
			"latest": cmp.Diff(latest, gotLatest), "states": cmp.Diff(states, gotStates),
			"agents": cmp.Diff(news, gotNews, cmp.AllowUnexported(agentNews{})),
		} {
			if diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
	})
}

// The zero times of a status arrive as such: hubs compare statuses.
func TestZeroTimes(t *testing.T) {
	var w waiting
	want := plant.AgentStatus{Agent: 1, Link: plant.LinkStreaming}
	w.addAgent(agentNews{AgentStatus: want}, time.Unix(1, 0))
	f, err := read(written(&w)[0])
	if err != nil || len(f.statuses) != 1 || f.statuses[0] != want {
		t.Errorf("arrived as %+v, %v; want %+v", f, err, want)
	}
}

// A frame ends where it is full, and all of it arrives, however long a value is.
func TestFramesOfAnyLength(t *testing.T) {
	var w waiting
	var want []plant.Latest
	for i := range 3000 {
		l := plant.Latest{Observation: plant.Observation{Item: plant.ItemID(i + 1), Run: 1, Sequence: 1, Value: plant.Value{Kind: plant.Text, Text: strings.Repeat("x", 300)}}}
		if i == 1000 {
			l.Value.Text = strings.Repeat("long", 1<<20)
		}
		want = append(want, l)
	}
	w.add(plant.Change{Latest: want}, time.Unix(1, 0))
	var got []plant.Latest
	frames := written(&w)
	for _, data := range frames {
		f, err := read(data)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f.latest...)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(frames) < 3 {
		t.Errorf("%d frames (-want +got):\n%s", len(frames), diff)
	}
}

func TestFramesThatAreRefused(t *testing.T) {
	good := func(write func(e *encoder)) string {
		var e encoder
		e.begin(1, 1, time.Unix(1, 0))
		write(&e)
		return string(e.buf)
	}
	latest := plant.Latest{Observation: plant.Observation{Item: 1, Run: 1, Sequence: 1, Value: plant.Value{Kind: plant.Number, Number: 1}}}
	changed := func(change func(*plant.Latest)) string {
		l := latest
		change(&l)
		return good(func(e *encoder) { e.latest(&l) })
	}
	whole := changed(func(*plant.Latest) {})
	if _, err := read(whole); err != nil {
		t.Fatalf("a good frame: %v", err)
	}
	tests := map[string]string{
		"empty":                  "",
		"cut":                    whole[:len(whole)-1],
		"more":                   whole + "\xff",
		"number 0":               good(func(e *encoder) { e.begin(1, 0, time.Unix(1, 0)) }),
		"too large":              whole + strings.Repeat(whole[len(whole)-14:], MaxFrameBytes/14),
		"records behind the end": whole + strings.Repeat(whole[len(whole)-14:], FrameBytes/14),
		"item 0":                 changed(func(l *plant.Latest) { l.Item = 0 }),
		"run below 0":            changed(func(l *plant.Latest) { l.Run = -1 }),
		"sequence 0":             changed(func(l *plant.Latest) { l.Sequence = 0 }),
		"not a number":           changed(func(l *plant.Latest) { l.Value.Number = math.NaN() }),
		"infinite":               changed(func(l *plant.Latest) { l.Value.Number = math.Inf(1) }),
		"set that is no JSON":    changed(func(l *plant.Latest) { l.Value = plant.Value{Kind: plant.Set, Text: "{"} }),
		"merged that is no JSON": changed(func(l *plant.Latest) { l.Merged = "x" }),
		"extra that is no JSON":  changed(func(l *plant.Latest) { l.Extra = "x" }),
		"level that is none":     changed(func(l *plant.Latest) { l.Alarm = &plant.Alarm{Level: 9} }),
		"too many activations":   changed(func(l *plant.Latest) { l.Active = activations(plant.MaxActive + 1) }),
		"state that is none":     good(func(e *encoder) { e.state(&plant.StateChange{Device: 1, Run: 1, Sequence: 1}) }),
		"link that is none":      good(func(e *encoder) { e.status(&plant.AgentStatus{Agent: 1, Link: "?"}) }),
		"time behind year 9999": good(func(e *encoder) {
			e.status(&plant.AgentStatus{Agent: 1, Link: plant.LinkDown, Since: time.Unix(1<<40, 0)})
		}),
		"agent 0":             good(func(e *encoder) { e.gone(0) }),
		"tag that is none":    good(func(e *encoder) { e.byte(99) }),
		"varint without end":  good(func(e *encoder) { e.buf = append(e.buf, tagGone); e.buf = append(e.buf, strings.Repeat("\xff", 20)...) }),
		"text beyond the end": good(func(e *encoder) { e.buf = append(e.buf, tagState, 2, 2, 2, 2, 3); e.uint(1 << 62) }),
	}
	for name, data := range tests {
		if f, err := read(data); !errors.Is(err, errDamaged) {
			t.Errorf("%s: %+v, %v; want it refused", name, f, err)
		}
	}
	if _, err := read(changed(func(l *plant.Latest) { l.Active = activations(plant.MaxActive) })); err != nil {
		t.Errorf("as many activations as there may be: %v", err)
	}
	_, err := read(string(rune(wireVersion+1)) + whole[1:])
	var version versionError
	if !errors.As(err, &version) || version != wireVersion+1 {
		t.Errorf("a frame of the next version: %v", err)
	}
}

func activations(n int) []plant.Activation {
	all := make([]plant.Activation, n)
	for i := range all {
		all[i].Alarm = &plant.Alarm{Level: plant.LevelFault}
	}
	return all
}

// FuzzDecode gives the decoder any bytes. What it takes can be written and read
// again.
func FuzzDecode(f *testing.F) {
	var w waiting
	w.add(plant.Change{
		Latest: []plant.Latest{
			{Observation: plant.Observation{Item: 1, Run: 1, Sequence: 1, Time: 5, Value: plant.Value{Kind: plant.Number, Number: 1.5}}},
			{Observation: plant.Observation{Item: 2, Run: 1, Sequence: 2, Value: plant.Value{Kind: plant.Set, Text: "{}"}}, Merged: "{}"},
			{Observation: plant.Observation{Item: 3, Run: 1, Sequence: 3, Alarm: &plant.Alarm{Level: plant.LevelFault}}, Active: activations(2)},
		},
		States: []plant.StateChange{{Device: 1, Run: 1, Sequence: 1, State: plant.Idle, Rule: "r"}},
	}, time.Unix(1, 0))
	w.addAgent(agentNews{AgentStatus: plant.AgentStatus{Agent: 1, Link: plant.LinkDown, Error: "refused"}}, time.Unix(1, 0))
	w.addAgent(agentNews{AgentStatus: plant.AgentStatus{Agent: 2}, gone: true}, time.Unix(1, 0))
	f.Add(written(&w)[0])
	f.Fuzz(func(t *testing.T, data string) {
		got, err := read(data)
		if err != nil {
			return
		}
		var e encoder
		e.begin(got.publisher, got.number, got.since)
		for i := range got.latest {
			e.latest(&got.latest[i])
		}
		for i := range got.states {
			e.state(&got.states[i])
		}
		for i := range got.statuses {
			e.status(&got.statuses[i])
		}
		for _, a := range got.gone {
			e.gone(a)
		}
		again, err := read(string(e.buf))
		if err != nil && len(e.buf) < FrameBytes {
			t.Fatalf("written and read again: %v", err)
		}
		if err == nil {
			if diff := cmp.Diff(got, again, cmp.AllowUnexported(frame{}), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("written and read again (-want +got):\n%s", diff)
			}
		}
	})
}

// busy is a change as a worker with many agents makes it: mostly numbers.
func busy(n int, round int64) plant.Change {
	c := plant.Change{Agent: 1, Latest: make([]plant.Latest, n), Observations: n}
	for i := range c.Latest {
		o := &c.Latest[i].Observation
		*o = plant.Observation{
			Item: plant.ItemID((int(round)*n+i)%20_000 + 1), Run: plant.RunID(i%50 + 1), Sequence: round*100 + int64(i) + 1,
			Time: 1_700_000_000_000_000 + round*1e6 + int64(i)*1000, Value: plant.Value{Kind: plant.Number, Number: float64(i) / 8},
		}
		switch {
		case i%20 == 3:
			o.Value = plant.Value{Kind: plant.Text, Text: "ACTIVE"}
		case i%100 == 7:
			o.Value, o.Alarm = plant.Value{}, &plant.Alarm{Level: plant.LevelWarning, NativeCode: "1041", Text: "Lubrication low"}
			c.Latest[i].Active = []plant.Activation{{Alarm: o.Alarm, Raised: o.Time, RaisedSequence: o.Sequence, Changed: o.Time}}
		}
	}
	return c
}

func BenchmarkEncode(b *testing.B) {
	changes := make([]plant.Change, 20)
	for i := range changes {
		changes[i] = busy(100, int64(i))
	}
	var e encoder
	bytes, n := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		var w waiting
		for _, c := range changes {
			w.add(c, time.Unix(1, 0))
		}
		for r := (records{waiting: &w}); r.done() < w.size(); {
			r.encode(&e, 1, 1)
			bytes += len(e.buf)
		}
		n += 100 * len(changes)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "observations/s")
	b.ReportMetric(float64(bytes)/float64(n), "bytes/observation")
}

func BenchmarkDecode(b *testing.B) {
	var w waiting
	w.add(busy(2000, 1), time.Unix(1, 0))
	frames := written(&w)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range frames {
			f, err := read(data)
			if err != nil {
				b.Fatal(err)
			}
			n += len(f.latest)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "observations/s")
}
