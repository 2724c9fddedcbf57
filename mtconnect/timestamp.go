package mtconnect

import "time"

// clock reads timestamps. It remembers the last minute, since most timestamps
// are of the same minute as the one before.
type clock struct {
	minute [len("2006-01-02T15:04:")]byte
	micros int64 // since 1970, of that minute
}

const (
	microsPerSecond = 1_000_000
	microsPerMinute = 60 * microsPerSecond
	microsPerHour   = 60 * microsPerMinute
)

// parse reads a timestamp of XML Schema (xs:dateTime, years 1 to 9999) into
// microseconds since 1970-01-01 UTC. Without a zone it is taken as UTC; the
// seconds may be missing, digits beyond microseconds are cut.
func (c *clock) parse(b []byte) (micros int64, ok bool) {
	if len(b) < len(c.minute) || [len(c.minute)]byte(b) != c.minute {
		if !c.setMinute(b) {
			return 0, false
		}
	}
	if len(b) == len("2006-01-02T15:04") {
		return c.micros, true
	}
	seconds, rest, ok := cutSeconds(b[len("2006-01-02T15:04"):])
	if !ok {
		return 0, false
	}
	if len(rest) == 1 && rest[0] == 'Z' {
		return c.micros + seconds, true
	}
	zone, ok := parseZone(rest)
	return c.micros + seconds - zone, ok
}

// setMinute reads the date and time up to the minutes.
func (c *clock) setMinute(b []byte) bool {
	const layout = "0000-00-00T00:00"
	if len(b) < len(layout) {
		return false
	}
	for i, want := range []byte(layout) {
		switch got := b[i]; {
		case want == '0':
			if got < '0' || got > '9' {
				return false
			}
		case got != want && (want != 'T' || got != 't' && got != ' '):
			return false
		}
	}
	two := func(i int) int { return int(b[i]-'0')*10 + int(b[i+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute := two(11), two(14)
	if year < 1 || month < 1 || month > 12 || hour > 23 || minute > 59 {
		return false
	}
	date := time.Date(year, time.Month(month), day, hour, minute, 0, 0, time.UTC)
	if date.Day() != day {
		return false // the month has no such day
	}
	clear(c.minute[:])
	copy(c.minute[:], b)
	c.micros = date.UnixMicro()
	return true
}

// cutSeconds reads ":05.999999" into microseconds and returns what follows.
// There may be no fraction, and no seconds at all.
func cutSeconds(b []byte) (micros int64, rest []byte, ok bool) {
	if b[0] != ':' {
		return 0, b, true
	}
	if len(b) < len(":00") {
		return 0, nil, false
	}
	tens, units := b[1]-'0', b[2]-'0'
	if tens > 6 || units > 9 || tens == 6 && units > 0 { // 60 is a leap second
		return 0, nil, false
	}
	micros = (int64(tens)*10 + int64(units)) * microsPerSecond
	b = b[len(":00"):]
	if len(b) == 0 || b[0] != '.' {
		return micros, b, true
	}
	fraction, i := int64(0), 1
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if i <= 6 {
			fraction = fraction*10 + int64(b[i]-'0')
		}
	}
	digits := i - 1
	return micros + fraction*microsOfDigit[min(digits, 6)], b[i:], digits > 0
}

// microsOfDigit is what a unit of the last of so many digits of a fraction is
// worth.
var microsOfDigit = [...]int64{1_000_000, 100_000, 10_000, 1_000, 100, 10, 1}

// parseZone reads a zone, "Z", "+01:00", "+0100" or "+01", into microseconds
// east of UTC. No zone is UTC.
func parseZone(b []byte) (micros int64, ok bool) {
	if len(b) == 0 || len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		return 0, true
	}
	sign := int64(1)
	switch b[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return 0, false
	}
	hours, ok := twoDigits(b[1:], 14)
	minutes := int64(0)
	if rest := b[min(len(b), len("+00")):]; ok && len(rest) > 0 {
		if rest[0] == ':' {
			rest = rest[1:]
		}
		if len(rest) != 2 {
			return 0, false
		}
		minutes, ok = twoDigits(rest, 59)
	}
	return sign * (hours*microsPerHour + minutes*microsPerMinute), ok
}

// twoDigits reads the number, up to most, that b begins with.
func twoDigits(b []byte, most int64) (int64, bool) {
	if len(b) < 2 || b[0]-'0' > 9 || b[1]-'0' > 9 {
		return 0, false
	}
	n := int64(b[0]-'0')*10 + int64(b[1]-'0')
	return n, n <= most
}
