package storetest

import (
	"testing"

	"github.com/factorydash/factorydash/internal/plant"
)

func testAgents(t *testing.T, s Store) {
	ctx := t.Context()
	if err := s.Ping(ctx); err != nil {
		t.Fatalf("ping: %v", err)
	}
	equal(t, "agents of an empty store", must[[]plant.Agent](t)(s.Agents(ctx)), nil)

	put := must[plant.Agent](t)
	b := put(s.PutAgent(ctx, plant.Agent{Name: "b", URL: "http://b:5000", Configured: true, Added: moment(1)}))
	a := put(s.PutAgent(ctx, plant.Agent{Name: "a", URL: "https://user:secret@a/mill", Added: moment(2)}))
	if a.ID == 0 || a.ID == b.ID {
		t.Errorf("agents have the numbers %d and %d", a.ID, b.ID)
	}
	equal(t, "agent as added", b, plant.Agent{ID: b.ID, Name: "b", URL: "http://b:5000", Configured: true, Added: moment(1)})

	again := put(s.PutAgent(ctx, plant.Agent{Name: "b", URL: "http://elsewhere", Added: moment(9)}))
	equal(t, "agent with another URL", again, plant.Agent{ID: b.ID, Name: "b", URL: "http://elsewhere", Configured: true, Added: moment(1)})
	configured := put(s.PutAgent(ctx, plant.Agent{Name: "a", URL: a.URL, Configured: true}))
	if !configured.Configured || configured.ID != a.ID {
		t.Errorf("agent added by command later: %+v", configured)
	}
	equal(t, "agents by name", must[[]plant.Agent](t)(s.Agents(ctx)), []plant.Agent{configured, again})
}

func testRemoveAgent(t *testing.T, s Store) {
	ctx := t.Context()
	l := newLine(t, s, "a", 1)
	refused(t, "remove an agent not added by command", s.RemoveAgent(ctx, "a"), plant.NotFound)
	refused(t, "remove an unknown agent", s.RemoveAgent(ctx, "b"), plant.NotFound)
	must[plant.Agent](t)(s.PutAgent(ctx, plant.Agent{Name: "a", URL: "http://a", Configured: true}))
	l.commit(t, l.batch(numbers(3)...))
	if err := s.RemoveAgent(ctx, "a"); err != nil {
		t.Fatalf("remove agent: %v", err)
	}
	agents := must[[]plant.Agent](t)(s.Agents(ctx))
	if len(agents) != 1 || agents[0].Configured {
		t.Errorf("agents after removal: %+v", agents)
	}
	if n := len(l.observations(t)); n != 3 {
		t.Errorf("%d observations after removal, want 3", n)
	}
	refused(t, "remove twice", s.RemoveAgent(ctx, "a"), plant.NotFound)
}

func testInvalidAgents(t *testing.T, s Store) {
	for _, agent := range []plant.Agent{
		{Name: "", URL: "http://a"},
		{Name: "a b", URL: "http://a"},
		{Name: "a", URL: "ftp://a"},
		{Name: "a", URL: ""},
		{Name: "a", URL: "http://a/?x=1"},
	} {
		_, err := s.PutAgent(t.Context(), agent)
		refused(t, "put "+agent.Name+" "+agent.URL, err, plant.Invalid)
	}
	equal(t, "agents", must[[]plant.Agent](t)(s.Agents(t.Context())), nil)
}
