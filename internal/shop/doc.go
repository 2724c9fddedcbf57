// Package shop is what people say of their plant and no machine can tell: when
// its shifts are, which machines stand together, what a cycle should take and how
// states are to be understood. It comes from one JSON file, which is checked as a
// whole and read again when it changes.
package shop
