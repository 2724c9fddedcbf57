package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// systemBody is what the page of the system shows.
type systemBody struct {
	api.System
	Now time.Time
}

func (s *site) system(w http.ResponseWriter, r *http.Request) {
	system, err := s.views.System(r.Context())
	if err != nil {
		s.fail(w, r, fmt.Errorf("system: %w", err))
		return
	}
	body := systemBody{system, s.now()}
	s.draw(w, r, http.StatusOK, "system", page{Title: "System", Nav: "system", Script: "system.js", Body: body, Data: system})
}

// Alive counts the workers that live.
func (b systemBody) Alive() int {
	n := 0
	for _, w := range b.Crew.Workers {
		if w.Alive {
			n++
		}
	}
	return n
}

// maxUnheld is how many agents that no worker captures are named.
const maxUnheld = 20

// Unheld gives the first of the agents that no worker captures.
func (b systemBody) Unheld() []string { return b.Crew.Unheld[:min(maxUnheld, len(b.Crew.Unheld))] }

// MoreUnheld counts the agents that no worker captures and that are not named.
func (b systemBody) MoreUnheld() int { return len(b.Crew.Unheld) - len(b.Unheld()) }

// Retry gives the command that has a task tried again; none where its queue is
// within the process, which no command reaches.
func (b systemBody) Retry(task string) string {
	if b.Redis != api.RedisReachable {
		return ""
	}
	return "factorydash jobs retry " + task
}

// Unlisted counts the failed tasks that are not among those listed.
func (b systemBody) Unlisted() int { return max(0, b.Queue.Depth.Failed-len(b.Queue.Failed)) }

// moment is a time and the present, for a template that tells it.
type moment struct{ Time, Now time.Time }

func newMoment(t, now time.Time) moment { return moment{t, now} }

// Full gives the date, the time and the zone.
func (m moment) Full() string { return fullText(m.Time, m.Now) }
