package mtconnect

import "bytes"

// run is how the observation before was written. Agents send the observations
// of a data item one after the other and differing in timestamp, sequence and
// value only, so mostly the next one need not be taken apart: where its other
// bytes are the same, so is what they say, and that they are well-formed.
type run struct {
	// fixed are the bytes around the two slots, from the white space before
	// the tag to the '>' at its end. There is no run where they are empty.
	fixed [3][]byte
	// sequenceFirst says that the first slot is the sequence and not the
	// timestamp.
	sequenceFirst bool
	// end is the end tag.
	end    []byte
	source []byte // what fixed and end are parts of
}

// reset begins another document and keeps the memory, unless it is much.
func (r *run) reset() { *r = run{source: reuse(r.source, keptBytes)} }

// stop makes the next observation be taken apart.
func (r *run) stop() { r.fixed[0] = nil }

// start takes the observation whose start tag s has just taken as the pattern
// of the next ones.
func (r *run) start(s *scanner) {
	r.stop()
	if s.selfClosed {
		return
	}
	tag := s.buf[s.pos-s.tagLen : s.pos]
	var timestamp, sequence attribute
	for _, a := range s.attrs {
		switch string(a.name) {
		case "timestamp":
			timestamp = a
		case "sequence":
			sequence = a
		}
	}
	r.sequenceFirst = sequence.at < timestamp.at
	first, second := timestamp, sequence
	if r.sequenceFirst {
		first, second = sequence, timestamp
	}
	if !bytes.HasPrefix(tag[first.at:], first.value) || !bytes.HasPrefix(tag[second.at:], second.value) {
		return // written with entities
	}

	space := s.pos - s.tagLen
	for space > 0 && isSpace(s.buf[space-1]) {
		space--
	}
	r.source = append(r.source[:0], s.buf[space:s.pos]...)
	r.source = append(r.source, "</"...)
	r.source = append(r.source, s.name...)
	r.source = append(r.source, '>')

	begin := s.pos - s.tagLen - space
	r.fixed[0] = r.source[:begin+first.at]
	r.fixed[1] = r.source[begin+first.at+len(first.value) : begin+second.at]
	r.fixed[2] = r.source[begin+second.at+len(second.value) : begin+s.tagLen]
	r.end = r.source[begin+s.tagLen:]
}

// repeat reads the next observation into o where it is in the window as a whole
// and written like the one before, which is in o still. It reports false, and
// has done nothing, in all other cases.
func (x *xmlStreams) repeat() bool {
	r := &x.run
	if len(r.fixed[0]) == 0 {
		return false
	}
	whole := x.s.bytes()
	b, ok := bytes.CutPrefix(whole, r.fixed[0])
	if !ok {
		return false
	}
	var sequence uint64
	var micros int64
	if r.sequenceFirst {
		sequence, b = cutUint(b)
	} else if micros, b, ok = x.cutTimestamp(b, r.fixed[1][0]); !ok {
		return false
	}
	if b, ok = bytes.CutPrefix(b, r.fixed[1]); !ok {
		return false
	}
	if !r.sequenceFirst {
		sequence, b = cutUint(b)
	} else if micros, b, ok = x.cutTimestamp(b, r.fixed[2][0]); !ok {
		return false
	}
	if b, ok = bytes.CutPrefix(b, r.fixed[2]); !ok || sequence == 0 {
		return false
	}
	tag := len(whole) - len(b)
	n := bytes.IndexByte(b, '<')
	if n < 0 || !plainText(b[:n]) || !bytes.HasPrefix(b[n:], r.end) || tag+n >= x.s.limits.Token {
		return false
	}
	x.o.Time, x.o.Sequence, x.o.Value = micros, sequence, trimSpace(b[:n])
	x.s.take(tag + n + len(r.end))
	return true
}

// cutTimestamp reads the timestamp up to the quote at its end.
func (x *xmlStreams) cutTimestamp(b []byte, quote byte) (micros int64, rest []byte, ok bool) {
	n := bytes.IndexByte(b, quote)
	if n < 0 {
		return 0, nil, false
	}
	micros, ok = x.clock.parse(b[:n])
	return micros, b[n:], ok
}

// cutUint reads the digits that b begins with, 0 where there are none or so
// many that they might not fit.
func cutUint(b []byte) (n uint64, rest []byte) {
	const safe = 19
	for i, c := range b {
		d := c - '0'
		if d > 9 {
			return n, b[i:]
		}
		if i == safe {
			break
		}
		n = n*10 + uint64(d)
	}
	return 0, b
}
