// Package shdr reads and writes SHDR, the lines of text in which adapters tell
// an MTConnect agent what a machine says:
//
//	2014-09-29T23:59:33.460470Z|execution|ACTIVE|line|12
//	2014-09-29T23:59:33.460470Z|htemp|WARNING|HTEMP|1|HIGH|Oil temperature high
//
// It knows text only. How many fields belong to a key depends on the data item
// behind it, which the caller tells by a [Lookup].
//
// Alarms, which the standard replaced by conditions in 1.1, and relative
// timestamps are not read.
package shdr
