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
	Name, Href  string
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
// within a program, then what cannot be reached; of each the longest first.
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
			State: plant.NoLink.Slug(), Word: linkWord(a.Link), Name: "Agent " + a.Name,
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
		if urgency(m.State) == 0 || m.State == plant.NoLink.Slug() && away[m.Agent] {
			continue
		}
		list = append(list, attention{
			State: m.State, Word: m.Word, Name: m.Name, Href: "/m/" + url.PathEscape(m.Slug), Reasons: reasonsURL(m),
			Since: m.Since, SinceBefore: m.SinceBefore, Why: reason(m), Retry: m.Retry, Now: now,
		})
	}
	slices.SortStableFunc(list, func(a, b attention) int {
		return cmp.Or(cmp.Compare(urgency(b.State), urgency(a.State)), compareSince(a.Since, b.Since))
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

// urgency is how grave a state is; 0 where nobody needs to come.
func urgency(state string) int {
	switch state {
	case plant.Alarmed.Slug():
		return 3
	case plant.Stopped.Slug():
		return 2
	case plant.NoLink.Slug():
		return 1
	}
	return 0
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
	if m.State == plant.Alarmed.Slug() && len(m.Conditions) > 0 {
		c := m.Conditions[0]
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
