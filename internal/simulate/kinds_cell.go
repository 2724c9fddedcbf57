package simulate

import "time"

// The kinds of machines that do not turn a spindle.

var wireEDM = kind{
	prefix: "WE", manufacturer: "Sorelle", model: "W 400", title: "wire EDM",
	control: &controlF, paths: 1,
	axes: []axisSpec{
		{name: "X", home: 0, middle: 200, reach: 60},
		{name: "Y", home: 0, middle: 150, reach: 55},
		{name: "Z", home: 250, middle: 80, reach: 2},
		{name: "U", home: 0, middle: 0, reach: 8},
		{name: "V", home: 0, middle: 0, reach: 8},
	},
	gauges: []gaugeSpec{
		{
			on: "generator", name: "gap_voltage", typ: "VOLTAGE", subType: "ACTUAL", units: "VOLT", rest: 0, work: 62,
			lag: time.Second, noise: 1.8, digits: 1, delta: 1, seconds: 2, cuts: true,
		},
		{
			on: "generator", name: "gap_current", typ: "AMPERAGE", subType: "ACTUAL", units: "AMPERE", rest: 0, work: 24,
			lag: time.Second, noise: 0.9, digits: 1, delta: 0.5, seconds: 2, cuts: true,
		},
		{
			on: "wire", name: "wire_speed", typ: "VELOCITY", units: "MILLIMETER/SECOND", rest: 0, work: 190,
			lag: 2 * time.Second, noise: 1.5, digits: 0, delta: 2, seconds: 4, cuts: true,
		},
		{
			on: "wire", name: "wire_tension", typ: "x:WIRE_TENSION", units: "NEWTON", rest: 0, work: 14,
			lag: 2 * time.Second, noise: 0.15, digits: 2, delta: 0.12, seconds: 2, cuts: true,
		},
		{
			on: "dielectric", name: "conductivity", typ: "CONDUCTIVITY", units: "SIEMENS/METER", rest: 0.0005, work: 0.0018,
			lag: 30 * time.Minute, noise: 0.00002, digits: 5, delta: 0.00002, seconds: 10, cuts: true,
		},
		warm("dielectric", "dielectric_temp", 20, 24, 40*time.Minute),
	},
	programs:   wirePrograms,
	loading:    loading{lasts: 4 * time.Minute, door: true},
	unattended: true, setup: 28 * time.Minute,
}

var robotCell = kind{
	prefix: "RC", manufacturer: "Veldra", model: "Cell 60", title: "robot cell",
	control: &controlS, paths: 1,
	axes: []axisSpec{
		{name: "A1", rotary: true, middle: 0, reach: 110},
		{name: "A2", rotary: true, home: -90, middle: -60, reach: 45},
		{name: "A3", rotary: true, home: 90, middle: 80, reach: 50},
		{name: "A4", rotary: true, middle: 0, reach: 100},
		{name: "A5", rotary: true, middle: 30, reach: 70},
		{name: "A6", rotary: true, middle: 0, reach: 160},
	},
	gauges: []gaugeSpec{
		warm("A1", "a1_motor_temp", 24, 51, 20*time.Minute),
		warm("A2", "a2_motor_temp", 24, 58, 18*time.Minute),
		warm("A3", "a3_motor_temp", 24, 55, 18*time.Minute),
		pressure("pneumatic", "air_pressure", 6.2e5, 5.5e5),
	},
	programs:   robotPrograms,
	loading:    loading{lasts: 9 * time.Second},
	unattended: true, setup: 15 * time.Minute, dropouts: 2.5,
}
