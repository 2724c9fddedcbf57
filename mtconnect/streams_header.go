package mtconnect

import (
	"strconv"
	"time"
)

// setAttribute takes one attribute of a header as a Streams document has it.
// Sequences and the instance must be numbers, since what is captured depends on
// them; a time that cannot be read counts as missing. Attributes that have no
// field are passed over.
func (h *Header) setAttribute(name, value []byte, names *interner) (ok bool) {
	number := func(field *uint64) bool {
		n, ok := parseUint(value)
		*field = n
		return ok
	}
	switch string(name) {
	case "sender":
		h.Sender = names.string(value)
	case "version":
		h.Version = names.string(value)
	case "creationTime":
		h.CreationTime = headerTime(value)
	case "deviceModelChangeTime":
		h.DeviceModelChangeTime = headerTime(value)
	case "testIndicator":
		h.TestIndicator = string(value) == "true" || string(value) == "1"
	case "instanceId":
		return number(&h.InstanceID)
	case "bufferSize":
		return number(&h.BufferSize)
	case "firstSequence":
		return number(&h.FirstSequence)
	case "lastSequence":
		return number(&h.LastSequence)
	case "nextSequence":
		return number(&h.NextSequence)
	case "assetBufferSize":
		return number(&h.AssetBufferSize)
	case "assetCount":
		return number(&h.AssetCount)
	}
	return true
}

// headerTime reads a time, zero where it is none.
func headerTime(value []byte) time.Time {
	var c clock
	micros, ok := c.parse(value)
	if !ok {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// parseUint reads a number of digits only, up to 2^64-1. White space around it
// does not count.
func parseUint(b []byte) (n uint64, ok bool) {
	b = trimSpace(b)
	const safe = 19 // digits that cannot overflow
	if len(b) == 0 || len(b) > safe {
		n, err := strconv.ParseUint(string(b), 10, 64)
		return n, err == nil && b[0] != '+'
	}
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}
