package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// decided is what an observation was that decided, as tests write it.
func decided(v api.Why) []string {
	var list []string
	for _, in := range v.Inputs {
		if in.Decides {
			list = append(list, fmt.Sprintf("%s=%v at %v", in.Item.DataItemID, in.Value, in.Time.Sub(start)))
		}
	}
	return list
}

// said stores observations with the changes of the state that capture makes of them.
func (f *fake) said(m *insight.Machine, observations ...plant.Observation) {
	for _, o := range observations {
		l := f.latest[o.Item]
		run := f.runs[len(f.runs)-1]
		o.Run, o.Sequence = run.ID, run.Next
		l.Apply(run.ID, o)
		var states []plant.StateChange
		if change, ok := m.Apply(l); ok {
			states = append(states, change)
		}
		f.commit(states, o)
	}
}

// Each state is explained, at any moment, by the observations that decide it.
func TestWhy(t *testing.T) {
	f := newFake()
	m := insight.NewMachine(f.devices[1], f.items, insight.Rules{})
	f.said(m,
		text(available, 0, "AVAILABLE"), text(mode, time.Second, "AUTOMATIC"), text(execution, 2*time.Second, "READY"),
		text(execution, time.Minute, "ACTIVE"), alarm(system, 2*time.Minute, plant.LevelFault, "1010"),
		text(execution, 3*time.Minute, "INTERRUPTED"), alarm(system, 4*time.Minute, plant.LevelNormal, ""),
		text(execution, 5*time.Minute, "WAIT"), text(mode, 8*time.Minute, "MANUAL"), unknown(available, 9*time.Minute),
	)
	next := f.runs[0].Next
	f.gaps = append(f.gaps, plant.Gap{Run: 1, From: next, To: next + 4, Reason: plant.GapOverrun, Noticed: start.Add(12 * time.Minute)})
	f.runs[0].Next += 5
	f.said(m, text(available, 12*time.Minute, "AVAILABLE"))
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(plant.AgentStatus{Agent: 1, Link: plant.LinkDown, LastDocument: start.Add(20 * time.Minute)})
	for _, test := range []struct {
		at          time.Duration
		state, rule string
		since       time.Duration
		decides     []string
	}{
		{10 * time.Second, "idle", "7 ready", 0, []string{"exec=READY at 2s", "mode=AUTOMATIC at 1s"}},
		{90 * time.Second, "running", "5 executing", time.Minute, []string{"exec=ACTIVE at 1m0s", "mode=AUTOMATIC at 1s"}},
		{150 * time.Second, "running", "5 executing", time.Minute, []string{"exec=ACTIVE at 1m0s", "mode=AUTOMATIC at 1s"}},
		{200 * time.Second, "alarm", "3 active fault", 3 * time.Minute, []string{"exec=INTERRUPTED at 3m0s", "system=Fault at 2m0s"}},
		{270 * time.Second, "stopped", "6 stopped within the program", 4 * time.Minute, []string{"exec=INTERRUPTED at 3m0s", "mode=AUTOMATIC at 1s"}},
		{330 * time.Second, "running", "5 waiting", 5 * time.Minute, []string{"exec=WAIT at 5m0s", "mode=AUTOMATIC at 1s"}},
		{400 * time.Second, "stopped", "6 waited too long", 6 * time.Minute, []string{"exec=WAIT at 5m0s", "mode=AUTOMATIC at 1s"}},
		{500 * time.Second, "setup", "4 manual mode", 8 * time.Minute, []string{"exec=WAIT at 5m0s", "mode=MANUAL at 8m0s"}},
		{9 * time.Minute, "unknown", "", 9 * time.Minute, nil},
		{11 * time.Minute, "unknown", "", 9 * time.Minute, nil},
		{30 * time.Minute, "no-link", "1 no link", 20 * time.Minute, nil},
	} {
		t.Run(test.at.String(), func(t *testing.T) {
			v, err := w.service.Why(t.Context(), "mill", start.Add(test.at))
			if err != nil {
				t.Fatal(err)
			}
			if v.State != test.state || v.Rule != test.rule || v.Problem != "" || test.rule != "" && v.RuleText == "" {
				t.Errorf("%s by %q (%s), problem %q; want %s by %q", v.State, v.Rule, v.RuleText, v.Problem, test.state, test.rule)
			}
			if v.Since == nil || v.Since.Sub(start) != test.since || v.SinceBefore != (test.since == 0) {
				t.Errorf("since %v (before: %v), want %v", v.Since, v.SinceBefore, test.since)
			}
			if diff := cmp.Diff(test.decides, decided(v)); diff != "" {
				t.Errorf("what decides (-want +got):\n%s", diff)
			}
			chosen := 0
			for _, r := range v.Rules {
				if r.Chosen {
					chosen++
				}
			}
			if want := map[bool]int{true: 1}[test.rule != ""]; chosen != want {
				t.Errorf("%d rules are chosen, want %d", chosen, want)
			}
		})
	}
}

// What decides can be looked at as it was received.
func TestWhyLeadsToTheObservation(t *testing.T) {
	f := newFake()
	m := insight.NewMachine(f.devices[1], f.items, insight.Rules{})
	f.said(m, text(available, 0, "AVAILABLE"), text(execution, time.Minute, "FEED_HOLD"))
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	v := get[api.Why](t, w, api.Prefix+"/machines/mill/why")
	if len(v.Inputs) == 0 || v.Inputs[0].Item.DataItemID != "exec" || v.Inputs[0].Sequence != 2 {
		t.Fatalf("inputs %+v: want the execution first", v.Inputs)
	}
	page := get[struct {
		Items []struct{ Value string }
	}](t, w, v.Inputs[0].Observation)
	if len(page.Items) != 1 || page.Items[0].Value != "FEED_HOLD" {
		t.Errorf("%s gives %+v: want the observation alone", v.Inputs[0].Observation, page)
	}
	for path, want := range map[string]int{
		"/machines/mill/why?at=" + url.QueryEscape(start.Add(2*time.Hour).Format(time.RFC3339)): http.StatusUnprocessableEntity,
		"/machines/none/why": http.StatusNotFound,
	} {
		if status, _, body := w.ask(t, http.MethodGet, api.Prefix+path); status != want {
			t.Errorf("%s: status %d, %s; want %d", path, status, body, want)
		}
	}
}

// A state that other rules derived is shown as those of today derive it, with a word
// about the stored one.
func TestWhyOfAnOldState(t *testing.T) {
	f := newFake()
	f.commit(state(0, plant.Setup), text(available, 0, "AVAILABLE"), text(execution, 0, "READY"))
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	v, err := w.service.Why(t.Context(), "mill", time.Time{})
	if err != nil || v.State != "idle" || !strings.Contains(v.Problem, "factorydash rebuild") {
		t.Errorf("%+v, %v: want idle, with a problem", v, err)
	}
}
