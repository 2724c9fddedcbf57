package simulate

import (
	"time"

	"github.com/factorydash/factorydash/mtconnect"
)

// machine is one machine at work. It is not safe for concurrent use.
type machine struct {
	name     string
	kind     *kind
	idiom    *idiom
	calendar calendar
	// stagger is by how much its people take their breaks later than others.
	stagger time.Duration
	// skew is by how much the clock of its agent is fast.
	skew time.Duration
	// interval is how often it is measured.
	interval time.Duration

	agenda agenda
	// behave decides what happens, noise how it is measured: how often is
	// measured does not change what happens.
	behave, noise chance

	device  mtconnect.Device
	adapter adapter
	// assets are those that have changed and that the agent has not taken yet.
	assets []mtconnect.Asset

	paths    []*path
	axes     []*axis
	spindles []*spindle
	gauges   []*gauge
	panel    panel

	order    order
	override override
	tools    map[int]*tool
	// level is how full the coolant tank is, in per cent; refill is true while
	// somebody has been told.
	level  float64
	refill bool
	// ticks counts the measurements.
	ticks int
	times usage
}

// panel is the signals that a machine has once.
type panel struct {
	available, emergency, message, functional, door *signal
	assetChanged, assetRemoved                      *signal
	variables, offsets, vibration, coolantLevel     *signal
	total, good, bad, target                        *signal
	powered, operating, working                     *signal
	// conditions are by what alarms are raised on.
	conditions map[string]*signal
}

// axis is an axis that positions.
type axis struct {
	axisSpec
	position, load, condition *signal
}

// spindle is an axis that turns.
type spindle struct {
	spindleSpec
	speed, load, condition *signal
	// turning is its speed and working its load as they are, without noise.
	turning, working float64
}

// gauge is a reading that follows with a lag.
type gauge struct {
	gaugeSpec
	reading *signal
	value   float64
	every   int
	// path is the path whose work it follows; spindle the number of the
	// spindle, −1 for none.
	path, spindle int
}

// usage is how long a machine has been used in its life, in seconds.
type usage struct{ powered, operating, working float64 }

// override is what the knobs stand at, in per cent.
type override struct{ feed, rapid, spindle int }

// machineConfig is what a machine starts from.
type machineConfig struct {
	name     string
	kind     *kind
	idiom    *idiom
	seed     uint64
	start    time.Time
	zone     *time.Location
	skew     time.Duration
	interval time.Duration
}

// connectDelay is how long after the start of its agent an adapter connects.
const connectDelay = 1200 * time.Millisecond

// newMachine makes a machine that begins its work at the start, with its agent.
func newMachine(c machineConfig) *machine {
	m := &machine{
		name: c.name, kind: c.kind, idiom: c.idiom, calendar: calendar{c.zone}, skew: c.skew, interval: c.interval,
		behave: newChance(c.seed, c.name+"/behaviour"), noise: newChance(c.seed, c.name+"/noise"),
		tools:    make(map[int]*tool),
		override: override{feed: 100, rapid: 100, spindle: 100},
	}
	m.agenda.now = c.start.UnixMicro()
	m.adapter.clock = &m.agenda
	m.stagger = time.Duration(m.behave.IntN(4)) * 5 * time.Minute
	m.level = m.behave.between(45, 95)
	m.times = usage{powered: m.behave.between(2e7, 6e7)}
	m.times.operating = m.times.powered * m.behave.between(0.6, 0.8)
	m.times.working = m.times.operating * m.behave.between(0.5, 0.7)
	m.build()

	m.begin()
	m.agenda.after(0, m.adapter.disconnect)
	m.agenda.after(connectDelay, m.adapter.connect)
	m.agenda.after(connectDelay, m.dropOut)
	m.agenda.after(time.Duration(m.noise.Int64N(int64(m.interval))), func() { m.agenda.every(m.interval, m.measure) })
	return m
}

// begin puts the machine into the middle of an order.
func (m *machine) begin() {
	a := &m.adapter
	a.event(m.panel.available, "AVAILABLE")
	a.event(m.panel.emergency, "ARMED")
	a.event(m.panel.door, "CLOSED")
	a.event(m.panel.functional, "PRODUCTION")
	for _, s := range a.signals {
		if s.category == mtconnect.Condition {
			a.reset(s)
		}
	}
	m.fillMagazine()
	m.takeOrder()
	m.order.made = m.behave.IntN(m.order.quantity)
	m.order.good = m.order.made
	m.showCounts("")
	m.warmUp()
	m.plan()
}

// dropOut loses the connection of the adapter from time to time.
func (m *machine) dropOut() {
	if m.kind.dropouts == 0 {
		return
	}
	untilNext := time.Duration(m.behave.ExpFloat64() * 24 / m.kind.dropouts * float64(time.Hour))
	away := m.behave.about(90*time.Second, 0.8)
	m.agenda.after(untilNext, func() {
		m.adapter.disconnect()
		m.agenda.after(away, func() {
			m.adapter.connect()
			m.dropOut()
		})
	})
}
