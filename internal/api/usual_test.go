package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// usualMill makes a mill that ran O1 so many times, for five of every ten minutes, at
// a load of 20, 60 and 80: for one, three and one minute. Between the runs it idles at
// a load of 3. It is asked an hour after start.
func usualMill(t *testing.T, runs int) *world {
	t.Helper()
	f := newFake()
	f.commit(state(0, plant.Idle), text(available, 0, "AVAILABLE"), text(mode, 0, "AUTOMATIC"), text(program, 0, "O1"), text(execution, 0, "READY"))
	for i := range runs {
		begin := time.Duration(10*i+1) * time.Minute
		f.commit(state(begin, plant.Running), text(execution, begin, "ACTIVE"))
		f.commit(state(begin+5*time.Minute, plant.Idle), text(execution, begin+5*time.Minute, "READY"))
		for s := range 60 {
			n := 3.0
			switch {
			case s < 6:
				n = 20
			case s < 24:
				n = 60
			case s < 30:
				n = 80
			}
			f.commit(nil, number(load, begin+time.Duration(10*s)*time.Second, n))
		}
	}
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	return w
}

func TestUsual(t *testing.T) {
	ask := func(w *world, at time.Duration) api.UsualItem {
		t.Helper()
		v := get[api.Usual](t, w, fmt.Sprintf("/api/v1/machines/mill/usual?item=%d&at=%s", load, start.Add(at).Format(time.RFC3339)))
		if len(v.Items) != 1 || v.Items[0].Item != load {
			t.Fatalf("%+v", v)
		}
		return v.Items[0]
	}
	w := usualMill(t, 5)
	// Of four complete runs: 20 for a fifth of the time, 80 for another.
	v := ask(w, 40*time.Minute)
	if v.Program == nil || *v.Program != "O1" || v.Runs != 4 || v.Observations != 120 || v.Seconds != 1200 || !v.From.Equal(start.Add(time.Minute)) {
		t.Errorf("four runs: %+v", v)
	}
	if *v.P10 != 20 || *v.P50 != 60 || *v.P90 != 80 {
		t.Errorf("usual are %v, %v, %v, want 20, 60, 80", *v.P10, *v.P50, *v.P90)
	}
	// While only two are complete, the time counts in which the machine was running.
	if v := ask(w, 20*time.Minute); v.Program != nil || v.Runs != 2 || v.Observations != 60 || *v.P90 != 80 {
		t.Errorf("two runs: %+v", v)
	}
	// Too little is nothing.
	if v := ask(w, 4*time.Minute); v.P10 != nil || v.P90 != nil || v.Observations == 0 || v.Observations >= api.UsualLeast {
		t.Errorf("less than a run: %+v", v)
	}
	for path, says := range map[string]string{
		fmt.Sprintf("?item=%d", execution): "is no sample of mill",
		"":                                 "item",
		fmt.Sprintf("?item=%d&at=2030-01-01T00:00:00Z", load):         "has passed",
		"?item=" + strings.Repeat("7&item=", api.MaxUsualItems) + "7": "item",
	} {
		if status, _, body := w.ask(t, http.MethodGet, "/api/v1/machines/mill/usual"+path); status != http.StatusUnprocessableEntity || !strings.Contains(string(body), says) {
			t.Errorf("%s: %d, %s", path, status, body)
		}
	}
}

// Nothing is carried into a run: a value counts from when it was observed in it.
func TestUsualCarriesNothing(t *testing.T) {
	f := newFake()
	f.commit(state(0, plant.Running), text(available, 0, "AVAILABLE"), text(execution, 0, "ACTIVE"), number(load, 0, 99))
	f.commit(state(10*time.Minute, plant.Offline), unknown(execution, 10*time.Minute), unknown(load, 10*time.Minute))
	f.commit(state(20*time.Minute, plant.Running), text(execution, 20*time.Minute, "ACTIVE"))
	for i := range 40 {
		f.commit(nil, number(load, 30*time.Minute+time.Duration(i)*time.Second, 7))
	}
	w := newWorld(t, f, live.Options{})
	w.hub.PublishStatus(streaming(1))
	v := get[api.Usual](t, w, fmt.Sprintf("/api/v1/machines/mill/usual?item=%d", load)).Items[0]
	// 99 held for 10 of the 40 minutes of which the load is known.
	if v.Seconds != 40*60 || *v.P50 != 7 || *v.P90 != 99 {
		t.Errorf("%+v: p50 %v, p90 %v", v, *v.P50, *v.P90)
	}
}
