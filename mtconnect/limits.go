package mtconnect

import "math"

// Limits bound what a reader accepts of one document. A field that is zero or
// less means the default. Documents that are read whole (all but Streams) have
// 262,144 elements and 1,048,576 attributes at most, whatever the limits.
type Limits struct {
	// Document is the most bytes a document may have, after decompression
	// (default 64 MiB).
	Document int64
	// Whole is the most bytes that a client accepts of a document that it holds
	// in memory whole: devices, assets, errors, and Streams documents in JSON
	// (default 16 MiB, and never more than Document).
	Whole int64
	// Token is the most bytes that one tag with its attributes, one text, or in
	// JSON one string, number or list of values may have (default 1 MiB).
	Token int
	// Depth is how deep elements, or in JSON values, may be nested (default 64).
	Depth int
	// Attributes is the most attributes an element may have (default 64).
	Attributes int
	// Entries is the most entries, cells counted, that one data set or table
	// may have (default 65,536).
	Entries int
	// Interned is the most distinct strings (ids, names, codes) of up to 256
	// bytes that a reader remembers between documents; beyond it strings are
	// allocated anew (default 65,536).
	Interned int
}

// withDefaults returns the limits with the default in each field that has none.
func (l Limits) withDefaults() Limits {
	setDefault(&l.Document, 64<<20)
	setDefault(&l.Whole, 16<<20)
	setDefault(&l.Token, 1<<20)
	setDefault(&l.Depth, 64)
	setDefault(&l.Attributes, 64)
	setDefault(&l.Entries, 65_536)
	setDefault(&l.Interned, 65_536)
	// Sums with what is beyond all limits must not overflow.
	l.Document = min(l.Document, math.MaxInt64/2)
	l.Token = min(l.Token, math.MaxInt/2)
	return l
}

// whole returns the limits of a document that is held in memory whole.
func (l Limits) whole() Limits {
	l = l.withDefaults()
	l.Document = min(l.Document, l.Whole)
	return l
}

// setDefault sets a limit that is none.
func setDefault[T int | int64](limit *T, otherwise T) {
	if *limit <= 0 {
		*limit = otherwise
	}
}
