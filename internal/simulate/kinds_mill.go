package simulate

import "time"

// The kinds of mills.

var mill = kind{
	prefix: "VM", manufacturer: "Halvik", model: "V 850", title: "vertical machining centre",
	control: &controlF, paths: 1,
	axes: []axisSpec{
		{name: "X", home: 0, middle: 420, reach: 260},
		{name: "Y", home: 0, middle: -240, reach: 150},
		{name: "Z", home: 0, middle: -280, reach: 120},
	},
	spindles: []spindleSpec{{name: "S1", maximum: 12000}},
	gauges: []gaugeSpec{
		warm("S1", "spindle_temp", 23, 58, 12*time.Minute),
		warm("X", "x_motor_temp", 24, 46, 20*time.Minute),
		warm("Z", "z_motor_temp", 24, 55, 18*time.Minute),
		warm("coolant", "coolant_temp", 21, 31, 50*time.Minute),
		pressure("hydraulic", "hyd_pressure", 5.9e6, 6.2e6),
	},
	programs: millPrograms,
	loading:  loading{lasts: 70 * time.Second, door: true},
	setup:    20 * time.Minute,
	tooled:   true, coolant: true,
}

var fiveAxisMill = kind{
	prefix: "FX", manufacturer: "Brunnau", model: "U5 630", title: "five-axis machining centre",
	control: &controlS, paths: 1,
	axes: []axisSpec{
		{name: "X", home: 0, middle: 0, reach: 240},
		{name: "Y", home: 300, middle: 0, reach: 240},
		{name: "Z", home: 480, middle: 210, reach: 130},
		{name: "B", rotary: true, home: 0, middle: -30, reach: 75},
		{name: "C", rotary: true, home: 0, middle: 180, reach: 175},
	},
	spindles: []spindleSpec{{name: "S1", maximum: 20000}},
	gauges: []gaugeSpec{
		warm("S1", "spindle_temp", 22, 52, 9*time.Minute),
		warm("B", "b_motor_temp", 23, 49, 25*time.Minute),
		warm("C", "c_motor_temp", 23, 47, 25*time.Minute),
		warm("electric", "cabinet_temp", 27, 36, 70*time.Minute),
		warm("coolant", "coolant_temp", 20, 26, 60*time.Minute),
		pressure("hydraulic", "hyd_pressure", 1.18e7, 1.24e7),
		pressure("pneumatic", "air_pressure", 6.1e5, 5.7e5),
	},
	programs:   fiveAxisPrograms,
	loading:    loading{lasts: 45 * time.Second},
	unattended: true, setup: 32 * time.Minute, dropouts: 1.5,
	vibration: true, tooled: true, coolant: true,
}

var palletMill = kind{
	prefix: "HM", manufacturer: "Kitamori", model: "HP 500", title: "horizontal machining centre with pallet pool",
	control: &controlO, paths: 1,
	axes: []axisSpec{
		{name: "X", home: 0, middle: 360, reach: 240},
		{name: "Y", home: 0, middle: 320, reach: 220},
		{name: "Z", home: 700, middle: 380, reach: 200},
		{name: "B", rotary: true, home: 0, middle: 90, reach: 90},
	},
	spindles: []spindleSpec{{name: "S1", maximum: 10000}},
	gauges: []gaugeSpec{
		warm("S1", "spindle_temp", 23, 57, 11*time.Minute),
		warm("Y", "y_motor_temp", 24, 50, 22*time.Minute),
		warm("coolant", "coolant_temp", 21, 29, 55*time.Minute),
		pressure("hydraulic", "hyd_pressure", 6.8e6, 7.1e6),
	},
	programs:   palletPrograms,
	loading:    loading{lasts: 32 * time.Second},
	unattended: true, setup: 24 * time.Minute,
	tooled: true, coolant: true,
}
