package api_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/insight"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// A machine that waits for too long turns to stopped on the floor without any
// observation, and those who listen are told.
func TestWaitingTooLongIsToldLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		hub := live.NewHub(live.Options{})
		s := api.NewService(api.Options{Reader: f, Hub: hub})
		if err := s.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		hub.PublishStatus(streaming(1))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		began := time.Now()
		change := []plant.StateChange{{Device: 1, Time: began.UnixMicro(), Since: began.UnixMicro(), State: plant.Running, Rule: "5 waiting"}}
		hub.Publish(f.commit(change, plant.Observation{Item: execution, Time: began.UnixMicro(), Value: plant.Value{Kind: plant.Text, Text: "WAIT"}}))

		time.Sleep(insight.DefaultWait - time.Second)
		if m := mill(t, s); m.State != "running" || !m.Since.Equal(began) {
			t.Errorf("%s since %v before it has waited for a minute, want running since %v", m.State, m.Since, began)
		}
		mark := hub.Mark()
		time.Sleep(time.Second + 2*api.RefreshInterval)
		if m := mill(t, s); m.State != "stopped" || m.Rule != "6 waited too long" || !m.Since.Equal(began.Add(insight.DefaultWait)) {
			t.Errorf("%s by %q since %v, want stopped after a minute", m.State, m.Rule, m.Since)
		}
		told := hub.Since(mark).States
		if !slices.ContainsFunc(told, func(c plant.StateChange) bool { return c.Device == 1 }) {
			t.Errorf("states told %v: want that of the machine", told)
		}
		mark = hub.Mark()
		time.Sleep(4 * api.RefreshInterval)
		if told := hub.Since(mark).States; len(told) > 0 {
			t.Errorf("%v is told again", told)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
