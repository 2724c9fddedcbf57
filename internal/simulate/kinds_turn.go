package simulate

import "time"

// The kinds of lathes, the mill-turn centre and the grinder.

var twinLathe = kind{
	prefix: "TL", manufacturer: "Kitamori", model: "LT 300 Twin", title: "lathe with two spindles and two turrets",
	control: &controlO, paths: 2,
	axes: []axisSpec{
		{name: "X1", home: 280, middle: 60, reach: 45},
		{name: "Z1", home: 520, middle: 160, reach: 110},
		{name: "X2", path: 1, home: 280, middle: 55, reach: 40},
		{name: "Z2", path: 1, home: -480, middle: -150, reach: 100},
	},
	spindles: []spindleSpec{{name: "S1", maximum: 4500}, {name: "S2", path: 1, maximum: 4500}},
	gauges: []gaugeSpec{
		warm("S1", "s1_temp", 24, 61, 10*time.Minute),
		warm("S2", "s2_temp", 24, 58, 10*time.Minute),
		warm("coolant", "coolant_temp", 22, 33, 45*time.Minute),
		pressure("hydraulic", "chuck_pressure", 2.4e6, 2.5e6),
	},
	programs:   twinPrograms,
	loading:    loading{lasts: 14 * time.Second},
	unattended: true, setup: 28 * time.Minute, dropouts: 0.7,
	tooled: true, coolant: true,
}

var barLathe = kind{
	prefix: "BL", manufacturer: "Kitamori", model: "B 42", title: "lathe with bar feeder",
	control: &controlO, paths: 1,
	axes: []axisSpec{
		{name: "X", home: 180, middle: 24, reach: 20},
		{name: "Z", home: 260, middle: 40, reach: 35},
	},
	spindles: []spindleSpec{{name: "S1", maximum: 6000}},
	gauges: []gaugeSpec{
		warm("S1", "spindle_temp", 24, 55, 8*time.Minute),
		warm("coolant", "coolant_temp", 22, 32, 40*time.Minute),
		pressure("hydraulic", "chuck_pressure", 2.2e6, 2.3e6),
	},
	programs:   barPrograms,
	loading:    loading{lasts: 5 * time.Second},
	unattended: true, setup: 18 * time.Minute,
	tooled: true, coolant: true,
}

var millTurn = kind{
	prefix: "MT", manufacturer: "Brunnau", model: "MT 65 Duo", title: "mill-turn centre with two paths",
	control: &controlS, paths: 2,
	axes: []axisSpec{
		{name: "X1", home: 420, middle: 120, reach: 90},
		{name: "Y1", home: 0, middle: 0, reach: 60},
		{name: "Z1", home: 900, middle: 330, reach: 240},
		{name: "B1", rotary: true, home: 0, middle: 45, reach: 60},
		{name: "X2", path: 1, home: 240, middle: 60, reach: 45},
		{name: "Z2", path: 1, home: 800, middle: 300, reach: 210},
	},
	spindles: []spindleSpec{{name: "S1", maximum: 5000}, {name: "S3", maximum: 12000}},
	gauges: []gaugeSpec{
		warm("S1", "s1_temp", 23, 57, 11*time.Minute),
		warm("S3", "s3_temp", 23, 50, 9*time.Minute),
		warm("B1", "b1_motor_temp", 23, 46, 25*time.Minute),
		warm("coolant", "coolant_temp", 21, 30, 50*time.Minute),
		pressure("hydraulic", "hyd_pressure", 7.9e6, 8.3e6),
	},
	programs:   millTurnPrograms,
	loading:    loading{lasts: 22 * time.Second},
	unattended: true, setup: 32 * time.Minute, dropouts: 0.5,
	tooled: true, coolant: true,
}

var grinder = kind{
	prefix: "GR", manufacturer: "Dorwald", model: "CG 400", title: "cylindrical grinder with loader",
	control: &controlF, paths: 1,
	axes: []axisSpec{
		{name: "X", home: 250, middle: 60, reach: 40},
		{name: "Z", home: 0, middle: 140, reach: 95},
	},
	spindles: []spindleSpec{{name: "WHEEL", maximum: 2100}},
	gauges: []gaugeSpec{
		warm("WHEEL", "wheel_motor_temp", 23, 49, 14*time.Minute),
		warm("coolant", "coolant_temp", 20, 24, 60*time.Minute),
		{
			on: "WHEEL", name: "acoustic", typ: "SOUND_LEVEL", units: "DECIBEL", rest: 48, work: 92,
			lag: 2 * time.Second, noise: 0.6, digits: 1, delta: 1.5, seconds: 4, cuts: true,
		},
		pressure("hydraulic", "hyd_pressure", 3.9e6, 4.2e6),
	},
	programs:   grinderPrograms,
	loading:    loading{lasts: 20 * time.Second},
	unattended: true, setup: 28 * time.Minute,
	coolant: true,
}
