package main

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// importInto imports files and gives what was printed and the exit code.
func importInto(tb testing.TB, data string, args ...string) (stdout string, code int) {
	tb.Helper()
	return output(tb, append([]string{"import", "--data", data, "--devices", filepath.Join(nist(tb), "documents", "Devices.xml")}, args...)...)
}

// TestNISTRecordingIsImportedExactly imports the whole recording and compares
// ledger and export with counts that were made without this project's code.
func TestNISTRecordingIsImportedExactly(t *testing.T) {
	t.Parallel()
	want := readNISTCounts(t)
	data, archive := t.TempDir(), filepath.Join(nist(t), "recorded", "mazak03.tgz")
	if out, code := importInto(t, data, "--agent", "mazak", archive); code != 0 || !strings.Contains(out, "677878") {
		t.Fatalf("import: exit code %d: %s", code, out)
	}
	checkNIST(t, data, want)
	out, code := importInto(t, data, "--agent", "mazak", archive)
	if code != 0 || strings.Contains(out, "677878") {
		t.Errorf("import again: exit code %d: %s", code, out)
	}
	checkNIST(t, data, want)
}

// An import that is killed again and again comes to the same as one that is not.
func TestImportIsKilled(t *testing.T) {
	t.Parallel()
	want := readNISTCounts(t)
	data, archive := t.TempDir(), filepath.Join(nist(t), "recorded", "mazak03.tgz")
	killed := 0
	for delay := 20 * time.Millisecond; ; delay = delay * 3 / 2 {
		p := start(t, "import", "--data", data, "--agent", "mazak", "--devices", filepath.Join(nist(t), "documents", "Devices.xml"), archive)
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
			p.kill()
			killed++
			continue
		case <-p.ended:
		}
		if p.err != nil {
			t.Fatalf("import: %v:\n%s", p.err, p.tail(20))
		}
		break
	}
	t.Logf("killed %d times", killed)
	checkNIST(t, data, want)
}

// TestNISTRecordingWithHolesIsImported leaves documents of the recording out: the
// ledger has exactly their ranges as gaps. Whoever comes with them later is told
// that it is too late.
func TestNISTRecordingWithHolesIsImported(t *testing.T) {
	t.Parallel()
	r := withHoles(t)
	data := t.TempDir()
	shuffled := slices.Clone(r.kept) // the order of files says nothing
	slices.Reverse(shuffled[10:20])
	if out, code := importInto(t, data, append([]string{"--agent", "mazak"}, shuffled...)...); code != exitOK {
		t.Fatalf("import: exit code %d: %s", code, out)
	}
	r.check(t, data)
	for _, g := range ledger(t, data)[0].Gaps {
		if g.Reason != "unrecorded" {
			t.Errorf("gap from %d: reason %s", g.From, g.Reason)
		}
	}
	out, code := importInto(t, data, append([]string{"--agent", "mazak"}, r.all...)...)
	if code != exitFailed || !strings.Contains(out, fmt.Sprintf("%d observations", r.lost)) {
		t.Errorf("import of all: exit code %d: %s", code, out)
	}
	r.check(t, data)
}

// lineCounts is what files of SHDR lines hold.
type lineCounts struct {
	Observations int
	PerItem      map[string]int
	Conditions   map[string]int // by level
	Unavailable  int            // samples and events
	Unmapped     int
}

// TestImportSHDR imports the days of SHDR lines and compares the export with
// counts that are made here, by what a line is: a time, a key and a value between
// bars, or for a condition a level and what follows it.
func TestImportSHDR(t *testing.T) {
	dir := nist(t)
	devices := readModel(t, filepath.Join(dir, "documents", "Devices.xml"))
	files, err := filepath.Glob(filepath.Join(dir, "shdr", "*.txt.gz"))
	if err != nil || len(files) != 3 {
		t.Fatalf("files of lines: %v, %v", files, err)
	}
	want := make(map[string]lineCounts)
	for _, file := range files {
		device, _, _ := strings.Cut(filepath.Base(file), "-")
		want[device] = countLines(t, file, devices[device])
	}
	data := t.TempDir()
	if out, code := importInto(t, data, files...); code != exitOK {
		t.Fatalf("import: exit code %d: %s", code, out)
	}
	if out, code := importInto(t, data, files...); code != exitOK {
		t.Fatalf("import again: exit code %d: %s", code, out)
	}
	for _, e := range ledger(t, data) {
		if e.First != 1 || e.Next != e.Stored+1 || len(e.Gaps) != 0 || int(e.Stored) != want[e.Agent].Observations {
			t.Errorf("ledger: %+v; want %d stored", e, want[e.Agent].Observations)
		}
	}
	got := make(map[string]lineCounts)
	export(t, data, func(o exported) {
		c, ok := got[o.Device]
		if !ok {
			c = lineCounts{PerItem: map[string]int{}, Conditions: map[string]int{}}
		}
		c.Observations++
		c.PerItem[o.DataItem]++
		if o.Category == "CONDITION" {
			c.Conditions[o.Level]++
		} else if o.Value == nil {
			c.Unavailable++
		}
		if o.Agent != o.Device {
			t.Fatalf("an observation of device %s belongs to agent %s", o.Device, o.Agent)
		}
		if devices[o.Device][o.DataItem] == nil {
			c.Unmapped++
		}
		got[o.Device] = c
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts of the export (-want +got):\n%s", diff)
	}
}

// modelItem is a data item in a Devices document.
type modelItem struct {
	ID       string `xml:"id,attr"`
	Name     string `xml:"name,attr"`
	Category string `xml:"category,attr"`
	Source   string `xml:"Source"`
}

// readModel gives the data items of each device by their ids and all else that an
// adapter may call them.
func readModel(t *testing.T, path string) map[string]map[string]*modelItem {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	devices := make(map[string]map[string]*modelItem)
	var items map[string]*modelItem
	decoder := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return devices
		}
		if err != nil {
			t.Fatal(err)
		}
		element, ok := token.(xml.StartElement)
		switch {
		case ok && element.Name.Local == "Device":
			items = make(map[string]*modelItem)
			for _, a := range element.Attr {
				if a.Name.Local == "name" {
					devices[a.Value] = items
				}
			}
		case ok && element.Name.Local == "DataItem":
			item := new(modelItem)
			if err := decoder.DecodeElement(item, &element); err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{item.ID, item.Name, strings.TrimSpace(item.Source)} {
				items[key] = item
			}
		}
	}
}

func countLines(t *testing.T, path string, items map[string]*modelItem) lineCounts {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	c := lineCounts{PerItem: map[string]int{}, Conditions: map[string]int{}}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) < 3 {
			if len(fields) == 2 && strings.HasSuffix(strings.TrimRight(line, "\r\n"), "| ") {
				fields = append(fields, "")
			} else {
				t.Fatalf("%s: a line of %d fields: %s", path, len(fields), line)
			}
		}
		key, value := fields[1], strings.ToUpper(strings.TrimSpace(fields[2]))
		item := items[key]
		c.Observations++
		if item == nil {
			c.PerItem[key]++
			c.Unmapped++
		} else {
			c.PerItem[item.ID]++
		}
		if item != nil && item.Category == "CONDITION" {
			c.Conditions[value[:1]+strings.ToLower(value[1:])]++
		} else if value == "UNAVAILABLE" {
			c.Unavailable++
		}
	}
	return c
}

// A wrong call says what would be right, and makes no store.
func TestImportUsage(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	document := func(name string, from, to int) string {
		var b strings.Builder
		fmt.Fprintf(&b, `<MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:1.3"><Header instanceId="7" nextSequence="%d"/><Streams><DeviceStream name="Mill" uuid="m"><ComponentStream component="Device" componentId="m"><Events>`, to+1)
		for n := from; n <= to; n++ {
			fmt.Fprintf(&b, `<Line dataItemId="line" sequence="%d" timestamp="2016-01-01T00:00:00Z">%d</Line>`, n, n)
		}
		b.WriteString(`</Events></ComponentStream></DeviceStream></Streams></MTConnectStreams>`)
		return write(name, b.String())
	}
	lines := write("Mill-1.txt", "2026-01-01T00:00:00Z|avail|AVAILABLE\n")
	others := write("Lathe-1.txt", "2026-01-01T00:00:00Z|avail|AVAILABLE\n")
	devices := write("Devices.xml", `<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:1.3"><Header instanceId="1"/><Devices>`+
		`<Device id="m" name="Mill" uuid="m"/><Device id="l" name="Lathe" uuid="l"/></Devices></MTConnectDevices>`)
	first, second := document("run1.xml", 1, 10), document("run2.xml", 11, 20)
	torn := write("zero.xml", "<MTConnectStreams")
	old := document("old.xml", 1, 2)
	for _, test := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no file", nil, exitUsage, "file"},
		{"a file that is not there", []string{filepath.Join(dir, "none")}, exitUsage, "none"},
		{"lines without a model", []string{lines}, exitUsage, "--devices"},
		{"documents and lines", []string{"--devices", devices, lines, first}, exitUsage, "apart"},
		{"two devices and one agent", []string{"--devices", devices, "--agent", "a", lines, others}, exitUsage, "Mill, Lathe"},
		{"lines of no device", []string{"--devices", devices, write("day.txt", "* PING\n")}, exitUsage, "--device"},
		{"names with nothing in common", []string{first, torn}, exitUsage, "--agent"},
		{"a name that no agent can have", []string{"--agent", "a b", first}, exitUsage, "agent name"},
		{"a document that is none", []string{"--agent", "torn", first, torn, second}, exitFailed, "zero.xml"},
		{"documents", []string{second, first}, exitOK, "run  "},
		{"documents older than the retention", []string{"--retention-days", "9", old}, exitOK, "FACTORYDASH_AGENT_RETENTION=old=0"},
		{"lines", []string{"--devices", devices, lines, others}, exitOK, "Lathe"},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			var out, diagnostics bytes.Buffer
			cmd := command(t.Context(), append([]string{"import", "--data", data, "--log-level", "error"}, test.args...)...)
			cmd.Stdout, cmd.Stderr = &out, &diagnostics
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != test.code || !strings.Contains(out.String()+diagnostics.String(), test.says) {
				t.Errorf("exit code %d (%v), want %d and %q in:\n%s%s", code, err, test.code, test.says, out.String(), diagnostics.String())
			}
			if test.code == exitOK && diagnostics.Len() > 0 {
				t.Errorf("it is not quiet in a pipe: %s", diagnostics.String())
			}
		})
	}
}
