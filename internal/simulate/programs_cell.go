package simulate

import "time"

// The program books of the wire EDM and the robot cell. Neither turns a
// spindle.

var wirePrograms = []program{
	{name: "PUNCH-204", comment: "PUNCH 204 MAIN CUT AND 2 TRIMS", ops: []operation{
		{spindle: -1, feed: 3.8, load: 78, moves: wiring, passes: 1, lasts: 52 * time.Minute},
		{spindle: -1, feed: 7.2, load: 45, moves: wiring, passes: 1, lasts: 24 * time.Minute},
		{spindle: -1, feed: 9.5, load: 22, moves: wiring, passes: 1, lasts: 17 * time.Minute},
	}},
	{name: "DIE-PLATE-9", comment: "DIE PLATE 9 FOUR OPENINGS", ops: []operation{
		{spindle: -1, feed: 3.1, load: 84, moves: wiring, passes: 4, lasts: 88 * time.Minute},
		{spindle: -1, feed: 6.4, load: 41, moves: wiring, passes: 4, lasts: 46 * time.Minute},
	}},
	{name: "GAUGE-17", comment: "GAUGE INSERT 17", ops: []operation{
		{spindle: -1, feed: 4.4, load: 70, moves: wiring, passes: 1, lasts: 26 * time.Minute},
		{spindle: -1, feed: 8.8, load: 28, moves: wiring, passes: 1, lasts: 13 * time.Minute},
	}},
}

var robotPrograms = []program{
	{name: "CELL_TEND_12", comment: "TEND 12 PICK WASH PLACE", ops: []operation{
		{spindle: -1, feed: 48000, load: 35, moves: reaching, passes: 2, lasts: 14 * time.Second},
		{spindle: -1, feed: 18000, load: 35, moves: reaching, passes: 1, lasts: 22 * time.Second},
		{spindle: -1, feed: 48000, load: 35, moves: reaching, passes: 2, lasts: 16 * time.Second},
		{spindle: -1, feed: 30000, load: 35, moves: reaching, passes: 3, lasts: 31 * time.Second},
	}},
	{name: "CELL_DEBURR_4", comment: "DEBURR 4 WITH FORCE CONTROL", ops: []operation{
		{spindle: -1, feed: 36000, load: 35, moves: reaching, passes: 2, lasts: 12 * time.Second},
		{spindle: -1, feed: 6000, load: 35, moves: reaching, passes: 6, lasts: 58 * time.Second},
		{spindle: -1, feed: 36000, load: 35, moves: reaching, passes: 2, lasts: 13 * time.Second},
	}},
}
