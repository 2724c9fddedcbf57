package simulate

import "time"

// The coolant tank: what a machine uses up in an hour, below which level it
// asks for more, and to which level it is filled, in per cent of the tank.
const (
	coolantPerHour = 1.4
	coolantAsk     = 30
	coolantFull    = 95
)

// useCoolant takes from the tank what a step has used up.
func (m *machine) useCoolant(s *step) {
	if s.execution == active {
		m.level = max(0, m.level-coolantPerHour*s.lasts.Hours())
	}
}

// watchCoolant asks for coolant when it is low, and has it filled up later.
func (m *machine) watchCoolant() {
	if !m.kind.coolant || m.refill || m.level > coolantAsk {
		return
	}
	m.refill = true
	m.adapter.raise(m.panel.conditions["coolant"], coolantLow)
	m.agenda.after(m.calendar.untilShift(m.agenda.now)+m.behave.about(40*time.Minute, 0.4), m.refillCoolant)
}

// refillCoolant fills the tank.
func (m *machine) refillCoolant() {
	if !m.kind.coolant {
		return
	}
	m.refill = false
	m.level = coolantFull
	m.adapter.sample(m.panel.coolantLevel, m.level)
	m.adapter.clear(m.panel.conditions["coolant"], coolantLow.code)
}
