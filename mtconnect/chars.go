package mtconnect

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// Eight bytes are looked at in one word here: ones repeats a byte in each of
// the eight, high marks the top bit of each.
const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

// hasByte reports (as a word that is not zero) whether one of the eight bytes
// of w is c.
func hasByte(w uint64, c byte) uint64 {
	w ^= ones * uint64(c)
	return (w - ones) &^ w & high
}

// validChars returns how many bytes at the beginning of b are whole characters
// that XML allows, in UTF-8. Where that is less than all, bad says that the
// next character is wrong; otherwise it is not complete yet.
func validChars(b []byte) (n int, bad bool) {
	for n < len(b) {
		n += plainPrefix(b[n:])
		// What stopped the words above, or the last few bytes.
		for stop := min(n+8, len(b)); n < stop; {
			c := b[n]
			if c < utf8.RuneSelf {
				if c < 0x20 && !isSpace(c) {
					return n, true
				}
				n++
				continue
			}
			r, size := utf8.DecodeRune(b[n:])
			if r == utf8.RuneError && size == 1 {
				return n, utf8.FullRune(b[n:])
			}
			if !isChar(r) {
				return n, true
			}
			n += size
		}
	}
	return n, false
}

// plainPrefix returns how many bytes at the beginning of b, in words of eight,
// are ASCII and no control characters.
func plainPrefix(b []byte) (n int) {
	const space = ones * ' '
	for ; len(b)-n >= 32; n += 32 { // four words at once are faster than one
		v := b[n : n+32]
		w0, w1 := binary.LittleEndian.Uint64(v), binary.LittleEndian.Uint64(v[8:])
		w2, w3 := binary.LittleEndian.Uint64(v[16:]), binary.LittleEndian.Uint64(v[24:])
		if (w0|w1|w2|w3|(w0-space)|(w1-space)|(w2-space)|(w3-space))&high != 0 {
			break
		}
	}
	for ; len(b)-n >= 8; n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		if (w|(w-space))&high != 0 {
			break
		}
	}
	return n
}

// isChar reports whether XML 1.0 allows the character (production 2).
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= 0x20 && r <= 0xD7FF ||
		r >= 0xE000 && r <= 0xFFFD ||
		r >= 0x10000 && r <= 0x10FFFF
}

// isSpace reports whether XML 1.0 takes the byte for white space (production
// 3).
func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r'
}

// skipSpace returns where in b, from i on, the white space ends.
func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// trimSpace cuts the white space of XML from both ends.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// plainText reports whether a text means what is written: no entity, no line
// end to normalise, and no bracket, of which three characters in a row would
// be wrong.
func plainText(b []byte) bool {
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		if hasByte(w, '&')|hasByte(w, ']')|hasByte(w, '\r') != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c == '&' || c == ']' || c == '\r' {
			return false
		}
	}
	return true
}

// plainAttribute reports whether the value of an attribute means what is
// written: no entity, no white space to normalise and no '<', which would be
// wrong.
func plainAttribute(b []byte) bool {
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		if hasByte(w, '&')|hasByte(w, '<')|(w-ones*0x20)&^w&high != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c == '&' || c == '<' || c < 0x20 {
			return false
		}
	}
	return true
}

// nameBytes has a bit for each byte that may stand in a name. All bytes beyond
// ASCII do: validName looks at their characters.
var nameBytes = [4]uint64{
	0x3FF<<'0' | 1<<'-' | 1<<'.' | 1<<':',
	0x3FFFFFF<<('A'-64) | 1<<('_'-64) | 0x3FFFFFF<<('a'-64),
	1<<64 - 1,
	1<<64 - 1,
}

// nameLen returns how many bytes at the beginning of b may stand in a name, and
// whether they are letters of ASCII only and so a name without a prefix.
func nameLen(b []byte) (n int, letters bool) {
	for n < len(b) && (b[n]|0x20)-'a' < 26 {
		n++
	}
	if n == len(b) || !isNameByte(b[n]) {
		return n, n > 0
	}
	for n < len(b) && isNameByte(b[n]) {
		n++
	}
	return n, false
}

// isNameByte reports whether a byte may stand in a name.
func isNameByte(c byte) bool { return nameBytes[c>>6]>>(c&63)&1 != 0 }

// validName reports whether bytes that may stand in a name make one, and where
// its prefix ends: at most one colon with a name on either side, as Namespaces
// in XML has it. Prefix is 0 where there is none.
func validName(name []byte) (prefix int, ok bool) {
	begin := true
	for i := 0; i < len(name); {
		c := name[i]
		switch {
		case c == ':':
			if begin || prefix > 0 {
				return 0, false
			}
			prefix = i
			begin = true
			i++
			continue
		case c < utf8.RuneSelf:
			if begin && (c <= '9') { // digits, '-' and '.'
				return 0, false
			}
			i++
		default:
			r, size := utf8.DecodeRune(name[i:])
			if !isNameRune(r, begin) {
				return 0, false
			}
			i += size
		}
		begin = false
	}
	return prefix, !begin
}

// isNameRune reports whether a character beyond ASCII may stand in a name, or
// begin one (XML 1.0, productions 4 and 4a).
func isNameRune(r rune, begin bool) bool {
	switch {
	case r == 0xB7, r >= 0x300 && r <= 0x36F, r == 0x203F, r == 0x2040:
		return !begin
	case r == 0xD7, r == 0xF7, r == 0x37E:
		return false
	}
	return r >= 0xC0 && r <= 0x1FFF ||
		r == 0x200C || r == 0x200D ||
		r >= 0x2070 && r <= 0x218F ||
		r >= 0x2C00 && r <= 0x2FEF ||
		r >= 0x3001 && r <= 0xD7FF ||
		r >= 0xF900 && r <= 0xFDCF ||
		r >= 0xFDF0 && r <= 0xFFFD ||
		r >= 0x10000 && r <= 0xEFFFF
}

// quoted shows the beginning of what was found, for an error.
func quoted(b []byte) string {
	const most = 20
	return strconv.Quote(string(b[:min(len(b), most)]))
}
