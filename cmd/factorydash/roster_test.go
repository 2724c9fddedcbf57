package main

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
)

// agentTable is a store that has agents only, and counts how often one is put.
type agentTable struct {
	dataStore
	list []plant.Agent
	puts int
}

func (s *agentTable) Agents(context.Context) ([]plant.Agent, error) { return slices.Clone(s.list), nil }

func (s *agentTable) PutAgent(_ context.Context, a plant.Agent) (plant.Agent, error) {
	s.puts++
	i := slices.IndexFunc(s.list, func(known plant.Agent) bool { return known.Name == a.Name })
	if i < 0 {
		i, s.list = len(s.list), append(s.list, plant.Agent{ID: plant.AgentID(len(s.list) + 1)})
	}
	a.ID = s.list[i].ID
	s.list[i] = a
	return a, nil
}

// Processes that were started with different URLs of an agent read it from one, that
// of the last, and say so once.
func TestRosterWithTwoURLs(t *testing.T) {
	st, text := &agentTable{}, &bytes.Buffer{}
	start := func(url string) *roster {
		return &roster{
			store: st, log: slog.New(slog.NewTextHandler(text, nil)), moved: &sync.Map{},
			named: []plant.Agent{{Name: "mill", URL: url, Configured: true}},
		}
	}
	first, last := start("http://user:hunter2@a:5000"), start("http://b:5000")
	for range 3 {
		for _, r := range []*roster{first, last} {
			if _, err := r.wanted(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, r := range []*roster{first, last} {
		if got, err := r.wanted(t.Context()); err != nil || len(got) != 1 || got[0].URL != "http://b:5000" {
			t.Errorf("read: %+v, error %v, want the mill of the process that was started last", got, err)
		}
	}
	if url, ok := first.moved.Load("mill"); url != "http://user:xxxxx@a:5000" {
		t.Errorf("the first process names the URL %v (%t), want the one it was started with", url, ok)
	}
	if url, ok := last.moved.Load("mill"); ok {
		t.Errorf("the last process, whose URL holds, names another: %v", url)
	}
	if n := strings.Count(text.String(), "another URL"); st.puts != 2 || n != 1 || strings.Contains(text.String(), "hunter2") {
		t.Errorf("put %d times, want each once; told %d times, want once, without the password:\n%s", st.puts, n, text)
	}
}
