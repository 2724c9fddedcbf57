package agent_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/mtconnect"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// start is when the clock of the tests stands still.
var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// mill is a device with one data item of each kind.
func mill() mtconnect.Device {
	return mtconnect.Device{
		UUID: "mill-uuid",
		Component: mtconnect.Component{
			Type: "Device", ID: "mill", Name: "Mill",
			DataItems: []mtconnect.DataItem{
				{ID: "avail", Name: "avail", Category: mtconnect.Event, Type: "AVAILABILITY"},
				{ID: "system", Category: mtconnect.Condition, Type: "SYSTEM"},
			},
			Components: []mtconnect.Component{{
				Type: "Axes", ID: "axes",
				Components: []mtconnect.Component{{
					Type: "Linear", ID: "x", Name: "X",
					DataItems: []mtconnect.DataItem{
						{ID: "xpos", Name: "Xpos", Category: mtconnect.Sample, Type: "POSITION", SubType: "ACTUAL", Units: "MILLIMETER"},
						{ID: "xwave", Category: mtconnect.Sample, Type: "VOLTAGE_AC", Representation: mtconnect.TimeSeries},
					},
				}},
			}, {
				Type: "Path", ID: "path", Name: "path",
				DataItems: []mtconnect.DataItem{
					{ID: "exec", Category: mtconnect.Event, Type: "EXECUTION"},
					{ID: "msg", Category: mtconnect.Event, Type: "MESSAGE"},
					{ID: "vars", Category: mtconnect.Event, Type: "VARIABLE", Representation: mtconnect.DataSet},
					{ID: "offsets", Category: mtconnect.Event, Type: "WORK_OFFSET", Representation: mtconnect.Table},
					{ID: "motion", Category: mtconnect.Event, Type: "x:MOTION"},
				},
			}},
		},
	}
}

func info(version string) agent.Info {
	return agent.Info{Sender: "test", Version: "0.1", SchemaVersion: version, InstanceID: 42}
}

// tester is what helpers need of a test, a benchmark or a property.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

// newRing makes a ring of size slots over the mill.
func newRing(tb tester, version string, size uint64) *agent.Ring {
	tb.Helper()
	in := info(version)
	in.BufferSize = size
	r, err := agent.NewRing(agent.RingConfig{
		Info: in, Devices: []mtconnect.Device{mill()}, Now: func() time.Time { return start },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func add(tb tester, r *agent.Ring, observations ...agent.Observation) {
	tb.Helper()
	if _, err := r.AddAll(observations); err != nil {
		tb.Fatal(err)
	}
}

func scan(tb tester, r *agent.Ring, from, to uint64, down bool) []agent.Observation {
	tb.Helper()
	var got []agent.Observation
	err := r.Scan(tb.Context(), from, to, down, func(o *agent.Observation) bool {
		got = append(got, *o)
		return true
	})
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// currentOf gives the current observations of one data item.
func currentOf(tb tester, r *agent.Ring, at uint64, id string) []agent.Observation {
	tb.Helper()
	var got []agent.Observation
	err := r.Current(tb.Context(), at, func(o *agent.Observation) {
		if o.DataItemID == id {
			got = append(got, *o)
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func event(id, value string) agent.Observation {
	return agent.Observation{DataItemID: id, Value: value}
}

func cond(level mtconnect.Level, code, id string) agent.Observation {
	return agent.Observation{DataItemID: "system", Detail: &agent.Detail{Level: level, NativeCode: code, ConditionID: id}}
}

func TestRingKeepsNewest(t *testing.T) {
	r := newRing(t, "2.7", 3)
	if first, next := r.Bounds(); first != 1 || next != 1 {
		t.Errorf("empty ring: bounds %d, %d", first, next)
	}
	for i := range 5 {
		add(t, r, event("exec", fmt.Sprint(i)))
	}
	if first, next := r.Bounds(); first != 3 || next != 6 {
		t.Errorf("bounds %d, %d; want 3, 6", first, next)
	}
	want := []agent.Observation{
		{Sequence: 3, DataItemID: "exec", Value: "2"},
		{Sequence: 4, DataItemID: "exec", Value: "3"},
		{Sequence: 5, DataItemID: "exec", Value: "4"},
	}
	if diff := cmp.Diff(want, scan(t, r, 0, 100, false)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]agent.Observation{want[1], want[0]}, scan(t, r, 2, 5, true)); diff != "" {
		t.Error(diff)
	}
}

func TestRingKeepsGivenSequences(t *testing.T) {
	r := newRing(t, "1.3", 10)
	add(t, r, agent.Observation{Sequence: 500, DataItemID: "exec"}, agent.Observation{Sequence: 700, DataItemID: "exec"}, event("exec", ""))
	if first, next := r.Bounds(); first != 500 || next != 702 {
		t.Errorf("bounds %d, %d; want 500, 702", first, next)
	}
	if got := scan(t, r, 501, 701, false); len(got) != 1 || got[0].Sequence != 700 {
		t.Errorf("501 to 700: %v", got)
	}
	if _, err := r.Add(agent.Observation{Sequence: 701, DataItemID: "exec"}); err == nil {
		t.Error("a sequence number was taken twice")
	}
}

func TestRingRefuses(t *testing.T) {
	for name, o := range map[string]agent.Observation{
		"unknown data item":       event("nope", "1"),
		"condition without level": event("system", ""),
		"level on an event":       {DataItemID: "exec", Detail: &agent.Detail{Level: mtconnect.Fault}},
		"entries on an event":     {DataItemID: "exec", Detail: &agent.Detail{Entries: []agent.Entry{{Key: "a"}}}},
		"value beside entries":    {DataItemID: "vars", Value: "x", Detail: &agent.Detail{Entries: []agent.Entry{{Key: "a"}}}},
		"last sequence number":    {DataItemID: "exec", Sequence: 1<<64 - 1},
	} {
		r := newRing(t, "2.7", 10)
		if _, err := r.Add(o); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, next := r.Bounds(); next != 1 {
			t.Errorf("%s: next is %d", name, next)
		}
	}
}

func TestRingConditions(t *testing.T) {
	w, f, n, u := mtconnect.Warning, mtconnect.Fault, mtconnect.Normal, mtconnect.Unavailable
	tests := map[string]struct {
		in   []agent.Observation
		want []string
	}{
		"several at once":           {[]agent.Observation{cond(n, "", ""), cond(w, "1", ""), cond(f, "2", "")}, []string{"Warning 1", "Fault 2"}},
		"same code replaces":        {[]agent.Observation{cond(w, "1", ""), cond(w, "2", ""), cond(f, "1", "")}, []string{"Fault 1", "Warning 2"}},
		"normal with code":          {[]agent.Observation{cond(w, "1", ""), cond(f, "2", ""), cond(n, "1", "")}, []string{"Fault 2"}},
		"last cleared":              {[]agent.Observation{cond(w, "1", ""), cond(n, "1", "")}, []string{"Normal "}},
		"normal of unknown code":    {[]agent.Observation{cond(w, "1", ""), cond(n, "9", "")}, []string{"Warning 1"}},
		"normal clears all":         {[]agent.Observation{cond(w, "1", ""), cond(f, "2", ""), cond(n, "", "")}, []string{"Normal "}},
		"unavailable replaces all":  {[]agent.Observation{cond(w, "1", ""), cond(f, "2", ""), cond(u, "", "")}, []string{"Unavailable "}},
		"fresh after unavailable":   {[]agent.Observation{cond(u, "", ""), cond(f, "2", "")}, []string{"Fault 2"}},
		"condition id before code":  {[]agent.Observation{cond(w, "1", "a"), cond(w, "1", "b"), cond(n, "1", "a")}, []string{"Warning 1"}},
		"warning without any code":  {[]agent.Observation{cond(w, "", ""), cond(f, "", "")}, []string{"Fault "}},
		"normal with code at start": {[]agent.Observation{cond(u, "", ""), cond(n, "7", "")}, []string{"Normal 7"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			// A ring of one slot goes through the state before the buffer also.
			for _, size := range []uint64{1, 100} {
				r := newRing(t, "2.7", size)
				add(t, r, tt.in...)
				var got []string
				for _, o := range currentOf(t, r, uint64(len(tt.in)), "system") {
					got = append(got, fmt.Sprintf("%v %s", o.Detail.Level, o.Detail.NativeCode))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("size %d: %s", size, diff)
				}
			}
		})
	}
}

func TestRingMergesSets(t *testing.T) {
	r := newRing(t, "2.7", 100)
	entries := func(reset string, e ...agent.Entry) agent.Observation {
		return agent.Observation{DataItemID: "vars", Detail: &agent.Detail{ResetTriggered: reset, Entries: e}}
	}
	add(t, r,
		event("vars", "UNAVAILABLE"),
		entries("", agent.Entry{Key: "b", Value: "2"}, agent.Entry{Key: "a", Value: "1"}),
		entries("", agent.Entry{Key: "b", Removed: true}, agent.Entry{Key: "c", Value: "3"}),
		entries("DAY", agent.Entry{Key: "d", Value: "4"}),
		event("vars", ""),
		entries("", agent.Entry{Key: "d", Removed: true}),
	)
	want := map[uint64][]agent.Entry{
		1: nil,
		2: {{Key: "a", Value: "1"}, {Key: "b", Value: "2"}},
		3: {{Key: "a", Value: "1"}, {Key: "c", Value: "3"}},
		4: {{Key: "d", Value: "4"}},
		5: {{Key: "d", Value: "4"}},
		6: nil,
	}
	for at, entries := range want {
		got := currentOf(t, r, at, "vars")
		if len(got) != 1 || got[0].Sequence != at {
			t.Fatalf("at %d: %v", at, got)
		}
		var have []agent.Entry
		if got[0].Detail != nil {
			have = got[0].Detail.Entries
		}
		if diff := cmp.Diff(entries, have); diff != "" {
			t.Errorf("at %d: %s", at, diff)
		}
	}
}

func TestRingCurrentAt(t *testing.T) {
	r := newRing(t, "2.7", 4)
	for i := range 6 {
		add(t, r, event("avail", fmt.Sprint("a", i)))
		if i == 0 {
			add(t, r, event("exec", "READY"))
		}
	}
	// Sequences 4 to 7 are held; exec (2) has left the buffer and still stands.
	for at := uint64(4); at <= 7; at++ {
		if got := currentOf(t, r, at, "exec"); len(got) != 1 || got[0].Sequence != 2 {
			t.Errorf("at %d: exec %v", at, got)
		}
		if got := currentOf(t, r, at, "avail"); len(got) != 1 || got[0].Sequence != at {
			t.Errorf("at %d: avail %v", at, got)
		}
	}
	for _, at := range []uint64{0, 3, 8} {
		err := r.Current(t.Context(), at, func(*agent.Observation) {})
		if !errors.Is(err, mtconnect.CodeOutOfRange) {
			t.Errorf("at %d: error %v", at, err)
		}
	}
}

func TestRingWakes(t *testing.T) {
	r := newRing(t, "2.7", 4)
	changed := r.Changed()
	select {
	case <-changed:
		t.Fatal("changed before anything was added")
	default:
	}
	add(t, r, event("exec", "READY"))
	<-changed
}

func TestRingStopsWithContext(t *testing.T) {
	r := newRing(t, "2.7", 4)
	add(t, r, event("exec", "READY"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := r.Scan(ctx, 0, 10, false, func(*agent.Observation) bool { return true })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestRingAssets(t *testing.T) {
	in := info("2.7")
	in.AssetBufferSize = 2
	r, err := agent.NewRing(agent.RingConfig{Info: in})
	if err != nil {
		t.Fatal(err)
	}
	put := func(id string) {
		t.Helper()
		if err := r.PutAsset(mtconnect.Asset{ID: id, Content: []byte("<A/>")}); err != nil {
			t.Fatal(err)
		}
	}
	ids := func() (got []string) {
		for _, a := range r.Assets() {
			got = append(got, a.ID)
		}
		return got
	}
	put("a")
	put("b")
	put("a")
	if diff := cmp.Diff([]string{"a", "b"}, ids()); diff != "" {
		t.Error(diff)
	}
	put("c")
	if diff := cmp.Diff([]string{"c", "a"}, ids()); diff != "" {
		t.Error(diff)
	}
	if !r.RemoveAsset("a") || r.RemoveAsset("b") {
		t.Error("RemoveAsset found the wrong ones")
	}
	if a := r.Assets()[0]; a.ID != "a" || !a.Removed {
		t.Errorf("removed asset: %+v", a)
	}
}

func TestAssetMustBeOneElement(t *testing.T) {
	r := newRing(t, "2.7", 10)
	for _, content := range []string{"", "text", "{}", "<A>", "<A></B>", "<A/><B/>", "<A/></B><C>", "<A/>x", "<!DOCTYPE a><A/>", "<?xml version='1.0'?><A/>"} {
		if err := r.PutAsset(mtconnect.Asset{ID: "a", Content: []byte(content)}); err == nil {
			t.Errorf("%q: no error", content)
		}
	}
}

func TestNewRingRefuses(t *testing.T) {
	twice := mill()
	twice.DataItems[1].ID = "avail"
	tests := map[string]agent.RingConfig{
		"no schema version": {},
		"two devices":       {Info: info("1.3"), Devices: []mtconnect.Device{mill(), mill()}},
		"id twice":          {Info: info("1.3"), Devices: []mtconnect.Device{twice}},
		"no uuid":           {Info: info("1.3"), Devices: []mtconnect.Device{{Component: mtconnect.Component{ID: "a", Name: "a"}}}},
		"asset without id":  {Info: info("1.3"), Assets: []mtconnect.Asset{{}}},
	}
	for name, c := range tests {
		if _, err := agent.NewRing(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSetDevices(t *testing.T) {
	r := newRing(t, "2.7", 10)
	d := mill()
	d.DataItems = append(d.DataItems, mtconnect.DataItem{ID: "new", Category: mtconnect.Event, Type: "BLOCK"})
	if err := r.SetDevices([]mtconnect.Device{d}); err != nil {
		t.Fatal(err)
	}
	add(t, r, event("new", "G0"))
	d.DataItems[0].Category = mtconnect.Condition
	if err := r.SetDevices([]mtconnect.Device{d}); err == nil {
		t.Error("an event became a condition")
	}
}
