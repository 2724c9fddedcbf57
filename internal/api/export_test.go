package api_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// recorded is a store with observations of every kind, of two runs of hall-a.
func recorded() *fake {
	f := newFake()
	f.commit(nil,
		number(load, 0, 1.5), number(load, time.Microsecond, 1e-7), number(load, time.Second, -1e21), unknown(load, 2*time.Second),
		text(program, 3*time.Second, ""), text(program, 4*time.Second, `a,"b"`+"\n<&>\u2028"), text(program, 5*time.Second, "\xff\x00é"),
		alarm(system, 6*time.Second, plant.LevelFault, "F1"), alarm(system, 7*time.Second, plant.LevelUnavailable, ""),
		plant.Observation{Item: tools, Time: at(8 * time.Second), Value: plant.Value{Kind: plant.Set, Text: `{"1":10,"2":null}`}, Extra: `{"resetTriggered":"DAY"}`},
		plant.Observation{Item: system, Time: at(9 * time.Second), Alarm: &plant.Alarm{Level: plant.LevelWarning, NativeCode: "c", NativeSeverity: "s", Qualifier: "HIGH", ConditionID: "i", Text: "hot, very"}})
	f.gaps = []plant.Gap{
		{Run: 1, From: 12, To: plant.OpenEnd, Reason: plant.GapRestart, Detail: "the agent restarted", Noticed: start.Add(time.Minute)},
	}
	f.runs = append(f.runs, plant.Run{ID: 2, Agent: 1, InstanceID: 5, Epoch: 1, First: 3, Next: 3, Began: start.Add(time.Minute)})
	f.commit(nil, number(load, time.Hour, 2))
	f.gaps = append(f.gaps, plant.Gap{Run: 2, From: 4, To: 6, Reason: plant.GapOverrun, Noticed: start.Add(time.Hour)})
	f.runs[1].Next = 7
	return f
}

func export(t *testing.T, f *fake, o api.ExportOptions) (string, int64) {
	t.Helper()
	var b bytes.Buffer
	n, err := api.Export(t.Context(), f, &b, o)
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), n
}

func TestExportJSONLines(t *testing.T) {
	got, n := export(t, recorded(), api.ExportOptions{Format: api.JSONLines})
	if n != 12 || strings.Count(got, "\n") != 12 {
		t.Errorf("%d observations in %d lines, want 12", n, strings.Count(got, "\n"))
	}
	golden(t, "export.jsonl", []byte(got))
}

func TestExportCSV(t *testing.T) {
	got, _ := export(t, recorded(), api.ExportOptions{Format: api.CSV})
	golden(t, "export.csv", []byte(got))
	rows, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	if err != nil || len(rows) != 13 {
		t.Fatalf("%d rows, %v; want 13", len(rows), err)
	}
	if value := rows[6][11]; value != `a,"b"`+"\n<&>\u2028" {
		t.Errorf("a text came back as %q", value)
	}
}

// Every line is what encoding/json makes of the record.
func TestExportIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFake()
		word := func(name string) string {
			return rapid.OneOf(rapid.String(), rapid.StringMatching(`[\x00-\x7f"\\]*`)).Draw(t, name)
		}
		bytes := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		f.items[6].Name, f.items[6].SubType, f.agents[0].Name, f.devices[1].Name = word("name"), word("subType"), word("agent"), word("device")
		f.commit(nil,
			number(load, 0, rapid.Float64().Draw(t, "number")),
			plant.Observation{Item: load, Time: rapid.Int64().Draw(t, "time"), Value: plant.Value{Kind: plant.Text, Text: bytes}},
			plant.Observation{Item: system, Alarm: &plant.Alarm{Level: plant.LevelFault, NativeCode: word("code"), Text: word("text"), Qualifier: bytes}})
		var out strings.Builder
		if _, err := api.Export(t.Context(), f, &out, api.ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			var r api.Record
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			var again strings.Builder
			encoder := json.NewEncoder(&again)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(r); err != nil {
				t.Fatal(err)
			}
			// What was no UTF-8 has become U+FFFD, which is written by itself
			// the second time.
			if want := strings.ReplaceAll(line, `\ufffd`, "\ufffd"); again.String() != want {
				t.Fatalf("line     %q\nas JSON  %q", want, again.String())
			}
		}
	})
}

func TestExportFilters(t *testing.T) {
	f := recorded()
	f.devices = append(f.devices, plant.Device{ID: 3, Agent: 2, Slug: "lathe", Name: "Lathe", Present: true})
	tests := []struct {
		name    string
		options api.ExportOptions
		want    int64
	}{
		{"all", api.ExportOptions{}, 12},
		{"agent", api.ExportOptions{Agent: "hall-a"}, 12},
		{"other agent", api.ExportOptions{Agent: "hall-b"}, 0},
		{"machine by slug", api.ExportOptions{Machine: "mill"}, 12},
		{"machine by name", api.ExportOptions{Machine: "Mill"}, 12},
		{"other machine", api.ExportOptions{Machine: "lathe"}, 0},
		{"from", api.ExportOptions{From: start.Add(9 * time.Second)}, 2},
		{"to", api.ExportOptions{To: start.Add(time.Second)}, 2},
		{"from and to", api.ExportOptions{From: start.Add(time.Second), To: start.Add(3 * time.Second)}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, n := export(t, f, test.options); n != test.want {
				t.Errorf("%d observations, want %d", n, test.want)
			}
		})
	}
}

func TestExportErrors(t *testing.T) {
	tests := []struct {
		name    string
		options api.ExportOptions
		code    plant.Code
		says    string
	}{
		{"format", api.ExportOptions{Format: "xml"}, plant.Invalid, "jsonl"},
		{"agent", api.ExportOptions{Agent: "nil"}, plant.NotFound, "agent"},
		{"machine", api.ExportOptions{Machine: "nil"}, plant.NotFound, "machine"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := api.Export(t.Context(), newFake(), io.Discard, test.options)
			if plant.ErrorCode(err) != test.code || !strings.Contains(fmt.Sprint(err), test.says) {
				t.Errorf("error %v, want %s that says %q", err, test.code, test.says)
			}
		})
	}
	full := errors.New("disk full")
	if _, err := api.Export(t.Context(), recorded(), failing{full}, api.ExportOptions{}); !errors.Is(err, full) {
		t.Errorf("a writer that fails gave %v", err)
	}
	f := recorded()
	f.fails = errors.New("store broken")
	if _, err := api.Export(t.Context(), f, io.Discard, api.ExportOptions{}); !errors.Is(err, f.fails) {
		t.Errorf("a reader that fails gave %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A data item that is added while the export runs is exported too.
func TestExportDuringCommits(t *testing.T) {
	f := newFake()
	f.commit(nil, number(load, 0, 1), text(77, 0, "new"))
	lists := 0
	reader := &growing{fake: f, grow: func() {
		if lists++; lists > len(f.devices) {
			f.items = append(f.items, plant.DataItem{ID: 77, Device: 1, DataItemID: "new", Category: plant.Event, Type: "X"})
		}
	}}
	var b strings.Builder
	if n, err := api.Export(t.Context(), reader, &b, api.ExportOptions{}); err != nil || n != 2 {
		t.Errorf("%d observations, %v; want 2", n, err)
	}
}

func TestLedger(t *testing.T) {
	entries, err := api.Ledger(t.Context(), recorded())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "ledger.json", append(got, '\n'))

	f := recorded()
	f.free(2)
	entries, err = api.Ledger(t.Context(), f)
	if got, _ := json.Marshal(entries[0]); err != nil || !strings.Contains(string(got), `"next":12,"stored":11,"freed":2,"began":`) {
		t.Errorf("ledger after retention: %s, %v", got, err)
	}

	entries, err = api.Ledger(t.Context(), &fake{})
	if got, _ := json.Marshal(entries); err != nil || string(got) != "[]" {
		t.Errorf("ledger of an empty store: %s, %v", got, err)
	}
}

func BenchmarkExport(b *testing.B) {
	f := newFake()
	for i := range 100_000 {
		f.commit(nil, number(load, time.Duration(i)*time.Millisecond, float64(i)/7))
	}
	for _, format := range []api.Format{api.JSONLines, api.CSV} {
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			total := int64(0)
			for b.Loop() {
				n, err := api.Export(b.Context(), f, io.Discard, api.ExportOptions{Format: format})
				if err != nil {
					b.Fatal(err)
				}
				total += n
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "obs/s")
		})
	}
}
