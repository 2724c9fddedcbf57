package simulate

import (
	"crypto/sha1"
	"fmt"
	"strconv"

	"github.com/factorydash/factorydash/mtconnect"
)

// build makes the device model and the signals of a machine. What a component
// is called is the same on all machines; which data items it has depends on
// the kind and on the idiom.
func (m *machine) build() {
	b := newModeler(m.name, &m.adapter)
	m.panel.conditions = make(map[string]*signal)
	m.panel.available = b.event(b.root, "avail", "AVAILABILITY", "")
	m.panel.conditions["system"] = b.condition(b.root, "system", "SYSTEM")
	if m.kind.tooled {
		m.panel.assetChanged = b.event(b.root, "asset_changed", "ASSET_CHANGED", "")
		m.panel.assetRemoved = b.event(b.root, "asset_removed", "ASSET_REMOVED", "")
	}
	m.buildAxes(b)
	m.buildController(b)
	m.buildSystems(b)
	m.device = b.device(uuid(m.name), m.idiom.schema, mtconnect.Description{
		Manufacturer: m.kind.manufacturer, Model: m.kind.model,
		SerialNumber: fmt.Sprintf("%s%05d", m.kind.prefix, 10000+m.behave.IntN(80000)),
		Text:         m.kind.manufacturer + " " + m.kind.model + ", " + m.kind.title,
	})
}

// uuid gives the machine's universal id: equal for equal names.
func uuid(name string) string {
	h := sha1.Sum([]byte("factorydash simulated machine " + name))
	h[6], h[8] = h[6]&0x0f|0x50, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func (m *machine) buildAxes(b *modeler) {
	axes := b.component(b.root, "Axes", "axes")
	for _, spec := range m.kind.axes {
		x := &axis{axisSpec: spec}
		if spec.rotary {
			n := b.component(axes, "Rotary", spec.name)
			x.position = b.sample(n, spec.name+"_angle", "ANGLE", "ACTUAL", "DEGREE", 2, 0.5)
			x.load = b.sample(n, spec.name+"_load", "LOAD", "", "PERCENT", 0, 2)
			x.condition = b.condition(n, spec.name+"_cond", "ACTUATOR")
		} else {
			n := b.component(axes, "Linear", spec.name)
			x.position = b.sample(n, spec.name+"_pos", "POSITION", "ACTUAL", "MILLIMETER", 3, 0.05)
			x.load = b.sample(n, spec.name+"_load", "LOAD", "", "PERCENT", 0, 2)
			x.condition = b.condition(n, spec.name+"_cond", "ACTUATOR")
		}
		m.axes = append(m.axes, x)
	}
	for _, spec := range m.kind.spindles {
		n := b.component(axes, "Rotary", spec.name)
		s := &spindle{spindleSpec: spec}
		s.speed = b.sample(n, spec.name+"_speed", m.idiom.spindleSpeed, "ACTUAL", "REVOLUTION/MINUTE", 0, 2)
		s.load = b.sample(n, spec.name+"_load", "LOAD", "", "PERCENT", 1, 1)
		s.condition = b.condition(n, spec.name+"_cond", "SYSTEM")
		m.spindles = append(m.spindles, s)
	}
	if m.kind.vibration && m.idiom.structured {
		m.panel.vibration = b.item(b.byName[m.kind.spindles[0].name], mtconnect.DataItem{
			Category: mtconnect.Sample, Name: "spindle_vibration", Type: "ACCELERATION",
			Units: "MILLIMETER/SECOND^2", Representation: mtconnect.TimeSeries, SampleRate: vibrationRate,
		})
	}
}

func (m *machine) buildController(b *modeler) {
	c := b.component(b.root, "Controller", "controller")
	m.panel.emergency = b.event(c, "estop", "EMERGENCY_STOP", "")
	m.panel.message = b.event(c, "message", "MESSAGE", "")
	if m.idiom.functionalMode {
		m.panel.functional = b.event(c, "functional_mode", "FUNCTIONAL_MODE", "")
	}
	m.panel.conditions["logic"] = b.condition(c, "logic", "LOGIC_PROGRAM")
	m.panel.conditions["communications"] = b.condition(c, "comms", "COMMUNICATIONS")
	if m.idiom.equipmentTimers {
		m.panel.powered = b.sample(c, "powered_time", "EQUIPMENT_TIMER", "POWERED", "SECOND", 0, 0)
		m.panel.operating = b.sample(c, "operating_time", "EQUIPMENT_TIMER", "OPERATING", "SECOND", 0, 0)
		m.panel.working = b.sample(c, "working_time", "EQUIPMENT_TIMER", "WORKING", "SECOND", 0, 0)
	} else {
		m.panel.powered = b.sample(c, "total_time", "ACCUMULATED_TIME", "x:TOTAL", "SECOND", 0, 0)
		m.panel.operating = b.sample(c, "auto_time", "ACCUMULATED_TIME", "x:AUTO", "SECOND", 0, 0)
		m.panel.working = b.sample(c, "cut_time", "ACCUMULATED_TIME", "x:CUT", "SECOND", 0, 0)
	}
	if m.idiom.structured {
		m.panel.variables = b.item(c, mtconnect.DataItem{
			Category: mtconnect.Event, Name: "variables", Type: "VARIABLE", Representation: mtconnect.DataSet,
		})
		m.panel.offsets = b.item(c, mtconnect.DataItem{
			Category: mtconnect.Event, Name: "work_offsets", Type: "WORK_OFFSET", Representation: mtconnect.Table,
		})
	}
	for i := range m.kind.paths {
		m.buildPath(b, b.component(c, "Path", "path"+strconv.Itoa(i+1)), i)
	}
}

func (m *machine) buildPath(b *modeler, n *node, number int) {
	p := &path{machine: m, number: number}
	name := func(s string) string {
		if m.kind.paths == 1 {
			return s
		}
		return "p" + strconv.Itoa(number+1) + "_" + s
	}
	p.execution = b.event(n, name("execution"), "EXECUTION", "")
	p.mode = b.event(n, name("mode"), "CONTROLLER_MODE", "")
	p.program = b.event(n, name("program"), "PROGRAM", "")
	p.comment = b.event(n, name("program_comment"), "PROGRAM_COMMENT", "")
	p.line = b.event(n, name("line"), m.idiom.line, "")
	if m.kind.tooled {
		p.tool = b.event(n, name("tool"), m.idiom.tool, "")
	}
	p.feedrate = b.sample(n, name("feed"), "PATH_FEEDRATE", "ACTUAL", "MILLIMETER/SECOND", 4, m.kind.topFeed()*0.002)
	p.position = b.item(n, mtconnect.DataItem{
		Category: mtconnect.Sample, Name: name("path_pos"), Type: "PATH_POSITION", SubType: "ACTUAL", Units: "MILLIMETER_3D",
	})
	m.buildOverrides(b, n, p, name)
	m.panel.conditions[motionOf(number)] = b.condition(n, name("motion"), "MOTION_PROGRAM")
	if number == 0 {
		m.buildCounters(b, n)
	}
	m.paths = append(m.paths, p)
}

// motionOf names the condition of a path's programs.
func motionOf(path int) string {
	if path == 0 {
		return "motion"
	}
	return "motion" + strconv.Itoa(path+1)
}

func (m *machine) buildOverrides(b *modeler, n *node, p *path, name func(string) string) {
	if m.idiom.overrideSamples {
		p.feedOverride = b.sample(n, name("feed_ovr"), "PATH_FEEDRATE", "OVERRIDE", "PERCENT", 0, 1)
		if len(m.kind.spindles) > 0 {
			p.spindleOverride = b.sample(n, name("spindle_ovr"), m.idiom.spindleSpeed, "OVERRIDE", "PERCENT", 0, 1)
		}
		return
	}
	event := func(s, typ, subType string) *signal {
		return b.item(n, mtconnect.DataItem{
			Category: mtconnect.Event, Name: name(s), Type: typ, SubType: subType, Units: "PERCENT",
		})
	}
	p.feedOverride = event("feed_ovr", "PATH_FEEDRATE_OVERRIDE", "PROGRAMMED")
	p.rapidOverride = event("rapid_ovr", "PATH_FEEDRATE_OVERRIDE", "RAPID")
	if len(m.kind.spindles) > 0 {
		p.spindleOverride = event("spindle_ovr", "ROTARY_VELOCITY_OVERRIDE", "")
	}
}

func (m *machine) buildCounters(b *modeler, n *node) {
	if !m.idiom.partSubTypes {
		m.panel.total = b.event(n, "part_count", "PART_COUNT", "")
		return
	}
	m.panel.total = b.event(n, "parts_all", "PART_COUNT", "ALL")
	m.panel.good = b.event(n, "parts_good", "PART_COUNT", "GOOD")
	m.panel.bad = b.event(n, "parts_bad", "PART_COUNT", "BAD")
	m.panel.target = b.event(n, "parts_target", "PART_COUNT", "TARGET")
}

func (m *machine) buildSystems(b *modeler) {
	if m.kind.coolant {
		n := b.system("coolant")
		m.panel.conditions["coolant"] = b.condition(n, "coolant_cond", "SYSTEM")
		m.panel.coolantLevel = b.sample(n, "coolant_level", "FILL_LEVEL", "", "PERCENT", 1, 0.3)
	}
	for _, spec := range m.kind.gauges {
		n := b.system(spec.on)
		g := &gauge{gaugeSpec: spec, spindle: -1, every: max(1, int(spec.seconds/baseInterval.Seconds()))}
		g.reading = b.sample(n, spec.name, spec.typ, spec.subType, spec.units, spec.digits, spec.delta)
		for i, s := range m.kind.spindles {
			if s.name == spec.on {
				g.spindle = i
			}
		}
		for _, x := range m.kind.axes {
			if x.name == spec.on {
				g.path = x.path
			}
		}
		if spec.on == "hydraulic" && m.panel.conditions["hydraulic"] == nil {
			m.panel.conditions["hydraulic"] = b.condition(n, "hydraulic_cond", "SYSTEM")
		}
		m.gauges = append(m.gauges, g)
	}
	if m.kind.loading.door {
		m.panel.door = b.event(b.component(b.root, "Door", "door"), "door_state", "DOOR_STATE", "")
	}
}
