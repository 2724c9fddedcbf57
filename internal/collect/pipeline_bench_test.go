package collect_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/factorydash/factorydash/internal/collect"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/internal/simulate"
	"github.com/factorydash/factorydash/internal/store"
	"github.com/factorydash/factorydash/mtconnect/agent"
)

// tape answers requests with what an agent answered the same request with the
// first time, from memory: what is measured over it is the client's side alone.
type tape struct {
	agent   http.Handler
	answers map[string]*http.Response
	bodies  map[string][]byte
}

func (t *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	key := r.URL.String()
	if t.answers[key] == nil {
		w := httptest.NewRecorder()
		t.agent.ServeHTTP(w, r)
		t.answers[key] = w.Result()
		t.bodies[key] = w.Body.Bytes()
	}
	answer := *t.answers[key]
	answer.Body = io.NopCloser(bytes.NewReader(t.bodies[key]))
	answer.Request = r
	return &answer, nil
}

// sink is a store that takes every commit and keeps nothing of it but the
// cursor.
type sink struct{ *memory }

func (s sink) Commit(_ context.Context, batches []*store.Batch) error {
	for _, b := range batches {
		run := &s.runs[b.Run-1]
		b.Err = b.Check()
		if run.Next != b.Expect {
			b.Err = plant.Errorf(plant.Conflict, "the cursor is %d and not %d", run.Next, b.Expect)
		}
		if b.Err == nil {
			run.Next = b.Next
		}
	}
	return nil
}

// BenchmarkPipeline is what capture costs without an agent, a network and a
// store: the recording of the NIST test bed comes from memory and is parsed,
// converted, sorted, accounted for, applied to what is known, put into batches
// and handed over. An op is the whole recording.
func BenchmarkPipeline(b *testing.B) {
	r, err := simulate.NewReplay(recording.Documents(filepath.Join(recorded(b), "mazak03.tgz")), simulate.ReplayConfig{})
	if err != nil {
		b.Fatal(err)
	}
	recording := &tape{
		agent:   agent.New(r.Source(), agent.Options{Namespaces: r.Namespaces()}),
		answers: make(map[string]*http.Response),
		bodies:  make(map[string][]byte),
	}
	fetch := func() int64 {
		s := sink{newMemory()}
		sup, err := collect.New(collect.Options{Store: s, Dial: dialOver(recording)})
		if err != nil {
			b.Fatal(err)
		}
		results, err := sup.Fetch(b.Context(), []plant.Agent{{ID: 1, Name: "nist", URL: "http://nist"}})
		if err != nil || results[0].Err != nil {
			b.Fatal(err, results[0].Err)
		}
		return results[0].Observations
	}
	fetch()
	runtime.GC()
	b.ReportAllocs()
	var stored int64
	before := processorTime(b)
	for b.Loop() {
		stored += fetch()
	}
	used := processorTime(b) - before
	b.ReportMetric(float64(stored)/b.Elapsed().Seconds(), "observations/s")
	b.ReportMetric(float64(stored)/used.Seconds(), "observations/core-s")
}

// processorTime is how long processors have worked for this process.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
