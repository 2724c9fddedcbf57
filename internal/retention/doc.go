// Package retention looks after what is stored: observations that have settled
// are sealed into blocks, small blocks are put together, what is older than an
// agent's retention is deleted, and what is kept is checked now and then. The
// work itself is the store's (store.Upkeep); what is decided here is when and how
// far. Each method is a short job that can be ended and begun again at any time;
// who calls them keeps the schedule.
package retention
