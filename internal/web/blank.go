package web

import (
	"time"

	"github.com/factorydash/factorydash/internal/api"
)

// blank gives the empty parts from which the browser makes new ones: they stand
// in <template> elements and are drawn from the same templates as the rest.
type blank struct{ Now time.Time }

// Card is an empty card.
func (b blank) Card() card { return card{Now: b.Now} }

// Group is an agent's group without machines.
func (b blank) Group() group { return group{Agent: "agent", Link: new(api.Agent), Now: b.Now} }

// Path is an empty path.
func (b blank) Path() api.Path { return api.Path{} }

// Condition is an empty condition.
func (b blank) Condition() conditionRow { return conditionRow{Now: b.Now} }

// Entry is an empty entry of the attention list.
func (b blank) Entry() attention { return attention{Now: b.Now} }

// Chart is an empty chart.
func (b blank) Chart() itemRow { return itemRow{Factor: 1, Now: b.Now} }

// Agent is an empty row of the agents.
func (b blank) Agent() agentRow { return agentRow{Now: b.Now} }
