package main

import (
	"encoding/json"
	"testing"

	"github.com/factorydash/factorydash/internal/api"
)

// A process that does everything tells of itself as the worker, the leader and the
// one that runs the jobs.
func TestServeTellsHowItStands(t *testing.T) {
	p := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--agent", "none=http://127.0.0.1:1/")
	var s api.System
	eventually(t, "a worker with its agent, and jobs that were run", func() bool {
		s = api.System{}
		if err := json.Unmarshal([]byte(get(t, "http://"+p.address()+"/api/v1/system")), &s); err != nil {
			t.Fatal(err)
		}
		return s.Crew != nil && len(s.Crew.Workers) == 1 && len(s.Crew.Workers[0].Agents) == 1 &&
			s.Queue != nil && s.Queue.Leader != nil && len(s.Queue.Jobs) == len(periodicJobs) && s.Queue.Jobs[0].Last != nil
	})
	w := s.Crew.Workers[0]
	if w.Name != s.Queue.Leader.Name || w.Name != s.Queue.Jobs[0].Last.By || !w.Alive || w.Version != s.Version {
		t.Errorf("worker %+v, leader %+v, jobs %+v", w, s.Queue.Leader, s.Queue.Jobs)
	}
	if s.Redis != api.RedisNone || s.Store.Size == nil || len(s.Missing) > 0 {
		t.Errorf("%+v", s)
	}
}
