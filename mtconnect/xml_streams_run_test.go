package mtconnect

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readRuns reads a document to its end and writes down what the reader gives.
// Without runs it takes each observation apart.
func readRuns(src io.Reader, runs bool) (got []string, repeated int) {
	r := NewStreamsReader(Limits{})
	r.Reset(src)
	for {
		if !runs {
			r.xml.run.stop()
		}
		r.xml.s.tagLen = 0 // each tag that is taken apart sets it
		o, err := r.Next()
		if err != nil {
			return append(got, err.Error()), repeated
		}
		if r.xml.s.tagLen == 0 {
			repeated++
		}
		c := *o
		c.Device, c.Component = nil, nil
		got = append(got, fmt.Sprintf("%+v %+v %q: %+v", *o.Device, *o.Component, o.Value, c))
	}
}

// FuzzRuns puts anything behind two observations that are written alike: what
// is read of it as their run is what is read of it by itself.
func FuzzRuns(f *testing.F) {
	row := `<Load dataItemId="l" timestamp="2026-01-01T00:00:00Z" sequence="1" a="&amp;">1</Load>`
	f.Add("\n", row, strings.Repeat("\n"+row, 3))
	f.Add("", `<x:M sequence='9' dataItemId='l' timestamp='2026-01-01T00:00Z'>]</x:M>`, `<x:M sequence='19' dataItemId='l' timestamp='2026-01-01T00:00+01'>]]</x:M></Events><Events>`)
	f.Add(" ", `<Load sequence = "1" dataItemId="l" timestamp="2026-01-01T00:00:00.123Z"> 1 </Load>`, ` <Load sequence = "" dataItemId="l" timestamp="2026-01-01T00:00:60.5Z">&lt;</Load>`)
	f.Add("", `<LDataSet dataItemId="l" timestamp="2026-01-01T00:00:00Z" sequence="1">U</LDataSet>`, `<LDataSet dataItemId="l" timestamp="2026-01-01T00:00:00Z" sequence="2"><Entry key="k">1</Entry></LDataSet>`)
	f.Fuzz(func(t *testing.T, space, row, next string) {
		document := `<MTConnectStreams><Header/><Streams><DeviceStream><ComponentStream><Events>` +
			space + row + space + row + next +
			`</Events></ComponentStream></DeviceStream></Streams></MTConnectStreams>`
		want, _ := readRuns(strings.NewReader(document), false)
		got, _ := readRuns(strings.NewReader(document), true)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-each by itself +in runs):\n%s", diff)
		}
		if got, _ = readRuns(iotest.HalfReader(strings.NewReader(document)), true); !cmp.Equal(want, got) {
			t.Fatalf("in pieces (-each by itself +in runs):\n%s", cmp.Diff(want, got))
		}
	})
}

// TestRunsAreUsed makes sure that what FuzzRuns compares are two ways.
func TestRunsAreUsed(t *testing.T) {
	row := "\n" + `<Load dataItemId="l" timestamp="2026-01-01T00:00:00Z" sequence="1">1</Load>`
	document := `<MTConnectStreams><Header/><Streams><DeviceStream><ComponentStream><Events>` + strings.Repeat(row, 10)
	if _, repeated := readRuns(strings.NewReader(document), true); repeated != 8 {
		t.Errorf("%d of 10 observations were read as a run, want all but 2", repeated)
	}
	if _, repeated := readRuns(strings.NewReader(document), false); repeated != 0 {
		t.Errorf("%d observations were read as a run where each was to be taken apart", repeated)
	}
}
