package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/api"
	"github.com/factorydash/factorydash/internal/plant"
)

// attention is an entry of the list of what needs somebody.
type attention struct {
	State, Word string
	// Gravity is how much somebody is needed.
	Gravity    int
	Name, Href string
	// Reasons is the address of the page that explains the state; empty for an agent.
	Reasons string
	Since   *time.Time
	// SinceBefore is true where it began before anything that is stored.
	SinceBefore bool
	// Why says more, such as the first condition or why the link is down.
	Why   string
	Retry *time.Time
	// Machines counts what is not known because of an agent that is away.
	Machines int
	Now      time.Time
}

// needAttention lists what needs somebody: alarms, then machines that stopped
// within a program, then those with a fault that does not stop them, then what
// cannot be reached; of each the longest first.
// Machines that are unknown because their agent is away make one entry.
func needAttention(machines []api.Machine, agents []api.Agent, now time.Time) []attention {
	var list []attention
	away := make(map[string]bool)
	for _, a := range agents {
		if !needsLink(a) {
			continue
		}
		away[a.Name] = true
		e := attention{
			State: plant.NoLink.Slug(), Gravity: graveNoLink, Word: linkWord(a.Link), Name: "Agent " + a.Name,
			Href: "/agents/" + url.PathEscape(a.Name), Why: causeText(a.Error), Machines: a.Machines, Now: now,
		}
		if !a.Since.IsZero() {
			e.Since = &a.Since
		}
		if !a.Retry.IsZero() {
			e.Retry = &a.Retry
		}
		list = append(list, e)
	}
	for _, m := range machines {
		grave := gravity(m)
		if grave == 0 || grave == graveNoLink && away[m.Agent] {
			continue
		}
		e := attention{
			State: m.State, Gravity: grave, Word: m.Word, Name: m.Name, Href: "/m/" + url.PathEscape(m.Slug), Reasons: reasonsURL(m),
			Since: m.Since, SinceBefore: m.SinceBefore, Why: reason(m), Retry: m.Retry, Now: now,
		}
		if grave == graveFault {
			e.Word, e.Since, e.SinceBefore = m.Word+", fault", &fault(m).Since, false
		}
		list = append(list, e)
	}
	slices.SortStableFunc(list, func(a, b attention) int {
		return cmp.Or(cmp.Compare(b.Gravity, a.Gravity), compareSince(a.Since, b.Since))
	})
	return list
}

// reasonsURL is the address of the page that explains a machine's state; empty
// where it comes from the link, which the agent's page explains.
func reasonsURL(m api.Machine) string {
	if m.State == plant.NoLink.Slug() {
		return ""
	}
	return "/m/" + url.PathEscape(m.Slug) + "/why"
}

// How much somebody is needed.
const (
	graveNoLink = 1 + iota
	graveFault
	graveStopped
	graveAlarm
)

// gravity is how much somebody is needed at a machine; 0 where nobody is.
func gravity(m api.Machine) int {
	switch {
	case m.State == plant.Alarmed.Slug():
		return graveAlarm
	case m.State == plant.Stopped.Slug():
		return graveStopped
	case m.State == plant.NoLink.Slug():
		return graveNoLink
	case fault(m) != nil:
		return graveFault
	}
	return 0
}

// fault is the oldest fault that is active on a machine; nil where there is none.
func fault(m api.Machine) *api.Condition {
	var oldest *api.Condition
	for i := range m.Conditions {
		if c := &m.Conditions[i]; c.Level == plant.LevelFault.String() && (oldest == nil || c.Since.Before(oldest.Since)) {
			oldest = c
		}
	}
	return oldest
}

// needsLink reports whether an agent is away, and not merely being connected
// for the first time.
func needsLink(a api.Agent) bool {
	return a.Link == plant.LinkDown || a.Link == plant.LinkWaiting || !a.Link.Up() && a.Error != ""
}

// reason says in a few words what is the matter with a machine.
func reason(m api.Machine) string {
	if m.State == plant.NoLink.Slug() {
		return causeText(m.LinkError)
	}
	var parts []string
	if c := fault(m); c != nil {
		parts = append(parts, strings.TrimSpace(c.NativeCode+" "+cmp.Or(c.Text, wordText(c.Type))))
	} else if m.Execution != nil {
		parts = append(parts, wordText(*m.Execution))
	}
	if m.Program != nil && *m.Program != "" {
		parts = append(parts, *m.Program)
	}
	return strings.Join(parts, " · ")
}

// compareSince puts the earlier first and what has no beginning last.
func compareSince(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
