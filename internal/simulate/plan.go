package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/factorydash/factorydash/mtconnect/agent"
)

// order is what a machine has been told to make.
type order struct {
	number               int
	program              *program
	quantity, made, good int
	// proven is true once a part has been made at full speed.
	proven bool
}

// Materials and their like run out this often a day of running.
const materialOutPerDay = 8.0

// plan decides what the machine does next. It is called when there is nothing
// left to do, and gives every path something.
func (m *machine) plan() {
	now := m.agenda.now
	m.watchCoolant()
	staffed := m.calendar.staffed(now)
	pause := m.calendar.breakLeft(now, m.stagger)
	attended := staffed && pause == 0
	worn := m.wornTool()
	switch {
	case !staffed && !m.kind.unattended:
		m.run(m.all(m.idle(m.calendar.untilShift(now) + m.stagger/4)))
	case pause > 0 && !m.kind.unattended:
		m.run(m.all(m.idle(pause)))
	case m.order.made >= m.order.quantity && attended:
		m.run(m.all(m.setUp()...))
	case m.order.made >= m.order.quantity:
		m.run(m.all(m.nextPallet()))
	case worn != 0:
		m.run(m.all(m.changeTool(worn, attended)...))
	case attended && m.behave.within(m.order.program.length(), materialOutPerDay):
		m.run(m.all(m.waitForMaterial()))
	default:
		m.produce(attended)
	}
}

// idle is a step in which nothing happens.
func (m *machine) idle(lasts time.Duration) step {
	return step{lasts: lasts, execution: ready, mode: automatic, override: m.override}
}

func (m *machine) waitForMaterial() step {
	s := m.idle(m.behave.about(10*time.Minute, 0.5))
	s.begin = func() {
		m.adapter.message(m.panel.message, "MAT-01", fmt.Sprintf("WAITING FOR MATERIAL, ORDER %d", m.order.number))
	}
	return s
}

// takeOrder chooses the next order: another program than before, and about two
// hours of it, of long parts two at least.
func (m *machine) takeOrder() {
	programs := m.kind.programs
	n := m.behave.IntN(len(programs))
	if &programs[n] == m.order.program {
		n = (n + 1) % len(programs)
	}
	next := &programs[n]
	lasts := m.behave.about(2*time.Hour, 0.4)
	quantity := max(2, int(lasts/(next.length()+m.kind.loading.lasts)))
	m.order = order{number: 41000 + m.behave.IntN(9000), program: next, quantity: quantity}
	m.selectProgram()
}

func (m *machine) selectProgram() {
	for i, p := range m.paths {
		name := m.order.program.name
		if i > 0 {
			name = m.order.program.second
		}
		m.adapter.event(p.program, name)
		m.adapter.event(p.comment, m.order.program.comment)
	}
	m.adapter.message(m.panel.message, "ORD-10", fmt.Sprintf("ORDER %d: %d PIECES %s", m.order.number, m.order.quantity, m.order.program.comment))
	m.showOffsets()
}

// setUp is the change to the next order by people: clear away, clamp, enter
// offsets by hand, select the program.
func (m *machine) setUp() []step {
	lasts := m.behave.about(m.kind.setup, 0.25)
	part := func(share float64, mode, execution string, begin func()) step {
		return step{
			lasts: time.Duration(share * float64(lasts)), mode: mode, execution: execution,
			override: override{feed: 100, rapid: 25, spindle: 100}, begin: begin,
		}
	}
	return []step{
		part(0.30, manual, ready, func() {
			m.adapter.event(m.panel.functional, "SETUP")
			m.adapter.event(m.panel.door, "OPEN")
		}),
		part(0.25, manual, ready, m.service),
		part(0.15, manualIn, active, func() { m.adapter.event(m.panel.door, "CLOSED") }),
		part(0.15, manual, ready, m.takeOrder),
		part(0.15, automatic, ready, func() {
			m.showCounts("ACTION_COMPLETE")
			m.adapter.event(m.panel.functional, "PRODUCTION")
		}),
	}
}

// service is what people see to while the machine stands: coolant, and tools
// that would not last.
func (m *machine) service() {
	m.refillCoolant()
	for _, number := range slices.Sorted(maps.Keys(m.tools)) {
		if m.tools[number].wear >= wornAt {
			m.replaceTool(number)
		}
	}
}

// nextPallet is the change to the next order without people: what it needs has
// been made ready.
func (m *machine) nextPallet() step {
	s := m.idle(m.behave.about(70*time.Second, 0.3))
	s.end = func() {
		m.takeOrder()
		m.order.proven = true
		m.showCounts("ACTION_COMPLETE")
	}
	return s
}

// produce makes one part.
func (m *machine) produce(attended bool) {
	queues := make([][]step, len(m.paths))
	for i := range m.order.program.ops {
		op := &m.order.program.ops[i]
		queues[op.path] = append(queues[op.path], m.operate(op, (i+1)*100, attended)...)
	}
	lasts := m.pad(queues)
	for _, stop := range m.stops(lasts, attended) {
		for i := range queues {
			queues[i] = interrupt(queues[i], stop.after, stop.steps)
			mute(stop.steps) // the first path has done what there is to do
		}
	}
	m.order.proven = m.order.proven || attended
	unload := m.unload()
	for i, q := range m.all(unload...) {
		queues[i] = append(queues[i], q...)
	}
	m.run(queues)
}

// operate is one operation: fetch the tool, cut, and where the program has an
// optional stop and a person wants it, stop.
func (m *machine) operate(op *operation, block int, attended bool) []step {
	if attended {
		m.turnKnobs()
	}
	s := step{execution: active, mode: automatic, op: op, block: block, override: m.override}
	fetch, cut := s, s
	fetch.lasts = m.behave.about(4500*time.Millisecond, 0.2)
	cut.lasts = time.Duration(float64(m.behave.about(op.lasts, 0.04)) * 100 / float64(m.override.feed))
	cut.to, cut.turns, cut.feeds = 1, true, true
	steps := []step{fetch, cut}
	if op.stop && attended && (!m.order.proven || m.behave.happens(0.25)) {
		look := s
		look.lasts, look.execution, look.from, look.to = m.behave.about(90*time.Second, 0.6), optional, 1, 1
		steps = append(steps, look)
	}
	return steps
}

// turnKnobs is what people do with the overrides: slow for the first part,
// then what each of them thinks right.
func (m *machine) turnKnobs() {
	switch {
	case !m.order.proven:
		m.override = override{feed: pick(m.behave, []int{60, 70, 80}), rapid: 50, spindle: 100}
	case m.override.feed < 80 || m.behave.happens(0.03):
		m.override.feed = pick(m.behave, []int{90, 95, 100, 100, 100, 105, 110, 120})
		m.override.rapid = pick(m.behave, []int{50, 100, 100, 100})
	case m.behave.happens(0.01):
		m.override.spindle = pick(m.behave, []int{90, 95, 100, 100, 105, 110})
	}
}

// unload ends a cycle: the part is counted, taken out and the next one put in.
func (m *machine) unload() []step {
	lasts := m.behave.about(m.kind.loading.lasts, 0.25)
	if !m.kind.loading.door {
		s := step{lasts: lasts, execution: active, mode: automatic, override: m.override, begin: m.countPart}
		return []step{s}
	}
	end := step{lasts: m.behave.about(6*time.Second, 0.5), execution: completed, mode: automatic, override: m.override, begin: m.countPart}
	change := m.idle(lasts)
	change.begin = func() { m.adapter.event(m.panel.door, "OPEN") }
	change.end = func() { m.adapter.event(m.panel.door, "CLOSED") }
	return []step{end, change}
}

func (m *machine) countPart() {
	m.order.made++
	good := m.behave.happens(0.985)
	if good {
		m.order.good++
	}
	m.showCounts("")
	m.wearTools()
	if m.panel.variables != nil {
		m.adapter.entriesChanged(m.panel.variables,
			agent.Entry{Key: "500", Value: strconv.Itoa(m.order.made)},
			agent.Entry{Key: "501", Value: decimal(40+0.004*m.behave.NormFloat64(), 4)},
			agent.Entry{Key: "502", Value: strconv.Itoa(m.order.number)})
	}
}

// showCounts shows the counters, with why they began anew where they did.
func (m *machine) showCounts(reset string) {
	a, o := &m.adapter, &m.order
	a.count(m.panel.total, o.made, reset)
	a.count(m.panel.good, o.good, reset)
	a.count(m.panel.bad, o.made-o.good, reset)
	a.count(m.panel.target, o.quantity, "")
	if reset != "" && m.panel.variables != nil {
		a.entriesChanged(m.panel.variables, agent.Entry{Key: "501", Removed: true})
	}
}

// showOffsets shows the work offsets that have been entered for an order.
func (m *machine) showOffsets() {
	if m.panel.offsets == nil {
		return
	}
	var rows []agent.Entry
	for i := range 2 {
		row := agent.Entry{Key: "G" + strconv.Itoa(54+i)}
		for _, name := range []string{"X", "Y", "Z"} {
			row.Cells = append(row.Cells, agent.Cell{Key: name, Value: decimal(m.behave.between(-400, 400), 3)})
		}
		rows = append(rows, row)
	}
	m.adapter.entriesChanged(m.panel.offsets, rows...)
}

// length is about how long one part takes.
func (p *program) length() time.Duration {
	var paths [2]time.Duration
	for _, op := range p.ops {
		paths[op.path] += op.lasts
	}
	return max(paths[0], paths[1])
}
