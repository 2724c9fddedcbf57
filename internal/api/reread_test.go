package api_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/live"
	"github.com/factorydash/factorydash/internal/plant"
)

// What was committed and not published, though the agent is heard of, is read
// when somebody says that something may be missing, and told to streams.
func TestReread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		hub := live.NewHub(live.Options{})
		s := api.NewService(api.Options{Reader: f, Hub: hub, Silence: func() string { return live.NoWorker }})
		if err := s.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a, err := s.Agent(t.Context(), "hall-a"); err != nil || a.Link != plant.LinkDown || a.Error != live.NoWorker {
			t.Errorf("an agent that is not heard of is %+v, %v", a, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		hub.PublishStatus(streaming(1))
		hub.Publish(f.commit(nil, text(program, 0, "O1")))
		time.Sleep(2 * api.RefreshInterval)

		missed := f.commit(nil, text(program, time.Second, "O2"))
		time.Sleep(2 * api.RefreshInterval)
		if m := mill(t, s); m.Program == nil || *m.Program != "O1" {
			t.Fatalf("program %v before anybody said that something is missing", m.Program)
		}
		before := hub.Mark()
		s.Reread()
		s.Reread()
		time.Sleep(2 * api.RefreshPause)
		synctest.Wait()
		if m := mill(t, s); m.Program == nil || *m.Program != "O2" {
			t.Errorf("program %v, want O2 from the store", m.Program)
		}
		if u := hub.Since(before); len(u.Latest) != 1 || u.Latest[0].Item != missed.Latest[0].Item {
			t.Errorf("told to streams: %+v", u)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
}
