package mtconnect

// Limits bound what a reader accepts of one document. A zero field means the
// default.
type Limits struct {
	// Document is the most bytes a document may have, after decompression
	// (default 64 MiB).
	Document int64
	// Token is the most bytes that one tag with its attributes, or one text,
	// may have (default 1 MiB).
	Token int
	// Depth is how deep elements may be nested (default 64).
	Depth int
	// Attributes is the most attributes an element may have (default 64).
	Attributes int
	// Entries is the most entries, cells counted, that one data set or table
	// may have (default 65,536).
	Entries int
	// Interned is the most distinct strings (ids, names, codes) that a reader
	// remembers between documents; beyond it strings are allocated anew
	// (default 65,536).
	Interned int
}

// withDefaults returns the limits with the default in each field that is zero.
func (l Limits) withDefaults() Limits {
	if l.Document == 0 {
		l.Document = 64 << 20
	}
	if l.Token == 0 {
		l.Token = 1 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Attributes == 0 {
		l.Attributes = 64
	}
	if l.Entries == 0 {
		l.Entries = 65_536
	}
	if l.Interned == 0 {
		l.Interned = 65_536
	}
	return l
}
