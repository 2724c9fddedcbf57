package simulate

import "time"

// kind is a kind of machine: what it is made of and what it is used for.
type kind struct {
	// prefix begins the names of its machines.
	prefix                     string
	manufacturer, model, title string
	control                    *control
	// paths is how many programs it runs at the same time, 1 or 2.
	paths    int
	axes     []axisSpec
	spindles []spindleSpec
	gauges   []gaugeSpec
	programs []program
	// loading is how parts come and go between cycles.
	loading loading
	// unattended is true where it goes on when nobody is there.
	unattended bool
	// setup is how long it takes to change from one order to the next.
	setup time.Duration
	// dropouts is how often a day its adapter loses its connection.
	dropouts float64
	// vibration is true where it measures the vibration of its first spindle
	// as a time series.
	vibration bool
	// tooled is true where its tools wear and are known as assets.
	tooled bool
	// coolant is true where it has a tank whose level falls.
	coolant bool
}

// topFeed is the highest feed of its programs, in millimetres per second.
func (k *kind) topFeed() (feed float64) {
	for _, p := range k.programs {
		for _, op := range p.ops {
			feed = max(feed, op.feed/60)
		}
	}
	return feed
}

// axisSpec is an axis that positions.
type axisSpec struct {
	name   string
	rotary bool
	path   int
	// home is where it parks, middle where it works and reach how far to
	// either side, in millimetres or degrees.
	home, middle, reach float64
}

// spindleSpec is an axis that turns.
type spindleSpec struct {
	name string
	path int
	// maximum is its highest speed in revolutions per minute.
	maximum float64
}

// loading is how parts come into a machine.
type loading struct {
	lasts time.Duration
	// door is true where a person opens the door for it.
	door bool
}

// gaugeSpec is something measured that follows what the machine does with a
// lag of the first order.
type gaugeSpec struct {
	// on names the component: one of the axes or spindles, or a system.
	on string
	// name and the rest describe the data item.
	name, typ, subType, units string
	// rest is the value while nothing runs, work the one at full load.
	rest, work float64
	// lag is the time constant.
	lag   time.Duration
	noise float64
	// digits are those after the point; smaller changes than delta are left
	// out.
	digits int
	delta  float64
	// seconds is how often it is read.
	seconds float64
	// cuts is true where it follows cutting rather than load.
	cuts bool
}

// warm is a temperature in degrees Celsius.
func warm(on, name string, rest, work float64, lag time.Duration) gaugeSpec {
	return gaugeSpec{
		on: on, name: name, typ: "TEMPERATURE", units: "CELSIUS",
		rest: rest, work: work, lag: lag, noise: 0.05, digits: 1, delta: 0.3, seconds: 10,
	}
}

// pressure is a pressure in pascals.
func pressure(on, name string, rest, work float64) gaugeSpec {
	return gaugeSpec{
		on: on, name: name, typ: "PRESSURE", units: "PASCAL",
		rest: rest, work: work, lag: 3 * time.Second, noise: work * 0.01, digits: 0, delta: work * 0.015, seconds: 10,
		cuts: true,
	}
}
