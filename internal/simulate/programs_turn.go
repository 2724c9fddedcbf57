package simulate

import "time"

// The program books of lathes, the mill-turn centre and the grinder.

// twinPrograms run on two paths: the upper turret at the main spindle, the
// lower one at the sub spindle.
var twinPrograms = []program{
	{name: "SHAFT-88A.MIN", second: "SHAFT-88B.MIN", comment: "DRIVE SHAFT 88", ops: []operation{
		{tool: 1, speed: 1800, feed: 450, load: 67, shape: steady, moves: turning, passes: 5, lasts: 55 * time.Second},
		{tool: 3, speed: 2400, feed: 360, load: 39, shape: steady, moves: turning, passes: 2, lasts: 38 * time.Second},
		{tool: 5, speed: 900, feed: 1350, load: 48, shape: steady, moves: turning, passes: 8, lasts: 30 * time.Second},
		{path: 1, spindle: 1, tool: 21, speed: 2000, feed: 400, load: 51, shape: falling, moves: turning, passes: 3, lasts: 42 * time.Second},
		{path: 1, spindle: 1, tool: 23, speed: 2600, feed: 310, load: 29, shape: steady, moves: turning, passes: 2, lasts: 36 * time.Second},
	}},
	{name: "FLANGE-12A.MIN", second: "FLANGE-12B.MIN", comment: "FLANGE 12", ops: []operation{
		{tool: 1, speed: 1400, feed: 420, load: 72, shape: falling, moves: turning, passes: 4, lasts: 48 * time.Second},
		{tool: 7, speed: 1100, feed: 165, load: 44, shape: pulsing, moves: turning, passes: 6, lasts: 40 * time.Second, stop: true},
		{path: 1, spindle: 1, tool: 21, speed: 1500, feed: 375, load: 58, shape: falling, moves: turning, passes: 3, lasts: 50 * time.Second},
		{path: 1, spindle: 1, tool: 27, speed: 3000, feed: 240, load: 24, shape: pulsing, moves: turning, passes: 6, lasts: 45 * time.Second},
	}},
	{name: "PINION-07A.MIN", second: "PINION-07B.MIN", comment: "PINION BLANK 07", ops: []operation{
		{tool: 2, speed: 2800, feed: 560, load: 54, shape: steady, moves: turning, passes: 4, lasts: 41 * time.Second},
		{tool: 6, speed: 3200, feed: 320, load: 27, shape: steady, moves: turning, passes: 1, lasts: 22 * time.Second},
		{path: 1, spindle: 1, tool: 22, speed: 3000, feed: 450, load: 46, shape: steady, moves: turning, passes: 3, lasts: 39 * time.Second},
	}},
}

var barPrograms = []program{
	{name: "BUSHING-14.MIN", comment: "BUSHING 14X22", ops: []operation{
		{tool: 1, speed: 3600, feed: 540, load: 43, shape: steady, moves: turning, passes: 2, lasts: 21 * time.Second},
		{tool: 4, speed: 2200, feed: 220, load: 36, shape: pulsing, moves: turning, passes: 4, lasts: 18 * time.Second},
		{tool: 8, speed: 1800, feed: 90, load: 52, shape: falling, moves: turning, passes: 1, lasts: 12 * time.Second},
	}},
	{name: "NIPPLE-G38.MIN", comment: "NIPPLE G3/8", ops: []operation{
		{tool: 1, speed: 4000, feed: 600, load: 40, shape: steady, moves: turning, passes: 3, lasts: 19 * time.Second},
		{tool: 5, speed: 1200, feed: 1800, load: 33, shape: steady, moves: turning, passes: 5, lasts: 14 * time.Second},
		{tool: 2, speed: 4200, feed: 420, load: 25, shape: steady, moves: turning, passes: 1, lasts: 11 * time.Second},
		{tool: 8, speed: 1800, feed: 90, load: 50, shape: falling, moves: turning, passes: 1, lasts: 10 * time.Second},
	}},
	{name: "PIN-6.MIN", comment: "DOWEL PIN 6", ops: []operation{
		{tool: 1, speed: 5000, feed: 500, load: 29, shape: steady, moves: turning, passes: 2, lasts: 16 * time.Second},
		{tool: 8, speed: 2400, feed: 96, load: 41, shape: falling, moves: turning, passes: 1, lasts: 8 * time.Second},
	}},
}

// millTurnPrograms run on two paths: the milling spindle above, the turret
// below; the workpiece turns in the main spindle.
var millTurnPrograms = []program{
	{name: "VALVE_SEAT_1.MPF", second: "VALVE_SEAT_2.MPF", comment: "VALVE SEAT COMPLETE", ops: []operation{
		{tool: 1, speed: 1600, feed: 400, load: 63, shape: falling, moves: turning, passes: 4, lasts: 90 * time.Second},
		{spindle: 1, tool: 5, speed: 7400, feed: 1500, load: 45, shape: steady, moves: contouring, passes: 10, lasts: 160 * time.Second, stop: true},
		{spindle: 1, tool: 9, speed: 3300, feed: 500, load: 37, shape: pulsing, moves: drilling, passes: 8, lasts: 70 * time.Second},
		{path: 1, spindle: 0, tool: 31, speed: 1600, feed: 320, load: 40, shape: steady, moves: turning, passes: 5, lasts: 85 * time.Second},
		{path: 1, spindle: -1, tool: 33, feed: 240, moves: turning, passes: 3, lasts: 60 * time.Second},
	}},
	{name: "SPOOL_40_1.MPF", second: "SPOOL_40_2.MPF", comment: "HYDRAULIC SPOOL 40", ops: []operation{
		{tool: 2, speed: 2100, feed: 420, load: 55, shape: steady, moves: turning, passes: 6, lasts: 130 * time.Second},
		{tool: 3, speed: 2900, feed: 290, load: 24, shape: steady, moves: turning, passes: 2, lasts: 80 * time.Second},
		{spindle: 1, tool: 7, speed: 9200, feed: 1100, load: 31, shape: pulsing, moves: drilling, passes: 12, lasts: 95 * time.Second},
		{path: 1, spindle: 0, tool: 32, speed: 2100, feed: 300, load: 35, shape: steady, moves: turning, passes: 4, lasts: 120 * time.Second},
	}},
}

var grinderPrograms = []program{
	{name: "O0410", comment: "SPINDLE JOURNAL D40", ops: []operation{
		{tool: 1, speed: 1680, feed: 240, load: 46, shape: falling, moves: grinding, passes: 14, lasts: 95 * time.Second},
		{tool: 1, speed: 1680, feed: 80, load: 22, shape: falling, moves: grinding, passes: 8, lasts: 60 * time.Second},
	}},
	{name: "O0455", comment: "BEARING SEAT D62", ops: []operation{
		{tool: 1, speed: 1550, feed: 210, load: 52, shape: falling, moves: grinding, passes: 16, lasts: 130 * time.Second, stop: true},
		{tool: 1, speed: 1550, feed: 60, load: 20, shape: falling, moves: grinding, passes: 9, lasts: 75 * time.Second},
	}},
}
