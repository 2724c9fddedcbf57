package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/store"
)

// TestAgentHealth has an agent whose load runs backwards, flaps and says things
// twice, and whose program is never told of.
func TestAgentHealth(t *testing.T) {
	c := newCapture(t)
	load := c.items[0].ID
	said := []plant.Observation{
		number(load, 0, 1), number(load, 2*time.Second, 2), number(load, 2*time.Second, 2), // Said twice.
		unknown(load, 3*time.Second), number(load, 4*time.Second, 3), unknown(load, 5*time.Second), unknown(load, 6*time.Second), number(load, 7*time.Second, 4),
		number(load, 1500*time.Millisecond, 5), // Back by 5.5 s.
		number(load, 9*time.Second, 6), unknown(load, 10*time.Second), number(load, 10*time.Second, 7),
	}
	b := &store.Batch{Run: c.run.ID, Expect: 1, Next: int64(len(said)) + 1, Received: start}
	for i, o := range said {
		o.Run, o.Sequence = c.run.ID, int64(i)+1
		b.Observations = append(b.Observations, o)
	}
	b.Latest = []plant.Latest{{Observation: b.Observations[len(said)-1]}}
	if err := c.Commit(t.Context(), []*store.Batch{b}); err != nil || b.Err != nil {
		t.Fatal(err, b.Err)
	}
	s, hub := c.serve(t)
	h, err := s.AgentHealth(t.Context(), "hall-a")
	if err != nil {
		t.Fatal(err)
	}
	if h.Observations != 12 || !h.Whole || !h.From.Equal(start) || !h.To.Equal(start.Add(10*time.Second)) || h.Items != 2 || h.Unavailable != 0 {
		t.Errorf("%+v", h)
	}
	ids := func(l api.HealthItems) (ids []string) {
		for _, it := range l.Items {
			ids = append(ids, it.DataItemID)
		}
		return ids
	}
	got := [][]string{ids(h.Never), ids(h.Stale), ids(h.Flapping), ids(h.Backwards), ids(h.Repeated), ids(h.Unmapped)}
	if diff := cmp.Diff([][]string{{"prog"}, nil, {"load"}, {"load"}, {"load"}, nil}, got); diff != "" {
		t.Fatalf("lists (-want +got):\n%s", diff)
	}
	if f, back, twice := h.Flapping.Items[0], h.Backwards.Items[0], h.Repeated.Items[0]; f.Times != 3 || back.Times != 1 || back.WorstSeconds != 5.5 || twice.Times != 1 {
		t.Errorf("flapping %d, backwards %d by %v s, repeated %d", f.Times, back.Times, back.WorstSeconds, twice.Times)
	}
	if h.LossSeconds != nil {
		t.Errorf("nothing is known of the buffer, and loss in %v s", *h.LossSeconds)
	}
	hub.PublishStatus(plant.AgentStatus{Agent: c.run.Agent, Link: plant.LinkDown, BufferSize: 144, Lag: 24, LastDocument: start.Add(30 * time.Second), Error: "refused"})
	// 12 observations in 10 s fill what is free of a buffer of 144 in 100 s, of which 30
	// have passed.
	if h, err = s.AgentHealth(t.Context(), "hall-a"); err != nil || h.LossSeconds == nil || *h.LossSeconds != 70 {
		t.Errorf("loss in %v s (%v), want 70", h.LossSeconds, err)
	}
	hub.PublishStatus(plant.AgentStatus{Agent: c.run.Agent, Link: plant.LinkStreaming, BufferSize: 120, LastDocument: start})
	if h, err = s.AgentHealth(t.Context(), "hall-a"); err != nil || h.LossSeconds != nil {
		t.Errorf("while the link is up, loss in %v s (%v)", h.LossSeconds, err)
	}
	if _, err = s.AgentHealth(t.Context(), "nobody"); plant.ErrorCode(err) != plant.NotFound {
		t.Errorf("an agent that there is not: %v", err)
	}
}

// TestAgentModels compares three versions, of which one cannot be read.
func TestAgentModels(t *testing.T) {
	c := newCapture(t)
	save := func(document string, after time.Duration) {
		t.Helper()
		devices, _ := readModel(0, []byte(document))
		if _, err := c.SaveModel(t.Context(), plant.Model{
			Agent: c.run.Agent, Digest: strings.Repeat(document[5:6], 64), Document: []byte(document), From: start.Add(after), Devices: devices,
		}); err != nil {
			t.Fatal(err)
		}
	}
	save("load prog", time.Hour)
	save("load mode", 2*time.Hour)
	s := api.NewService(api.Options{Reader: c, Hub: live.NewHub(live.Options{}), Devices: readModel})
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	versions, err := s.AgentModels(t.Context(), "hall-a")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range versions {
		line, err := json.Marshal([]any{v.Items, v.First, len(v.Added), len(v.Removed), v.Problem})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(line))
	}
	want := []string{`[2,false,1,1,""]`, `[2,false,0,0,""]`, `[0,true,0,0,"no words"]`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// readModel reads a document that is the ids of a mill's data items.
func readModel(_ plant.AgentID, document []byte) ([]plant.ModelDevice, error) {
	if strings.HasPrefix(string(document), "<") {
		return nil, plant.Errorf(plant.Invalid, "no words")
	}
	d := plant.ModelDevice{Device: plant.Device{Slug: "mill", Name: "Mill", UUID: "m-1", Present: true}}
	for id := range strings.FieldsSeq(string(document)) {
		d.Items = append(d.Items, plant.DataItem{DataItemID: id, Category: plant.Event, Type: "PROGRAM", Representation: "VALUE"})
	}
	return []plant.ModelDevice{d}, nil
}
