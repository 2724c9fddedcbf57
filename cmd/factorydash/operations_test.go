//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// metricName finds the metrics of factorydash in an expression.
var metricName = regexp.MustCompile(`\bfactorydash_[a-z_]+`)

// TestMetricsThatAreWatched holds the alert rules and the dashboard against what
// processes export: every metric that they name is there, after the first requests and
// commits.
func TestMetricsThatAreWatched(t *testing.T) {
	h, _ := openHall(t, 1, 10)
	in := install(t, h)
	var exported strings.Builder
	for _, name := range []string{"web 1", "worker 1", "scheduler 1"} {
		in.begin(name)
	}
	address := func(name string) string {
		return in.running[name].waitLog(upMessage(name))["address"].(string)
	}
	eventually(t, "a machine", func() bool {
		return strings.Contains(get(t, "http://"+address("web 1")+"/api/v1/machines"), hallAgent(0))
	})
	eventually(t, "what is known of the agent", func() bool {
		metrics := get(t, "http://"+address("worker 1")+"/metrics")
		return strings.Contains(metrics, `factorydash_agent_up{agent="a000"} 1`) && strings.Contains(metrics, "factorydash_agent_buffer_seconds{") &&
			strings.Contains(metrics, "factorydash_agent_delay_seconds{") && strings.Contains(metrics, "factorydash_agent_clock_skew_seconds{")
	})
	for name := range in.running {
		exported.WriteString(get(t, "http://"+address(name)+"/metrics"))
	}
	known := make(map[string]bool)
	for line := range strings.Lines(exported.String()) {
		if name := metricName.FindString(line); name != "" && !strings.HasPrefix(line, "#") {
			known[name] = true
		}
	}

	for _, file := range []string{"deploy/prometheus/factorydash.rules.yml", "deploy/grafana/factorydash.json"} {
		text, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil {
			t.Fatal(err)
		}
		names := metricName.FindAllString(string(text), -1)
		slices.Sort(names)
		names = slices.Compact(names)
		if len(names) < 10 {
			t.Errorf("%s names %d metrics", file, len(names))
		}
		for _, name := range names {
			if !known[name] {
				t.Errorf("%s names %s, which no process exports", file, name)
			}
		}
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text, err := os.ReadFile(filepath.Join(repository, "deploy/grafana/factorydash.json"))
	if err == nil {
		err = json.Unmarshal(text, &dashboard)
	}
	if err != nil || len(dashboard.Panels) < 10 {
		t.Errorf("the dashboard: %d panels, %v", len(dashboard.Panels), err)
	}
	for _, p := range dashboard.Panels {
		if p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("a panel without title or data: %+v", p)
		}
	}
}

// The rules are checked and tried by promtool, and the runbook has a section for each
// alert and none for others.
func TestAlertRules(t *testing.T) {
	rules, err := os.ReadFile(filepath.Join(repository, "deploy/prometheus/factorydash.rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	runbook, err := os.ReadFile(filepath.Join(repository, "docs/runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	var alerts, sections []string
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(rules), -1) {
		alerts = append(alerts, m[1])
		if !strings.Contains(string(rules), "docs/runbook.md#"+strings.ToLower(m[1])+"\n") {
			t.Errorf("%s does not point to its section of the runbook", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^## ([A-Z]\w+)$`).FindAllStringSubmatch(string(runbook), -1) {
		sections = append(sections, m[1])
	}
	if !slices.Equal(alerts, sections) {
		t.Errorf("the runbook has the sections %q, want one for each of the alerts %q in their order", sections, alerts)
	}
	needs(t, "promtool", "")
	for _, args := range [][]string{{"check", "rules", "factorydash.rules.yml"}, {"test", "rules", "factorydash.rules.test.yml"}, {"check", "config", "prometheus.yml"}} {
		if out, code := runIn(t, nil, "sh", "-c", "cd deploy/prometheus && promtool "+strings.Join(args, " ")); code != 0 {
			t.Errorf("promtool %v: %s", args, out)
		}
	}
}
