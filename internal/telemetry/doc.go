// Package telemetry is what factorydash says about itself: its log, the
// registry of its metrics and the version it was built from.
package telemetry
