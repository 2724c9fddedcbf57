package simulate

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/factorydash/factorydash/mtconnect/agent"
)

// baseInterval is how often a machine is measured at the usual rate; usualRate
// is about how many observations a second a machine then gives.
const (
	baseInterval = 2 * time.Second
	usualRate    = 2.5
)

// What is read less often than at every measurement.
const (
	positionEvery  = 2
	axisLoadEvery  = 3
	slowEvery      = 30
	vibrationEvery = 15
)

// vibrationRate is in samples a second, vibrationCount how many one
// observation holds.
const (
	vibrationRate  = 1000
	vibrationCount = 16
)

// measure reads everything that can be measured, each signal when it is its
// turn.
func (m *machine) measure() {
	m.ticks++
	for _, p := range m.paths {
		m.measurePath(p)
	}
	for i, x := range m.axes {
		m.measureAxis(i, x)
	}
	seconds := m.interval.Seconds()
	for i, g := range m.gauges {
		m.follow(g, seconds)
		if (m.ticks+i)%g.every == 0 {
			m.adapter.sample(g.reading, g.value+g.noise*m.noise.NormFloat64())
		}
	}
	m.count(seconds)
	if m.panel.vibration != nil && m.ticks%vibrationEvery == 0 {
		m.measureVibration()
	}
}

// measurePath reads what a path does as a whole.
func (m *machine) measurePath(p *path) {
	m.measureDrives(p)
	s := &p.step
	if s.op == nil {
		return
	}
	f := p.share()
	if s.feeds {
		m.adapter.event(p.line, strconv.Itoa(s.block+int(f*90)))
	}
	if s.feeds && m.ticks%positionEvery == 0 {
		m.measurePosition(p, f)
	}
}

// measureDrives reads feed and spindles of a path. It is also done when a step
// begins, so that what stops is seen to stop at once.
func (m *machine) measureDrives(p *path) {
	s := &p.step
	feed := 0.0
	p.work = 0
	if s.feeds {
		f := p.share()
		feed = s.op.feed / 60 * float64(s.override.feed) / 100 * (1 + 0.01*m.noise.NormFloat64())
		p.work = s.op.load / 100 * s.op.shape.at(f, s.op.passes) * m.dullness(s.op.tool) * float64(s.override.feed) / 100
	}
	m.adapter.sample(p.feedrate, feed)
	for i, sp := range m.spindles {
		if m.drives(p, i) {
			m.measureSpindle(sp, p, i)
		}
	}
}

// drives reports whether a path has the say over a spindle now: the one whose
// operation turns it, or else the one to which it belongs.
func (m *machine) drives(p *path, spindle int) bool {
	for _, other := range m.paths {
		if s := &other.step; s.turns && s.op != nil && s.op.spindle == spindle {
			return other == p
		}
	}
	return m.spindles[spindle].path == p.number
}

func (m *machine) measureSpindle(sp *spindle, p *path, number int) {
	s := &p.step
	sp.turning, sp.working = 0, 0
	if s.turns && s.op != nil && s.op.spindle == number {
		sp.turning = min(sp.maximum, s.op.speed*float64(s.override.spindle)/100)
		sp.working = 0.04 + p.work
	}
	speed, load := sp.turning, 100*sp.working
	if speed > 0 {
		speed *= 1 + 0.0006*m.noise.NormFloat64()
		load += 1.2 * m.noise.NormFloat64()
	}
	m.adapter.sample(sp.speed, speed)
	m.adapter.sample(sp.load, min(150, max(0, load)))
}

// dullness is by how much a worn tool needs more force.
func (m *machine) dullness(number int) float64 {
	if t := m.tools[number]; t != nil {
		return 1 + 0.35*t.wear
	}
	return 1
}

// where gives the position of an axis.
func (m *machine) where(x *axis, number int) float64 {
	s := &m.paths[x.path].step
	if s.op == nil {
		return x.home
	}
	if !s.feeds && s.to == 0 { // the tool is being fetched
		return x.home
	}
	return x.middle + x.reach*s.op.moves.at(number, m.paths[x.path].share(), s.op.passes)
}

func (m *machine) measureAxis(i int, x *axis) {
	if (m.ticks+i)%positionEvery == 0 {
		m.adapter.sample(x.position, m.where(x, m.numberInPath(i)))
	}
	if (m.ticks+i)%axisLoadEvery == 0 {
		p := m.paths[x.path]
		load := 3 + 2*float64(i)
		if p.step.feeds {
			load += 14 + 30*p.work/float64(1+m.numberInPath(i)) + 1.5*m.noise.NormFloat64()
		}
		m.adapter.sample(x.load, max(0, load))
	}
}

// numberInPath counts the axes of the same path before an axis.
func (m *machine) numberInPath(i int) (n int) {
	for _, other := range m.axes[:i] {
		if other.path == m.axes[i].path {
			n++
		}
	}
	return n
}

// measurePosition reads where the tool of a path is in space.
func (m *machine) measurePosition(p *path, f float64) {
	var point [3]float64
	for i, x := range m.axes {
		if n := m.numberInPath(i); x.path == p.number && n < len(point) {
			point[n] = x.middle + x.reach*p.step.op.moves.at(n, f, p.step.op.passes)
		}
	}
	text := make([]byte, 0, 32)
	for i, v := range point {
		if i > 0 {
			text = append(text, ' ')
		}
		text = append(text, decimal(v, 3)...)
	}
	m.adapter.event(p.position, string(text))
}

// follow brings a gauge nearer to where it is drawn.
func (m *machine) follow(g *gauge, seconds float64) {
	g.value += (m.drawn(g) - g.value) * (1 - math.Exp(-seconds/g.lag.Seconds()))
}

// drawn is the value that a gauge would reach if all went on as it is.
func (m *machine) drawn(g *gauge) float64 {
	p := m.paths[g.path]
	work := p.work
	switch {
	case g.cuts && p.step.feeds:
		work = 0.6 + 0.5*p.work
	case g.cuts:
		work = 0
	case g.spindle >= 0:
		work = m.spindles[g.spindle].working
	case p.step.feeds:
		work = 0.25 + 0.6*p.work
	}
	return g.rest + (g.work-g.rest)*work
}

// warmUp sets the gauges to what they read in the middle of a day's work.
func (m *machine) warmUp() {
	for _, g := range m.gauges {
		g.value = g.rest + (g.work-g.rest)*m.noise.between(0.3, 0.6)
		m.adapter.sample(g.reading, g.value)
	}
	m.adapter.sample(m.panel.coolantLevel, m.level)
}

// count counts the hours of the machine.
func (m *machine) count(seconds float64) {
	m.times.powered += seconds
	if m.paths[0].step.execution == active {
		m.times.operating += seconds
	}
	if m.paths[0].step.feeds {
		m.times.working += seconds
	}
	if m.ticks%slowEvery == 1 {
		a := &m.adapter
		a.sample(m.panel.powered, m.times.powered)
		a.sample(m.panel.operating, m.times.operating)
		a.sample(m.panel.working, m.times.working)
		a.sample(m.panel.coolantLevel, m.level)
	}
}

// measureVibration reads a short stretch of the vibration of the first
// spindle while it cuts.
func (m *machine) measureVibration() {
	sp := m.spindles[0]
	if sp.working == 0 {
		return
	}
	turns := sp.turning / 60 / vibrationRate
	var b strings.Builder
	for i := range vibrationCount {
		if i > 0 {
			b.WriteByte(' ')
		}
		v := 900*sp.working*math.Sin(2*math.Pi*turns*float64(i)) + 60*m.noise.NormFloat64()
		b.WriteString(decimal(v, 1))
	}
	m.adapter.tell(m.panel.vibration, b.String(), vibrationDetail)
}

// vibrationDetail says how many values a time series has, and how fast they
// were taken.
var vibrationDetail = &agent.Detail{Attributes: []agent.Attribute{
	{Name: "sampleCount", Value: strconv.Itoa(vibrationCount)},
	{Name: "sampleRate", Value: strconv.Itoa(vibrationRate)},
}}
