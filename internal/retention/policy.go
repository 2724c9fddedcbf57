package retention

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
)

const (
	// DefaultDays is how many days observations are kept where nothing is said.
	DefaultDays = 30
	// MaxDays is the longest retention that can be set; 0 keeps everything.
	MaxDays = 36_500
)

// Policy says how long observations are kept, by their own timestamps.
type Policy struct {
	// Days is for all agents that have no days of their own; 0 keeps everything.
	Days int
	// Agents has the days of agents by name; 0 keeps everything.
	Agents map[string]int
}

// ParsePolicy reads a retention in days, and exceptions of the form NAME=DAYS.
// Invalid where one is none.
func ParsePolicy(days int, exceptions []string) (Policy, error) {
	p := Policy{Days: days, Agents: make(map[string]int)}
	if days < 0 || days > MaxDays {
		return p, plant.Errorf(plant.Invalid, "--retention-days %d: use 1 to %d, or 0 to keep everything", days, MaxDays)
	}
	for _, text := range exceptions {
		for _, word := range strings.Fields(text) {
			name, value, _ := strings.Cut(word, "=")
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 || n > MaxDays || name == "" {
				return p, plant.Errorf(plant.Invalid, "--agent-retention %q: use NAME=DAYS with 1 to %d days, or 0 to keep everything", word, MaxDays)
			}
			if _, twice := p.Agents[name]; twice {
				return p, plant.Errorf(plant.Invalid, "--agent-retention %s: the agent is named twice", name)
			}
			p.Agents[name] = n
		}
	}
	return p, nil
}

// For gives the days of an agent; 0 keeps everything.
func (p Policy) For(agent string) int {
	if days, ok := p.Agents[agent]; ok {
		return days
	}
	return p.Days
}

// maxNamed is how many agents Misnamed names.
const maxNamed = 20

// Misnamed says for people which agents the policy has days for and that there are
// not, and which there are; it is empty where there are all.
func (p Policy) Misnamed(agents []plant.Agent) string {
	there := make([]string, len(agents))
	for i, a := range agents {
		there[i] = a.Name
	}
	missing := slices.DeleteFunc(slices.Sorted(maps.Keys(p.Agents)), func(name string) bool { return slices.Contains(there, name) })
	switch {
	case len(missing) == 0:
		return ""
	case len(there) == 0:
		return fmt.Sprintf("--agent-retention names %s, and there is no agent yet", strings.Join(missing, ", "))
	}
	more := ""
	if n := len(there) - maxNamed; n > 0 {
		there, more = there[:maxNamed], fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("--agent-retention names %s, and no agent has this name: there are %s%s",
		strings.Join(missing, ", "), strings.Join(there, ", "), more)
}

// Cutoffs gives for each agent the time, in microseconds, before which its
// observations are deleted. An agent of which everything is kept is not in it.
func (p Policy) Cutoffs(agents []plant.Agent, now time.Time) map[plant.AgentID]int64 {
	cutoffs := make(map[plant.AgentID]int64)
	for _, a := range agents {
		if days := p.For(a.Name); days > 0 {
			cutoffs[a.ID] = now.Add(-time.Duration(days) * 24 * time.Hour).UnixMicro()
		}
	}
	return cutoffs
}
