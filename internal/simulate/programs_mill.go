package simulate

import "time"

// The program books of mills. Feeds are in millimetres per minute.

var millPrograms = []program{
	{name: "O2201", comment: "HOUSING 4711 OP10", ops: []operation{
		{tool: 1, speed: 4200, feed: 1800, load: 62, shape: steady, moves: facing, passes: 6, lasts: 70 * time.Second},
		{tool: 4, speed: 6800, feed: 2400, load: 48, shape: rising, moves: contouring, passes: 12, lasts: 165 * time.Second},
		{tool: 7, speed: 2600, feed: 520, load: 38, shape: pulsing, moves: drilling, passes: 18, lasts: 95 * time.Second, stop: true},
		{tool: 9, speed: 1100, feed: 1375, load: 55, shape: pulsing, moves: drilling, passes: 8, lasts: 40 * time.Second},
		{tool: 12, speed: 9000, feed: 1500, load: 21, shape: steady, moves: contouring, passes: 4, lasts: 80 * time.Second},
	}},
	{name: "O2202", comment: "HOUSING 4711 OP20", ops: []operation{
		{tool: 1, speed: 4200, feed: 1800, load: 58, shape: steady, moves: facing, passes: 4, lasts: 45 * time.Second},
		{tool: 5, speed: 5400, feed: 1600, load: 52, shape: steady, moves: contouring, passes: 9, lasts: 140 * time.Second},
		{tool: 8, speed: 1900, feed: 380, load: 44, shape: pulsing, moves: drilling, passes: 12, lasts: 75 * time.Second, stop: true},
	}},
	{name: "O1187", comment: "BRACKET LEFT", ops: []operation{
		{tool: 2, speed: 7500, feed: 3200, load: 41, shape: steady, moves: contouring, passes: 8, lasts: 110 * time.Second},
		{tool: 7, speed: 2600, feed: 520, load: 36, shape: pulsing, moves: drilling, passes: 6, lasts: 34 * time.Second},
		{tool: 14, speed: 8200, feed: 900, load: 18, shape: steady, moves: contouring, passes: 2, lasts: 28 * time.Second},
	}},
	{name: "O3050", comment: "MANIFOLD PLATE", ops: []operation{
		{tool: 1, speed: 3900, feed: 1700, load: 66, shape: steady, moves: facing, passes: 8, lasts: 120 * time.Second},
		{tool: 6, speed: 1450, feed: 290, load: 71, shape: pulsing, moves: drilling, passes: 25, lasts: 310 * time.Second, stop: true},
		{tool: 10, speed: 3100, feed: 620, load: 33, shape: pulsing, moves: drilling, passes: 25, lasts: 190 * time.Second},
		{tool: 12, speed: 9000, feed: 1500, load: 22, shape: steady, moves: contouring, passes: 6, lasts: 95 * time.Second},
	}},
}

var fiveAxisPrograms = []program{
	{name: "IMPELLER_A7.MPF", comment: "IMPELLER A7 FINISH", ops: []operation{
		{tool: 3, speed: 8200, feed: 2600, load: 58, shape: rising, moves: contouring, passes: 20, lasts: 540 * time.Second},
		{tool: 6, speed: 14500, feed: 3400, load: 34, shape: steady, moves: contouring, passes: 35, lasts: 780 * time.Second},
		{tool: 11, speed: 18000, feed: 2900, load: 19, shape: steady, moves: contouring, passes: 28, lasts: 460 * time.Second},
	}},
	{name: "BLADE_22.MPF", comment: "BLADE 22 ROUGH AND FINISH", ops: []operation{
		{tool: 3, speed: 7600, feed: 2400, load: 64, shape: falling, moves: contouring, passes: 14, lasts: 420 * time.Second},
		{tool: 8, speed: 12000, feed: 3100, load: 37, shape: steady, moves: contouring, passes: 22, lasts: 530 * time.Second, stop: true},
	}},
	{name: "KNUCKLE_5X.MPF", comment: "STEERING KNUCKLE", ops: []operation{
		{tool: 1, speed: 5200, feed: 2100, load: 69, shape: steady, moves: facing, passes: 7, lasts: 130 * time.Second},
		{tool: 4, speed: 9800, feed: 2800, load: 46, shape: rising, moves: contouring, passes: 16, lasts: 380 * time.Second},
		{tool: 9, speed: 3200, feed: 640, load: 51, shape: pulsing, moves: drilling, passes: 14, lasts: 120 * time.Second, stop: true},
		{tool: 12, speed: 2100, feed: 420, load: 28, shape: steady, moves: drilling, passes: 6, lasts: 70 * time.Second},
	}},
}

var palletPrograms = []program{
	{name: "GEARBOX-30.MIN", comment: "GEARBOX COVER SIDE 1", ops: []operation{
		{tool: 21, speed: 2800, feed: 2200, load: 74, shape: steady, moves: facing, passes: 9, lasts: 210 * time.Second},
		{tool: 24, speed: 3900, feed: 1900, load: 57, shape: rising, moves: contouring, passes: 10, lasts: 330 * time.Second},
		{tool: 28, speed: 1200, feed: 300, load: 63, shape: pulsing, moves: drilling, passes: 20, lasts: 260 * time.Second},
		{tool: 31, speed: 620, feed: 775, load: 58, shape: pulsing, moves: drilling, passes: 16, lasts: 150 * time.Second},
	}},
	{name: "GEARBOX-31.MIN", comment: "GEARBOX COVER SIDE 2", ops: []operation{
		{tool: 21, speed: 2800, feed: 2200, load: 72, shape: steady, moves: facing, passes: 5, lasts: 120 * time.Second},
		{tool: 35, speed: 1600, feed: 160, load: 31, shape: steady, moves: drilling, passes: 3, lasts: 240 * time.Second},
	}},
	{name: "VALVE-BODY.MIN", comment: "VALVE BODY 6-UP", ops: []operation{
		{tool: 22, speed: 5100, feed: 2600, load: 49, shape: steady, moves: contouring, passes: 18, lasts: 410 * time.Second},
		{tool: 27, speed: 2200, feed: 440, load: 42, shape: pulsing, moves: drilling, passes: 25, lasts: 300 * time.Second},
		{tool: 33, speed: 7000, feed: 1400, load: 20, shape: steady, moves: contouring, passes: 12, lasts: 220 * time.Second},
	}},
}
