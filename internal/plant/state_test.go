package plant_test

import (
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
)

// What comes while an agent is caught up with is not the present, and is not
// shown as such.
func TestShownLink(t *testing.T) {
	for name, test := range map[string]struct {
		status plant.AgentStatus
		want   plant.LinkState
	}{
		"live":                {plant.AgentStatus{Link: plant.LinkStreaming, Next: 99_990, Last: 100_000, Lag: 11}, plant.LinkStreaming},
		"far behind":          {plant.AgentStatus{Link: plant.LinkStreaming, Next: 1, Last: 100_000, Lag: 100_000}, plant.LinkCatchingUp},
		"far behind, polling": {plant.AgentStatus{Link: plant.LinkPolling, Next: 1, Last: 100_000, Lag: 100_000}, plant.LinkCatchingUp},
		"not known":           {plant.AgentStatus{Link: plant.LinkStreaming, Lag: 100_000}, plant.LinkStreaming},
		"no link":             {plant.AgentStatus{Link: plant.LinkDown, Next: 1, Last: 100_000, Lag: 100_000}, plant.LinkDown},
	} {
		if got := test.status.ShownLink(); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	if !plant.LinkCatchingUp.Up() {
		t.Error("observations arrive while an agent is caught up with")
	}
}
