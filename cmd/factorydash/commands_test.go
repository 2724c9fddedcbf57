package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/simulate"
)

// shopURL serves a small simulated shop for the test and gives the URL of its
// first agent.
func shopURL(t *testing.T) string {
	t.Helper()
	p := start(t, "simulate", "--listen", "127.0.0.1:0", "--machines", "1", "--history", "10m")
	line := p.waitLog("agent is up")
	if line["agent"] != simulate.FirstHall {
		t.Fatalf("first agent: %v", line)
	}
	return line["url"].(string)
}

// TestCommandsBesideServe runs the commands of people and scripts beside a
// running factorydash on the same store.
func TestCommandsBesideServe(t *testing.T) {
	data := t.TempDir()
	url := shopURL(t)
	if out, code := output(t, "agent", "add", "--data", data, "hall", url); code != 0 || !strings.Contains(out, url) {
		t.Fatalf("agent add: %d, %q", code, out)
	}
	p := start(t, "serve", "--data", data, "--listen", "127.0.0.1:0")
	address := p.address()
	p.waitLog("a run of the agent begins")

	if out, code := output(t, "healthcheck", "--listen", address); code != 0 || out != "ready\n" {
		t.Errorf("healthcheck: %d, %q", code, out)
	}
	const misnamed = "--agent-retention names lab, and no agent has this name: there are hall"
	out, code := output(t, "check", "--data", data, "--listen", "127.0.0.1:0", "--agent-retention", "lab=7")
	if code != 0 || !strings.Contains(out, "agent hall") || !strings.Contains(out, misnamed) {
		t.Errorf("check: %d, %q", code, out)
	}
	if out, code := combined(t, "cleanup", "--data", data, "--dry-run", "--agent-retention", "lab=7"); code != 0 || !strings.Contains(out, misnamed) {
		t.Errorf("cleanup: %d, %q", code, out)
	}
	if out, code := output(t, "check", "--data", data, "--listen", address); code != 1 || !strings.Contains(out, "not free") {
		t.Errorf("check on a taken address: %d, %q", code, out)
	}
	if out, code := output(t, "loaddata", "--data", data, "--agent", "hall="+url); code != 0 || !strings.Contains(out, "ok") {
		t.Errorf("loaddata beside serve: %d, %q", code, out)
	}
	entries := ledger(t, data)
	if len(entries) != 1 || entries[0].Agent != "hall" || entries[0].Stored == 0 ||
		entries[0].Stored != entries[0].Next-entries[0].First || len(entries[0].Gaps) != 0 {
		t.Errorf("ledger: %+v", entries)
	}

	if out, code := output(t, "rebuild", "--data", data); code != 1 || !strings.Contains(out, "the agent is captured") {
		t.Errorf("rebuild of an agent that is captured: %d, %q", code, out)
	}

	out, code = output(t, "agent", "list", "--json", "--data", data)
	var agents []struct{ Name, URL string }
	if err := json.Unmarshal([]byte(out), &agents); code != 0 || err != nil || len(agents) != 1 || agents[0].Name != "hall" {
		t.Errorf("agent list: %d, %v, %q", code, err, out)
	}
	if out, code := output(t, "agent", "remove", "--data", data, "hall"); code != 0 {
		t.Errorf("agent remove: %d, %q", code, out)
	}
	if _, code := output(t, "agent", "remove", "--data", data, "hall"); code != 1 {
		t.Errorf("agent remove of none: %d", code)
	}

	for path, want := range map[string]string{"/healthz": "alive\n", "/readyz": "ready\n"} {
		if got := get(t, "http://"+address+path); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
	if metrics := get(t, "http://"+address+"/metrics"); !strings.Contains(metrics, "factorydash_build_info") {
		t.Errorf("/metrics has no build: %.300s", metrics)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("serve ended with %d after SIGTERM", code)
	}
	if out, code := output(t, "rebuild", "--data", data); code != 0 || !strings.Contains(out, "; 0 machines had others") {
		t.Errorf("rebuild: %d, %q", code, out)
	}
	if out, code := output(t, "healthcheck", "--listen", address); code != 1 || out != "" {
		t.Errorf("healthcheck of nothing: %d, %q", code, out)
	}
}

// TestExportFormats compares the two formats and the filters.
func TestExportFormats(t *testing.T) {
	data := t.TempDir()
	if out, code := output(t, "loaddata", "--data", data, "--agent", "hall="+shopURL(t)); code != 0 {
		t.Fatalf("loaddata: %d, %s", code, out)
	}
	var lines []exported
	export(t, data, func(o exported) { lines = append(lines, o) })
	if len(lines) == 0 {
		t.Fatal("nothing exported")
	}
	out, code := output(t, "export", "--format", "csv", "--data", data)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if code != 0 || err != nil || len(rows) != len(lines)+1 {
		t.Fatalf("csv: %d, %v, %d rows for %d observations", code, err, len(rows), len(lines))
	}
	column := make(map[string]int)
	for i, name := range rows[0] {
		column[name] = i
	}
	for i, o := range lines {
		row := rows[i+1]
		if row[column["agent"]] != o.Agent || row[column["dataItem"]] != o.DataItem || row[column["time"]] != o.Time || row[column["type"]] != o.Type {
			t.Fatalf("row %d is %v, the line %+v", i+1, row, o)
		}
	}

	middle := lines[len(lines)/2].Time
	var before, after int
	export(t, data, func(o exported) { before++ }, "--to", middle)
	export(t, data, func(o exported) { after++ }, "--from", middle)
	if before == 0 || after == 0 || before+after != len(lines) {
		t.Errorf("%d before and %d from %s, %d in all", before, after, middle, len(lines))
	}
	machine := 0
	export(t, data, func(o exported) {
		machine++
		if o.Device != lines[len(lines)-1].Device {
			t.Fatalf("machine filter let %s through", o.Device)
		}
	}, "--machine", lines[len(lines)-1].Device)
	if machine == 0 {
		t.Error("machine filter let nothing through")
	}
}

// TestWrongInput gives what is wrong and expects it named.
func TestWrongInput(t *testing.T) {
	empty := t.TempDir()
	file := filepath.Join(empty, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	misspelt := filepath.Join(empty, "config.json")
	if err := os.WriteFile(misspelt, []byte(`{"lisen": ":8000"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"agent without URL":     {[]string{"serve", "--agent", "x"}, 2, "--agent"},
		"agent with a bad name": {[]string{"serve", "--agent", "a/b=http://h"}, 2, "agent name"},
		"agent of another kind": {[]string{"serve", "--agent", "a=ftp://h"}, 2, "use http://"},
		"agent named twice":     {[]string{"serve", "--agent", "a=http://h", "--agent", "a=http://i"}, 2, "twice"},
		"secret in a bad agent": {[]string{"serve", "--agent", "http://u:hunter2@h"}, 2, "NAME=URL"},
		"no port":               {[]string{"serve", "--listen", "127.0.0.1"}, 2, "address:port"},
		"seal after":            {[]string{"serve", "--seal-after", "1s"}, 2, "--seal-after"},
		"retention":             {[]string{"serve", "--retention-days", "-1"}, 2, "--retention-days"},
		"host with a scheme":    {[]string{"serve", "--allowed-hosts", "http://floor"}, 2, "ALLOWED_HOSTS"},
		"older than nothing":    {[]string{"cleanup", "--data", empty, "--older-than", "0"}, 2, "--older-than"},
		"commit delay":          {[]string{"serve", "--commit-delay", "1h"}, 2, "--commit-delay"},
		"unknown command":       {[]string{"sreve"}, 2, "sreve"},
		"no store":              {[]string{"ledger", "--data", empty}, 1, "no store"},
		"data is a file":        {[]string{"loaddata", "--data", file, "--agent", "a=http://127.0.0.1:1"}, 1, "--data"},
		"time":                  {[]string{"export", "--data", empty, "--from", "yesterday"}, 2, "--from"},
		"misspelt setting":      {[]string{"check", "--config", misspelt}, 2, `no setting "lisen"`},
		"broken configuration":  {[]string{"check", "--config", file}, 2, "configuration file"},
		"log level":             {[]string{"--log-level", "loud", "version"}, 2, "log-level"},
		"agent away":            {[]string{"loaddata", "--data", filepath.Join(empty, "d"), "--agent", "a=http://127.0.0.1:1"}, 1, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := command(t.Context(), test.args...)
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != test.code || !strings.Contains(string(out), test.want) {
				t.Errorf("exit code %d, want %d with %q: %s", code, test.code, test.want, out)
			}
			if strings.Contains(string(out), "hunter2") {
				t.Errorf("the password is shown: %s", out)
			}
		})
	}
}

// TestConfigurationOrder gives a setting in the file, the environment and on
// the command line: flags win over the environment and that over the file.
func TestConfigurationOrder(t *testing.T) {
	config := filepath.Join(t.TempDir(), "factorydash.json")
	if err := os.WriteFile(config, []byte(`{"data": "from-file", "commit-delay": "250ms", "agent": ["a=http://a", "b=http://b"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := output(t, "check", "--config", config, "--listen", "127.0.0.1:0")
	if code != 0 || !strings.Contains(out, "250ms") || !strings.Contains(out, "agent b") {
		t.Errorf("settings of the file: %d, %s", code, out)
	}
	data := func() string {
		t.Helper()
		out, _ := output(t, "check", "--config", config, "--listen", "127.0.0.1:0")
		for line := range strings.Lines(out) {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "data" {
				return fields[1]
			}
		}
		t.Fatalf("check does not show the data folder: %s", out)
		return ""
	}
	if got := data(); got != "from-file" {
		t.Errorf("with a file: %q", got)
	}
	t.Setenv("FACTORYDASH_DATA", "from-environment")
	if got := data(); got != "from-environment" {
		t.Errorf("with file and environment: %q", got)
	}
	out, _ = output(t, "check", "--config", config, "--listen", "127.0.0.1:0", "--data", "from-flag")
	if !strings.Contains(out, "from-flag") {
		t.Errorf("with all three: %s", out)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
