package store

import "time"

// Migration is a step of a store's schema. Every store says the same of its own
// by two functions of its package: Migrations lists them without changing
// anything, and MigrateUp applies those that are not, and gives them.
type Migration struct {
	// Version is the version of the schema after the step.
	Version int64
	// Name is the step's file.
	Name string
	// Applied is when the step was made; zero where it is still to be made.
	Applied time.Time
}
