package collect_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/recording"
)

// lathe is the Devices document of two devices.
const lathe = `<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:1.3"><Header instanceId="1" bufferSize="1"/><Devices>
<Device id="other" name="Other" uuid="o"><DataItems><DataItem category="EVENT" id="x" name="avail" type="AVAILABILITY"/></DataItems></Device>
<Device id="d" name="Lathe" uuid="l"><DataItems>
<DataItem category="EVENT" id="d1" name="avail" type="AVAILABILITY"/>
<DataItem category="EVENT" id="d2" name="msg" type="MESSAGE"/>
<DataItem category="EVENT" id="d3" name="count" type="PART_COUNT"><ResetTrigger>DAY</ResetTrigger></DataItem>
<DataItem category="EVENT" id="d4" name="vars" type="VARIABLE" representation="DATA_SET"/>
<DataItem category="SAMPLE" id="d5" name="speed" type="ROTARY_VELOCITY"><Source>S1</Source></DataItem>
<DataItem category="SAMPLE" id="d6" name="wave" type="DISPLACEMENT" representation="TIME_SERIES"/>
<DataItem category="CONDITION" id="d7" name="system" type="SYSTEM"/>
<DataItem category="SAMPLE" id="speed" type="LOAD"/>
</DataItems></Device></Devices></MTConnectDevices>`

// dayFile is a file of lines.
type dayFile struct{ name, lines string }

func dayFiles(list []dayFile) iter.Seq2[recording.Document, error] {
	return func(yield func(recording.Document, error) bool) {
		for _, f := range list {
			if !yield(recording.Document{Name: "/days/" + f.name, File: f.name, Body: strings.NewReader(f.lines)}, nil) {
				return
			}
		}
	}
}

func importLines(t *testing.T, b bookkeeper, list ...dayFile) (collect.Imported, error) {
	t.Helper()
	return collect.ImportLines(t.Context(), b.options(), collect.LineImport{
		Agent: plant.Agent{ID: 1, Name: "a", URL: "http://a"}, Devices: []byte(lathe), Device: "Lathe", Files: dayFiles(list),
	})
}

// stored gives what is stored of the n-th run, as texts.
func (b bookkeeper) said(t *testing.T, run int) []string {
	t.Helper()
	for _, v := range b.violations {
		t.Error(v)
	}
	var all []string
	r := b.runs[run]
	for o, err := range b.Observations(t.Context(), r.ID, r.First) {
		if err != nil {
			t.Fatal(err)
		}
		i := b.items[o.Item-1]
		text := fmt.Sprintf("%d %s %d %d %v%s", o.Sequence, i.DataItemID, o.Time, o.Value.Kind, o.Value.Number, o.Value.Text)
		if o.Alarm != nil {
			text = fmt.Sprintf("%d %s %d %v %s/%s/%s/%s/%s", o.Sequence, i.DataItemID, o.Time, o.Alarm.Level,
				o.Alarm.NativeCode, o.Alarm.NativeSeverity, o.Alarm.Qualifier, o.Alarm.ConditionID, o.Alarm.Text)
		}
		if i.Unmapped {
			text += " unmapped"
		}
		if o.Extra != "" {
			text += " " + o.Extra
		}
		all = append(all, text)
	}
	for _, g := range b.gaps[r.ID] {
		all = append(all, g.String()+" "+g.Detail)
	}
	return all
}

func TestImportLines(t *testing.T) {
	b := bookkeeper{memory: newMemory()}
	done, err := importLines(t, b, dayFile{"day.txt", strings.Join([]string{
		"* PING",
		"|avail|AVAILABLE",
		"1970-01-01T00:00:01.0000015Z|avail|AVAILABLE|S1| 12.50 |speed|7",
		"1970-01-01T00:00:02Z|system|Fault|E1:c7|3|HIGH|Too hot",
		"|system|normal||||",
		"1970-01-01T00:00:00Z|msg|M1|hello|count|5:DAY",
		"1970-01-01T00:00:03@2.5|d5|nan|Lathe:avail|Unavailable",
		"1970-01-01T00:00:04Z|vars|:DAY b=2 a=x|wave|3|100|1 2 3",
		"1970-01-01T00:00:05Z|system|Bad|1|2|3|4",
		"1970-01-01T00:00:06Z|@ASSET@|id|CuttingTool|<x/>",
		"1970-01-01T00:00:07Z|Lathe_asset_chg|UNAVAILABLE",
		"1970-01-01T00:00:08Z|Other:avail|a|b",
		"1970-01-01T00:00:08Z|travel|Unavailable||||",
		"1970-99-01T00:00:09Z|avail|AVAILABLE",
	}, "\n")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"2 d1 1000001 2 0AVAILABLE",
		"3 d5 1000001 1 12.5",
		"4 d5 1000001 1 7", // a name goes before an id
		"5 d7 2000000 Fault E1/3/HIGH/c7/Too hot",
		"6 d7 2000000 Normal ////",
		`7 d2 0 2 0hello {"nativeCode":"M1"}`,
		`8 d3 0 2 05 {"resetTriggered":"DAY"}`,
		`9 d5 3000000 2 0nan {"duration":"2.5"}`,
		`10 d1 3000000 0 0 {"duration":"2.5"}`,
		`11 d4 4000000 3 0{"a":"x","b":2} {"resetTriggered":"DAY"}`,
		`12 d6 4000000 2 01 2 3 {"sampleCount":"3","sampleRate":"100"}`,
		"14 Lathe_asset_chg 7000000 0 0 unmapped",
		"15 Other:avail 8000000 2 0a|b unmapped",
		"16 travel 8000000 0 0 unmapped",
		"1–1 (rejected) neither the line nor one before it has a timestamp",
		`13–13 (rejected) shdr: line 9, column 29: "system": level "Bad": must be NORMAL, WARNING, FAULT or UNAVAILABLE`,
		`17–17 (rejected) shdr: line 14, column 1: timestamp "1970-99-01T00:00:09Z": must be like 2014-09-29T23:59:33.460470Z`,
	}
	if diff := cmp.Diff(want, b.said(t, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if done.Observations != 14 || done.Gaps != 3 || done.Files != 1 {
		t.Errorf("reported %+v", done)
	}
	if len(b.models) != 1 || len(b.models[0].Devices) != 1 || b.models[0].Devices[0].Device.Name != "Lathe" {
		t.Errorf("the model is not that of the device alone: %+v", b.models)
	}
}

// day makes a file with observations from one number to another.
func day(name string, from, to int) dayFile {
	var b strings.Builder
	for n := from; n <= to; n++ {
		fmt.Fprintf(&b, "2026-01-01T00:%02d:%02dZ|S1|%d\n", n/60, n%60, n)
	}
	return dayFile{name, b.String()}
}

// sizes gives how many observations each run has.
func (b bookkeeper) sizes() []int {
	var all []int
	for _, r := range b.runs {
		all = append(all, len(b.stored[r.ID]))
	}
	return all
}

// Each file is a run; importing what is imported adds nothing, whatever else is
// imported with it.
func TestImportLinesAgain(t *testing.T) {
	b := bookkeeper{memory: newMemory()}
	one, two, three := day("one", 1, 20), day("two", 21, 45), day("three", 46, 50)
	for _, test := range []struct {
		files []dayFile
		sizes []int
		added int64
	}{
		{[]dayFile{one}, []int{20}, 20},
		{[]dayFile{one, two}, []int{20, 25}, 25},
		{[]dayFile{two, one, two}, []int{20, 25}, 0},
		{[]dayFile{three, one}, []int{20, 25, 5}, 5},
		{[]dayFile{one, two, three}, []int{20, 25, 5}, 0},
		{[]dayFile{day("three", 46, 60)}, []int{20, 25, 15}, 10}, // it has grown
	} {
		done, err := importLines(t, b, test.files...)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(b.sizes(), test.sizes) || done.Observations != test.added {
			t.Errorf("runs of %v observations, %d added; want %v, %d", b.sizes(), done.Observations, test.sizes, test.added)
		}
	}
	if want := []string{"21… (unrecorded) another file followed: two"}; b.gaps[1][0].String()+" "+b.gaps[1][0].Detail != want[0] {
		t.Errorf("ledger of the first run: %v, want %v", b.gaps[1], want)
	}
}

func TestImportLinesRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		first, then []dayFile
		says        string
	}{
		"another file of the same name": {[]dayFile{day("a", 1, 20)}, []dayFile{day("a", 2, 30)}, "observation 20"},
		"a file that has grown after others were imported": {
			[]dayFile{day("a", 1, 20), day("b", 21, 30)}, []dayFile{day("a", 1, 25)}, "another file followed",
		},
	} {
		b := bookkeeper{memory: newMemory()}
		if _, err := importLines(t, b, test.first...); err != nil {
			t.Fatal(err)
		}
		before := b.sizes()
		_, err := importLines(t, b, test.then...)
		if plant.ErrorCode(err) != plant.Conflict || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "/days/a") {
			t.Errorf("%s: error %v", name, err)
		}
		if !slices.Equal(before, b.sizes()) {
			t.Errorf("%s: runs of %v observations became %v", name, before, b.sizes())
		}
	}
}

// A file that cannot be unpacked to its end ends the import, or is passed over
// where that is asked for.
func TestImportLinesOfDamagedFiles(t *testing.T) {
	broken := errors.New("disk on fire")
	files := func(yield func(recording.Document, error) bool) {
		torn := io.MultiReader(strings.NewReader(day("one", 1, 20).lines), iotest.ErrReader(broken))
		_ = yield(recording.Document{Name: "/days/one", File: "one", Body: torn}, nil) &&
			yield(recording.Document{Name: "/days/archive"}, broken) &&
			yield(recording.Document{Name: "/days/two", File: "two", Body: strings.NewReader(day("two", 21, 25).lines)}, nil)
	}
	for passOver, want := range map[bool][]int{false: {20}, true: {20, 5}} {
		b := bookkeeper{memory: newMemory()}
		done, err := collect.ImportLines(t.Context(), b.options(), collect.LineImport{
			Agent: plant.Agent{ID: 1, Name: "a", URL: "http://a"}, Devices: []byte(lathe), Device: "Lathe", Files: files, PassOverDamaged: passOver,
		})
		if passOver != (err == nil) || !passOver && (!errors.Is(err, broken) || !strings.Contains(err.Error(), "/days/one")) {
			t.Errorf("passing over %v: error %v", passOver, err)
		}
		if passOver && (len(done.PassedOver) != 2 || !strings.Contains(done.PassedOver[1], "/days/archive")) {
			t.Errorf("passed over %q", done.PassedOver)
		}
		if !slices.Equal(b.sizes(), want) {
			t.Errorf("passing over %v: runs of %v observations, want %v", passOver, b.sizes(), want)
		}
	}
}

// An import that ends in the middle of a file goes on with that file, whichever
// others come first.
func TestImportLinesInterrupted(t *testing.T) {
	b := bookkeeper{memory: newMemory()}
	broken := errors.New("interrupted")
	var big strings.Builder
	for n := range 25_000 {
		fmt.Fprintf(&big, "2026-01-01T%02d:%02d:%02dZ|S1|%d|avail|AVAILABLE\n", n/3600, n/60%60, n%60, n)
	}
	commits := 0
	b.failWith(func(op string) error {
		if op != "commit" {
			return nil
		}
		if commits++; commits == 2 {
			return broken
		}
		return nil
	})
	if _, err := importLines(t, b, dayFile{"big", big.String()}); !errors.Is(err, broken) {
		t.Fatalf("error %v, want that of the store", err)
	}
	if sizes := b.sizes(); len(sizes) != 1 || sizes[0] == 0 || sizes[0] == 50_000 {
		t.Fatalf("the interrupted run has %v observations", sizes)
	}
	if _, err := importLines(t, b, day("before", 1, 10), dayFile{"big", big.String()}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(b.sizes(), []int{50_000, 10}) {
		t.Errorf("runs of %v observations, want 50,000 and 10", b.sizes())
	}
	for _, v := range b.violations {
		t.Error(v)
	}
}
