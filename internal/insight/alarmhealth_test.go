package insight_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/plant"
)

// lasted is an activation that began and ended so long after the epoch; one that
// ends before it begins is active.
func lasted(key string, raised, cleared time.Duration) insight.Activation {
	a := insight.Activation{Item: system, Run: 1, Key: key, Level: plant.LevelFault, Raised: raised.Microseconds(), RaisedSequence: raised.Microseconds()}
	if cleared >= raised {
		a.Cleared, a.ClearedBy = cleared.Microseconds(), insight.ByNormal
	}
	return a
}

func TestAlarmRate(t *testing.T) {
	const m = time.Minute
	rate := insight.NewAlarmRate([]insight.Activation{
		lasted("a", -m, 0), lasted("a", 0, m), lasted("a", 10*m-1000, 20*m), lasted("a", 10*m, 20*m), lasted("a", 24*m, 25*m), lasted("a", 25*m, 26*m),
	}, insight.Window{From: 0, To: (25 * m).Microseconds()})
	if diff := cmp.Diff(insight.AlarmRate{2, 1, 1}, rate); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if most, window := rate.Peak(); rate.Total() != 4 || most != 2 || window != 0 || rate.Over(insight.AlarmTarget) != 1 {
		t.Errorf("total %d, peak %d in window %d, over the target in %d", rate.Total(), most, window, rate.Over(insight.AlarmTarget))
	}
}

func TestAlarmConducts(t *testing.T) {
	const s = time.Second
	in := insight.Window{From: 0, To: (48 * time.Hour).Microseconds()}
	gap := lasted("gap", s, 2*s)
	gap.ClearedBy = insight.ByGap
	type conduct struct{ Count, Fleeting, Chatter int }
	got := make(map[string]conduct)
	stale := make(map[string]time.Duration)
	for _, c := range insight.AlarmConducts([]insight.Activation{
		lasted("chatter", 0, 20*s), lasted("chatter", 30*s, 50*s), lasted("chatter", 60*s, 80*s), lasted("chatter", 90*s, 110*s), lasted("chatter", 300*s, 320*s),
		lasted("twice", 0, 20*s), lasted("twice", 30*s, 50*s), lasted("twice", 61*s, 80*s),
		lasted("fleeting", 0, 9*s), lasted("fleeting", 3600*s, 3610*s),
		gap, lasted("old", -s, -2*s), lasted("new", 30*time.Hour, -1), lasted("before", -20*s, 10*s),
	}, in) {
		got[c.Last.Key] = conduct{c.Count, c.Fleeting, c.Chatter}
		if c.Stale > 0 {
			stale[c.Last.Key] = time.Duration(c.Stale) * time.Microsecond
		}
	}
	want := map[string]conduct{
		"chatter": {5, 0, 4}, "twice": {3, 0, 0}, "fleeting": {2, 1, 0}, "gap": {1, 0, 0}, "old": {}, "new": {Count: 1}, "before": {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("conducts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]time.Duration{"old": 48*time.Hour + s}, stale); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
}
