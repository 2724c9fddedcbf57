package api_test

import (
	"encoding/csv"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// statistics asks for the statistics of a data item from start to a while after it.
func (w *world) statistics(t *testing.T, item plant.ItemID, length time.Duration) api.Statistics {
	t.Helper()
	v, err := w.service.Statistics(t.Context(), api.StatisticsQuery{Item: item, From: start, To: start.Add(length)})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestStatisticsOfASample(t *testing.T) {
	w := newQuietWorld(t, newFake(), live.Options{})
	w.hub.PublishStatus(streaming(1))
	w.publish(nil, number(load, -time.Minute, 10), number(load, 2*time.Minute, 20), unknown(load, 4*time.Minute), number(load, 5*time.Minute, 60), number(load, 20*time.Minute, 99))
	got := w.statistics(t, load, 10*time.Minute)
	want := api.NumberStatistics{
		Count: 2, Min: ptr(20.0), Max: ptr(60.0), Mean: ptr(40.0), MeanOverTime: ptr((2*10.0 + 2*20 + 5*60) / 9),
		P5: ptr(20.0), P50: ptr(20.0), P95: ptr(60.0), ExactPercentiles: true, StandardDeviation: ptr(20.0),
	}
	if d := cmp.Diff(&want, got.Numbers); d != "" {
		t.Error(d)
	}
	if got.Observations != 3 || got.KnownSeconds != 540 || got.UnknownSeconds != 60 || got.Coverage != .9 || got.Values != nil {
		t.Errorf("%+v", got)
	}
}

// TestStatisticsLeaveOutWhatIsMissing: what the ledger says is missing is unknown,
// and so is what came after the agent was heard last.
func TestStatisticsLeaveOutWhatIsMissing(t *testing.T) {
	w := newQuietWorld(t, newFake(), live.Options{})
	w.publish(nil, number(load, 0, 10))
	w.runs[0].Next = 50
	w.gaps = []plant.Gap{{Run: 1, From: 2, To: 49, Reason: plant.GapOverrun, Noticed: start.Add(2 * time.Minute)}}
	w.publish(nil, number(load, 6*time.Minute, 20))
	down := streaming(1)
	down.Link, down.LastDocument = plant.LinkDown, start.Add(8*time.Minute)
	w.hub.PublishStatus(down)
	got := w.statistics(t, load, 10*time.Minute)
	// Known up to the observation before the gap, which is at its very beginning, and
	// from minute 6 to 8.
	if got.KnownSeconds < 119 || got.KnownSeconds > 121 || got.KnownSeconds+got.UnknownSeconds != 600 {
		t.Errorf("known for %g s of %g", got.KnownSeconds, got.KnownSeconds+got.UnknownSeconds)
	}
}

func TestStatisticsOfTextsAndLevels(t *testing.T) {
	w := newQuietWorld(t, newFake(), live.Options{})
	w.hub.PublishStatus(streaming(1))
	w.publish(nil,
		text(execution, -time.Minute, "READY"), text(execution, time.Minute, "ACTIVE"), text(execution, 4*time.Minute, "READY"),
		alarm(system, -3*time.Minute, plant.LevelFault, "7"), alarm(system, -time.Minute, plant.LevelWarning, "8"),
		// With the warning cleared the fault of before the range is still there.
		alarm(system, 2*time.Minute, plant.LevelNormal, "8"), alarm(system, 5*time.Minute, plant.LevelNormal, "7"),
	)
	got := w.statistics(t, execution, 5*time.Minute)
	if d := cmp.Diff([]api.ValueStatistics{{Value: "ACTIVE", Seconds: 180, Observations: 1}, {Value: "READY", Seconds: 120, Observations: 1}}, got.Values); d != "" || *got.Changes != 2 || got.Numbers != nil {
		t.Errorf("%d changes, %s", *got.Changes, d)
	}
	got = w.statistics(t, system, 10*time.Minute)
	if d := cmp.Diff([]api.ValueStatistics{{Value: "Fault", Seconds: 300, Observations: 1}, {Value: "Normal", Seconds: 300, Observations: 1}}, got.Values); d != "" {
		t.Error(d)
	}
	// The chart says the same.
	series, err := w.service.Series(t.Context(), api.SeriesQuery{Item: system, From: start, To: start.Add(10 * time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]api.Point{{at(-time.Minute), "Fault"}, {at(2 * time.Minute), "Fault"}, {at(5 * time.Minute), "Normal"}}, series.Points); d != "" {
		t.Error(d)
	}
}

func TestStatisticsRefuseRangesThatCannotBe(t *testing.T) {
	w := newQuietWorld(t, newFake(), live.Options{})
	for name, q := range map[string]api.StatisticsQuery{
		"backwards":     {Item: load, From: start, To: start.Add(-time.Minute)},
		"in the future": {Item: load, From: start.Add(2 * time.Hour), To: start.Add(3 * time.Hour)},
	} {
		if _, err := w.service.Statistics(t.Context(), q); plant.ErrorCode(err) != plant.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.service.Statistics(t.Context(), api.StatisticsQuery{Item: 99}); plant.ErrorCode(err) != plant.NotFound {
		t.Errorf("no such data item: %v", err)
	}
}

// TestRawCSVHasAllObservations: more than any page or series has, with what they are
// of in front.
func TestRawCSVHasAllObservations(t *testing.T) {
	w := newWorld(t, newFake(), live.Options{})
	w.hub.PublishStatus(streaming(1))
	const n = 3 * api.MaxObservations
	said := make([]plant.Observation, n)
	for i := range said {
		said[i] = number(load, time.Duration(i)*100*time.Millisecond, float64(i))
	}
	w.publish(nil, said...)
	get := func(path string) (*http.Response, string) {
		answer, err := http.Get(w.server.URL + "/api/v1" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, string(body)
	}
	answer, body := get("/items/7/observations.csv?from=2026-01-31T08:00:00Z")
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Disposition") != `attachment; filename="mill-load-20260131T080000Z.csv"` {
		t.Errorf("status %d, headers %v", answer.StatusCode, answer.Header)
	}
	for _, line := range []string{
		"# machine: Mill (mill)", "# item: load", "# name: Cload", "# type: SAMPLE LOAD ACTUAL", "# unit: PERCENT", "# time zone: UTC; times are those of the agent",
		"# source: agent hall-a", "# instance: 18446744073709551615", "# observations: 30000", "# coverage: 100.00 % of the range is known",
		"agent,instance,epoch,sequence,time,device,dataItem,category,type,subType,name,value,level,nativeCode,nativeSeverity,qualifier,conditionId,text,extra",
	} {
		if !strings.Contains(body, line+"\r\n") {
			t.Errorf("there is no line %q in %.900s", line, body)
		}
	}
	r := csv.NewReader(strings.NewReader(body))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil || len(rows) != n+1 || rows[n][11] != "29999" {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if _, body := get("/items/7/observations.csv?comments=false&from=2026-01-31T08:00:00Z&to=2026-01-31T08:00:00.1Z"); strings.Count(body, "\r\n") != 2 || strings.HasPrefix(body, "#") {
		t.Errorf("without comments: %s", body)
	}
	for path, status := range map[string]int{
		"/items/99/observations.csv":            http.StatusNotFound,
		"/items/x/observations.csv":             http.StatusUnprocessableEntity,
		"/items/7/observations.csv?from=monday": http.StatusUnprocessableEntity,
		"/items/7/observations.csv?form=x":      http.StatusUnprocessableEntity,
	} {
		if answer, body := get(path); answer.StatusCode != status || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s: %s", path, answer.Status, body)
		}
	}
}

func TestStreamTellsTheValuesOfSeveralMachines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.devices = append(f.devices, plant.Device{ID: 3, Agent: 1, Slug: "lathe", Name: "Lathe", Present: true})
		f.items = append(f.items, plant.DataItem{ID: 50, Device: 3, DataItemID: "load2", Category: plant.Sample, Type: "LOAD", Representation: "VALUE"})
		w := newQuietWorld(t, f, live.Options{})
		b := w.browse(t, "/stream?machine=mill&machine=lathe", "")
		b.take(t)
		w.publish(nil, number(load, 0, 1), number(50, 0, 2))
		time.Sleep(api.ValueInterval)
		seen := make(map[string]bool)
		for _, e := range b.take(t) {
			if e.name == "values" {
				seen[decode[api.Values](t, e).Machine] = true
			}
		}
		if !seen["mill"] || !seen["lathe"] {
			t.Errorf("values of %v", seen)
		}
	})
}
