package retention_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/retention"
)

func TestCutoffs(t *testing.T) {
	p, err := retention.ParsePolicy(30, []string{"lab=7 archive=0", "hall-b=90"})
	if err != nil {
		t.Fatal(err)
	}
	agents := []plant.Agent{{ID: 1, Name: "hall-a"}, {ID: 2, Name: "hall-b"}, {ID: 3, Name: "lab"}, {ID: 4, Name: "archive"}}
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	day := func(month time.Month, day int) int64 {
		return time.Date(2026, month, day, 12, 0, 0, 0, time.UTC).UnixMicro()
	}
	want := map[plant.AgentID]int64{1: day(3, 1), 2: day(1, 0), 3: day(3, 24)}
	if diff := cmp.Diff(want, p.Cutoffs(agents, now)); diff != "" {
		t.Errorf("cutoffs (-want +got):\n%s", diff)
	}
	keep, err := retention.ParsePolicy(0, nil)
	if err != nil || len(keep.Cutoffs(agents, now)) != 0 {
		t.Errorf("with 0 days %v is deleted, %v", keep.Cutoffs(agents, now), err)
	}
}

func TestMisnamed(t *testing.T) {
	p, err := retention.ParsePolicy(30, []string{"lap=7 archive=0", "hall-c=90"})
	if err != nil {
		t.Fatal(err)
	}
	agents := []plant.Agent{{Name: "archive"}, {Name: "hall-c"}, {Name: "lab"}}
	if got, want := p.Misnamed(agents), "--agent-retention names lap, and no agent has this name: there are archive, hall-c, lab"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := p.Misnamed(nil); !strings.Contains(got, "archive, hall-c, lap, and there is no agent") {
		t.Errorf("of no agents: %q", got)
	}
	if got := p.Misnamed(append(agents, make([]plant.Agent, 30)...)); !strings.HasSuffix(got, " and 13 more") {
		t.Errorf("of many agents: %q", got)
	}
	if got := p.Misnamed(append(agents, plant.Agent{Name: "lap"})); got != "" {
		t.Errorf("where all are there: %q", got)
	}
}

func TestParsePolicySaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		days       int
		exceptions []string
		names      string
	}{
		{-1, nil, "--retention-days"},
		{36_501, nil, "--retention-days"},
		{30, []string{"lab"}, "--agent-retention"},
		{30, []string{"lab=x"}, "--agent-retention"},
		{30, []string{"lab=-2"}, "--agent-retention"},
		{30, []string{"=2"}, "--agent-retention"},
		{30, []string{"lab=2 lab=3"}, "twice"},
	} {
		_, err := retention.ParsePolicy(test.days, test.exceptions)
		if plant.ErrorCode(err) != plant.Invalid || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%d %v gives %v, want an error that names %s", test.days, test.exceptions, err, test.names)
		}
	}
}
