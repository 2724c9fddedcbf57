package plant_test

import (
	"math"
	"strings"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
)

func TestAgentValidate(t *testing.T) {
	const url = "http://host:5000"
	tests := []struct {
		name, url string
		// field is what the error names; empty where there is none.
		field string
	}{
		{"a", url, ""},
		{"Hall-a_1.b", "https://user:password@host/path/VMC-3Axis", ""},
		{strings.Repeat("a", 64), url, ""},
		{"", url, "name"},
		{"-a", url, "name"},
		{"a b", url, "name"},
		{"a/b", url, "name"},
		{"ä", url, "name"},
		{strings.Repeat("a", 65), url, "name"},
		{"a", "", "URL"},
		{"a", "host:5000", "URL"},
		{"a", "ftp://host", "URL"},
		{"a", "http://", "URL"},
		{"a", "http://:5000", "URL"},
		{"a", "http://host:port", "URL"},
		{"a", "http://host/?device=x", "URL"},
		{"a", "http://host/#x", "URL"},
	}
	for _, test := range tests {
		err := plant.Agent{Name: test.name, URL: test.url}.Validate()
		if test.field == "" {
			if err != nil {
				t.Errorf("%s %s: %v", test.name, test.url, err)
			}
			continue
		}
		if plant.ErrorCode(err) != plant.Invalid || !strings.Contains(err.Error(), test.field) {
			t.Errorf("%s %s: %v; want an error about the %s", test.name, test.url, err, test.field)
		}
	}
}

// A password is never shown, in whatever text it stands.
func TestRedact(t *testing.T) {
	if got, want := plant.RedactURL("https://user:secret@host:5000/path"), "https://user:xxxxx@host:5000/path"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := plant.RedactURL("https://secret@host:5000/path"), "https://xxxxx@host:5000/path"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, url := range []string{
		"http://secret@host", "http://secret:@host", "http://user:secret@host", "user:secret@host:5000", "http:/user:secret@host", "//user:secret@host",
		"http://user:secret@ho st", "http://user:%zzsecret@host", "http://host/?token=secret", "https://host/#secret", "secret",
	} {
		a := plant.Agent{Name: "a", URL: url}
		shown := a.Redacted()
		if err := a.Validate(); err != nil {
			shown += " " + err.Error()
		}
		if strings.Contains(shown, "secret") {
			t.Errorf("%s is shown as %s", url, shown)
		}
	}
}

func TestGapLost(t *testing.T) {
	for _, test := range []struct {
		gap   plant.Gap
		n     int64
		known bool
		text  string
	}{
		{plant.Gap{From: 3, To: 3, Reason: plant.GapRejected}, 1, true, "3–3 (rejected)"},
		{plant.Gap{From: 1, To: math.MaxInt64 - 1, Reason: plant.GapOverrun}, math.MaxInt64 - 1, true, "1–9223372036854775806 (overrun)"},
		{plant.Gap{From: 7, To: plant.OpenEnd, Reason: plant.GapRestart}, 0, false, "7… (restart)"},
	} {
		if n, known := test.gap.Lost(); n != test.n || known != test.known || test.gap.String() != test.text {
			t.Errorf("%s: lost %d, %t", test.gap, n, known)
		}
	}
}

func TestNames(t *testing.T) {
	for c, want := range []string{"", "SAMPLE", "EVENT", "CONDITION", "", ""} {
		if got := plant.Category(c).String(); got != want {
			t.Errorf("category %d is %q, want %q", c, got, want)
		}
	}
	for l, want := range []string{"", "Unavailable", "Normal", "Warning", "Fault", "", ""} {
		if got := plant.Level(l).String(); got != want {
			t.Errorf("level %d is %q, want %q", l, got, want)
		}
	}
	for s, want := range []string{"", "no-link", "offline", "alarm", "setup", "running", "stopped", "idle", "", ""} {
		if got := plant.State(s).Slug(); got != want {
			t.Errorf("state %d is %q, want %q", s, got, want)
		}
	}
}
