package collect_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/internal/store"
)

// bookkeeper is a memory that tells what an import asks for.
type bookkeeper struct {
	store.Reader
	*memory
}

func (b bookkeeper) Devices(context.Context) ([]plant.Device, error) { return b.devices, nil }

func (b bookkeeper) Items(_ context.Context, device plant.DeviceID) ([]plant.DataItem, error) {
	return slices.DeleteFunc(slices.Clone(b.items), func(i plant.DataItem) bool { return i.Device != device }), nil
}

func (b bookkeeper) Runs(context.Context) ([]plant.Run, error) { return slices.Clone(b.runs), nil }

func (b bookkeeper) Gaps(_ context.Context, run plant.RunID, from int64) iter.Seq2[plant.Gap, error] {
	return func(yield func(plant.Gap, error) bool) {
		for _, g := range b.gaps[run] {
			if g.From >= from && !yield(g, nil) {
				return
			}
		}
	}
}

func (b bookkeeper) Observations(_ context.Context, run plant.RunID, from int64) iter.Seq2[plant.Observation, error] {
	return func(yield func(plant.Observation, error) bool) {
		for n := from; n < b.runs[run-1].Next; n++ {
			if o, ok := b.stored[run][n]; ok && !yield(o, nil) {
				return
			}
		}
	}
}

func (b bookkeeper) options() collect.Options {
	return collect.Options{Store: b.memory, Ledger: b, CommitObservations: 10}
}

// paper is a recorded document.
type paper struct {
	name     string
	instance uint64
	// numbers are those of its observations, in any order, and next is what its
	// header says.
	numbers []int64
	next    int64
	// torn documents end in the middle, blank ones have not even a header.
	torn, blank bool
}

// sheet makes a document without holes.
func sheet(instance uint64, from, to int64) paper {
	p := paper{name: fmt.Sprintf("%d:%d-%d", instance, from, to), instance: instance, next: to + 1}
	for n := from; n <= to; n++ {
		p.numbers = append(p.numbers, n)
	}
	return p
}

func (p paper) body() string {
	if p.blank {
		return "<MTConn"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:1.3"><Header creationTime="2026-01-01T00:00:00Z" `+
		`instanceId="%d" bufferSize="100" nextSequence="%d" firstSequence="1" lastSequence="%d"/><Streams><DeviceStream name="Mill" uuid="mill-1">`+
		`<ComponentStream component="Path" componentId="p"><Events>`, p.instance, p.next, p.next-1)
	for _, n := range p.numbers {
		element := []string{"Execution", "Program", "Line"}[n%3]
		fmt.Fprintf(&b, `<%s dataItemId="%s" sequence="%d" timestamp="%s">%s</%s>`, element, strings.ToLower(element), n, instant(n), value(p.instance, n), element)
	}
	b.WriteString(`</Events></ComponentStream></DeviceStream></Streams></MTConnectStreams>`)
	if p.torn {
		return b.String()[:b.Len()-20]
	}
	return b.String()
}

func instant(n int64) string {
	return fmt.Sprintf("2026-01-01T%02d:%02d:%02dZ", n/3600%24, n/60%60, n%60)
}

func value(instance uint64, n int64) string { return fmt.Sprintf("%d of %d", n, instance) }

// papers gives documents as files do, and counts in opened how often.
func papers(list []paper, opened *int) iter.Seq2[recording.Document, error] {
	return func(yield func(recording.Document, error) bool) {
		if opened != nil {
			*opened++
		}
		for _, p := range list {
			if !yield(recording.Document{Name: p.name, File: p.name, Body: strings.NewReader(p.body())}, nil) {
				return
			}
		}
	}
}

func importPapers(t *testing.T, b bookkeeper, list ...paper) (collect.Imported, error) {
	t.Helper()
	return collect.ImportDocuments(t.Context(), b.options(), collect.DocumentImport{
		Agent: plant.Agent{ID: 1, Name: "a", URL: "http://a"}, Documents: papers(list, nil),
	})
}

// kept is what the store has of one run.
type kept struct {
	Instance    uint64
	First, Next int64
	Stored      int
	Gaps        []string
}

// held gives what is stored of each run, and checks that it is what the documents
// say.
func held(t rapid.TB, b bookkeeper) []kept {
	t.Helper()
	for _, v := range b.violations {
		t.Error(v)
	}
	var all []kept
	for _, r := range b.runs {
		k := kept{Instance: r.InstanceID, First: r.First, Next: r.Next, Stored: len(b.stored[r.ID])}
		for n, o := range b.stored[r.ID] {
			if o.Value.Text != value(r.InstanceID, n) {
				t.Errorf("%d of instance %d is stored as %q", n, r.InstanceID, o.Value.Text)
			}
		}
		for _, g := range b.gaps[r.ID] {
			k.Gaps = append(k.Gaps, g.String())
		}
		all = append(all, k)
	}
	return all
}

func TestImportDocuments(t *testing.T) {
	torn := func(p paper) paper { p.torn = true; return p }
	sparse := func(p paper, numbers ...int64) paper { p.numbers = numbers; return p }
	for _, test := range []struct {
		name string
		list []paper
		want []kept
	}{
		{"in order", []paper{sheet(7, 1, 10), sheet(7, 11, 12), sheet(7, 13, 30)}, []kept{{7, 1, 31, 30, nil}}},
		{"out of order", []paper{sheet(7, 13, 30), sheet(7, 1, 10), sheet(7, 11, 12)}, []kept{{7, 1, 31, 30, nil}}},
		{"not from 1", []paper{sheet(7, 5, 10), sheet(7, 11, 12)}, []kept{{7, 5, 13, 8, nil}}},
		{"twice and overlapping", []paper{sheet(7, 1, 10), sheet(7, 1, 10), sheet(7, 8, 15), sheet(7, 2, 4)}, []kept{{7, 1, 16, 15, nil}}},
		{"one left out", []paper{sheet(7, 1, 10), sheet(7, 21, 30), sheet(7, 31, 40)}, []kept{{7, 1, 41, 30, []string{"11–20 (unrecorded)"}}}},
		{"without observations", []paper{sheet(7, 1, 10), sheet(7, 11, 10), sheet(7, 11, 12)}, []kept{{7, 1, 13, 12, nil}}},
		{
			"a current among samples",
			[]paper{sparse(sheet(7, 1, 20), 3, 17, 20), sheet(7, 1, 10), sheet(7, 11, 22)},
			[]kept{{7, 1, 23, 22, nil}},
		},
		{
			"a current alone",
			[]paper{sparse(sheet(7, 1, 20), 3, 17, 20), sparse(sheet(7, 1, 30), 17, 3, 24)},
			[]kept{{7, 3, 25, 4, []string{"4–16 (unrecorded)", "18–19 (unrecorded)", "21–23 (unrecorded)"}}},
		},
		{
			"two instances",
			[]paper{sheet(9, 1, 10), sheet(9, 11, 20), sheet(8, 5, 15)},
			[]kept{{9, 1, 21, 20, []string{"21… (restart)"}}, {8, 5, 16, 11, nil}},
		},
		{
			"instances that take turns",
			[]paper{sheet(9, 1, 10), sheet(8, 1, 5), sheet(9, 11, 20), sheet(8, 6, 9)},
			[]kept{{9, 1, 21, 20, []string{"21… (restart)"}}, {8, 1, 10, 9, nil}},
		},
		{
			"one is torn",
			[]paper{sheet(7, 1, 10), torn(sheet(7, 11, 15)), sheet(7, 16, 20), sheet(7, 23, 25)},
			[]kept{{7, 1, 26, 18, []string{"11–15 (rejected)", "21–22 (unrecorded)"}}},
		},
		{"the first is torn", []paper{torn(sheet(7, 1, 10)), sheet(7, 11, 15)}, []kept{{7, 11, 16, 5, nil}}},
		{"the last is torn", []paper{sheet(7, 1, 10), torn(sheet(7, 11, 15))}, []kept{{7, 1, 16, 10, []string{"11–15 (rejected)"}}}},
		{
			"one is torn that another one makes up for",
			[]paper{sheet(7, 1, 10), torn(sheet(7, 5, 15)), sheet(7, 11, 20)},
			[]kept{{7, 1, 21, 20, nil}},
		},
		{
			"the last of an instance is torn",
			[]paper{sheet(7, 1, 10), torn(sheet(7, 11, 15)), sheet(8, 1, 5)},
			[]kept{{7, 1, 16, 10, []string{"11–15 (rejected)", "16… (restart)"}}, {8, 1, 6, 5, nil}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := bookkeeper{memory: newMemory()}
			done, err := importPapers(t, b, test.list...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, held(t, b)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			stored, gaps := 0, 0
			for _, k := range test.want {
				stored, gaps = stored+k.Stored, gaps+len(k.Gaps)
			}
			if done.Observations != int64(stored) || done.Gaps != int64(gaps) {
				t.Errorf("reported %+v", done)
			}
			// Once more, it adds nothing.
			if done, err := importPapers(t, b, test.list...); err != nil || done.Observations != 0 || done.Gaps != 0 {
				t.Errorf("a second time: %+v, %v", done, err)
			}
			if diff := cmp.Diff(test.want, held(t, b)); diff != "" {
				t.Errorf("a second time (-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be imported without losing or doubling something ends the import,
// with an error that says what to do.
func TestImportDocumentsRefuses(t *testing.T) {
	blank := paper{name: "blank", blank: true}
	tests := []struct {
		name  string
		first []paper
		list  []paper
		code  plant.Code
		says  []string
		want  []kept
	}{
		{
			"a document that says nothing of its range",
			nil,
			[]paper{sheet(7, 1, 10), blank, sheet(7, 21, 30)},
			plant.Internal,
			[]string{"blank", "line 1"},
			[]kept{{7, 1, 11, 10, nil}},
		},
		{
			"what lies in a gap",
			[]paper{sheet(7, 1, 10), sheet(7, 21, 30)},
			[]paper{sheet(7, 1, 10), sheet(7, 11, 20), sheet(7, 21, 40)},
			plant.Conflict,
			[]string{"10 observations", "another agent"},
			[]kept{{7, 1, 41, 30, []string{"11–20 (unrecorded)"}}},
		},
		{
			"more of an instance that another followed",
			[]paper{sheet(7, 1, 10), sheet(8, 1, 10)},
			[]paper{sheet(7, 1, 10), sheet(7, 11, 20), sheet(8, 1, 10)},
			plant.Conflict,
			[]string{"7:11-20", "instance 7", "another agent"},
			[]kept{{7, 1, 11, 10, []string{"11… (restart)"}}, {8, 1, 11, 10, nil}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := bookkeeper{memory: newMemory()}
			if _, err := importPapers(t, b, test.first...); err != nil {
				t.Fatal(err)
			}
			_, err := importPapers(t, b, test.list...)
			if err == nil || plant.ErrorCode(err) != test.code {
				t.Fatalf("error %v, want one with code %s", err, test.code)
			}
			for _, word := range test.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %v: want %q in it", err, word)
				}
			}
			if diff := cmp.Diff(test.want, held(t, b)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Two lives of an agent under one instanceId are told apart by what they say, and
// by the agent's clock.
func TestImportDocumentsOfTwoLives(t *testing.T) {
	life := func(p paper, created string, last int64) iter.Seq2[recording.Document, error] {
		body := strings.Replace(p.body(), "2026-01-01T00:00:00Z", created, 1)
		body = strings.Replace(body, fmt.Sprintf(`lastSequence="%d"`, p.next-1), fmt.Sprintf(`lastSequence="%d"`, last), 1)
		return func(yield func(recording.Document, error) bool) {
			yield(recording.Document{Name: p.name, Body: strings.NewReader(body)}, nil)
		}
	}
	other := func(p paper) iter.Seq2[recording.Document, error] {
		body := strings.ReplaceAll(p.body(), "of 7<", "of another<")
		return func(yield func(recording.Document, error) bool) {
			yield(recording.Document{Name: "other", Body: strings.NewReader(body)}, nil)
		}
	}
	for name, list := range map[string][]iter.Seq2[recording.Document, error]{
		"by the clock":   {life(sheet(7, 1, 10), "2026-01-01T00:00:00Z", 100), life(sheet(7, 1, 5), "2026-01-02T00:00:00Z", 5)},
		"by the content": {life(sheet(7, 2, 10), "2026-01-01T00:00:00Z", 10), other(sheet(7, 2, 12))},
	} {
		t.Run(name, func(t *testing.T) {
			b := bookkeeper{memory: newMemory()}
			_, err := collect.ImportDocuments(t.Context(), b.options(), collect.DocumentImport{
				Agent: plant.Agent{ID: 1, Name: "a", URL: "http://a"},
				Documents: func(yield func(recording.Document, error) bool) {
					for _, documents := range list {
						for d, err := range documents {
							if !yield(d, err) {
								return
							}
						}
					}
				},
			})
			if plant.ErrorCode(err) != plant.Invalid || !strings.Contains(err.Error(), "same instanceId") {
				t.Errorf("error %v, want one about the instanceId", err)
			}
		})
	}
}

// What cannot be read is passed over where that is asked for, and said.
func TestImportDocumentsPassesOver(t *testing.T) {
	b := bookkeeper{memory: newMemory()}
	broken := errors.New("disk on fire")
	done, err := collect.ImportDocuments(t.Context(), b.options(), collect.DocumentImport{
		Agent: plant.Agent{ID: 1, Name: "a", URL: "http://a"}, PassOverDamaged: true,
		Documents: func(yield func(recording.Document, error) bool) {
			for d, err := range papers([]paper{sheet(7, 1, 10), {name: "blank", blank: true}, sheet(7, 21, 30)}, nil) {
				if !yield(d, err) {
					return
				}
			}
			_ = yield(recording.Document{Name: "archive"}, broken) && yield(recording.Document{Name: "last", Body: strings.NewReader(sheet(7, 31, 32).body())}, nil)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]kept{{7, 1, 33, 22, []string{"11–20 (unrecorded)"}}}, held(t, b)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(done.PassedOver) != 2 || !strings.Contains(done.PassedOver[0], "blank") || !strings.Contains(done.PassedOver[1], "disk on fire") {
		t.Errorf("passed over %q", done.PassedOver)
	}
}

// What was known before documents that are missing is not known behind them.
func TestImportDocumentsForgetsOverGaps(t *testing.T) {
	b := bookkeeper{memory: newMemory()}
	alone := sheet(7, 21, 21) // of one item alone
	if _, err := importPapers(t, b, sheet(7, 1, 10), alone); err != nil {
		t.Fatal(err)
	}
	known := map[string]plant.Kind{}
	for _, i := range b.items {
		known[i.DataItemID] = b.latest[i.ID].Value.Kind
	}
	if diff := cmp.Diff(map[string]plant.Kind{"execution": plant.Text, "program": plant.Unknown, "line": plant.Unknown}, known); diff != "" {
		t.Errorf("known behind the gap (-want +got):\n%s", diff)
	}
}

// Documents in order are read once, and twice where one is missing; those in any
// order as often as memory makes it necessary.
func TestImportDocumentsReadsOnce(t *testing.T) {
	for _, test := range []struct {
		list []paper
		most int
	}{
		{[]paper{sheet(7, 1, 10), sheet(7, 11, 20), sheet(7, 21, 30)}, 1},
		{[]paper{sheet(7, 1, 10), sheet(7, 21, 30)}, 3},
		{[]paper{sheet(7, 21, 30), sheet(7, 11, 20), sheet(7, 1, 10)}, 3},
	} {
		b, opened := bookkeeper{memory: newMemory()}, 0
		_, err := collect.ImportDocuments(t.Context(), b.options(), collect.DocumentImport{
			Agent: plant.Agent{ID: 1, Name: "a", URL: "http://a"}, Documents: papers(test.list, &opened),
		})
		if err != nil || opened > test.most {
			t.Errorf("read %d times, want at most %d; error %v", opened, test.most, err)
		}
	}
}
