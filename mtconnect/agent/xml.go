package agent

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// plainByte tells the bytes that stand for themselves in texts and attributes.
var plainByte = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '<' && c != '>' && c != '&' && c != '"'
	}
	return t
}()

// appendEscaped appends s as it may stand in a text or an attribute. What XML
// cannot hold becomes U+FFFD.
func appendEscaped(b []byte, s string) []byte {
	i := 0
	for i < len(s) && plainByte[s[i]] {
		i++
	}
	if i == len(s) {
		return append(b, s...)
	}
	b = append(b, s[:i]...)
	for i < len(s) {
		c := s[i]
		if plainByte[c] {
			b = append(b, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '"':
			b = append(b, "&quot;"...)
		case r == '\n':
			b = append(b, "&#10;"...)
		case r == '\r':
			b = append(b, "&#13;"...)
		case r == '\t':
			b = append(b, "&#9;"...)
		case r < 0x20 || r == 0xFFFE || r == 0xFFFF:
			b = utf8.AppendRune(b, utf8.RuneError)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// appendAttr appends ` name="value"`.
func appendAttr(b []byte, name, value string) []byte {
	b = append(b, ' ')
	b = append(b, name...)
	b = append(b, '=', '"')
	b = appendEscaped(b, value)
	return append(b, '"')
}

// attr appends an attribute where it has a value.
func attr(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendAttr(b, name, value)
}

// clock formats times. It remembers the second it saw last, since observations
// of one document lie close together.
type clock struct {
	second int64
	text   [len("2006-01-02T15:04:05")]byte
}

// The first and the last second that a timestamp can name; what lies outside
// is served as the nearest of the two.
var (
	minSecond = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	maxSecond = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
)

// appendTime appends a time in microseconds since 1970, without trailing zeros
// in the fraction.
func (c *clock) appendTime(b []byte, micros int64) []byte {
	second, fraction := micros/1e6, micros%1e6
	if fraction < 0 {
		second, fraction = second-1, fraction+1e6
	}
	second = min(max(second, minSecond), maxSecond)
	if second != c.second || c.text[0] == 0 {
		c.second = second
		time.Unix(second, 0).UTC().AppendFormat(c.text[:0], "2006-01-02T15:04:05")
	}
	b = append(b, c.text[:]...)
	if fraction != 0 {
		digits := [7]byte{'.'}
		n := 7
		for i := 6; i > 0; i-- {
			digits[i] = byte('0' + fraction%10)
			fraction /= 10
		}
		for digits[n-1] == '0' {
			n--
		}
		b = append(b, digits[:n]...)
	}
	return append(b, 'Z')
}

// isName reports whether s can name an element or attribute without a prefix.
// It takes ASCII names only, which all of the standard's are.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		inner := '0' <= c && c <= '9' || c == '-' || c == '.'
		if !letter && (i == 0 || !inner) {
			return false
		}
	}
	return s != ""
}

// toName makes a name of what a device model gives as one.
func toName(s string) string {
	if isName(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && isName("a"+string(r)) {
			return r
		}
		return -1
	}, s)
	if !isName(s) {
		s = "Unnamed" + s
	}
	return s
}

// checkElement reports whether raw is one well-formed element.
func checkElement(raw []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(raw))
	depth, elements := 0, 0
	for {
		token, err := dec.Token() // unlike RawToken it wants every element closed
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				elements++
			}
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return errors.New("text beside the element")
			}
		case xml.Directive, xml.ProcInst:
			return errors.New("only elements, texts and comments are allowed")
		}
	}
	if elements != 1 {
		return fmt.Errorf("%d elements where one is wanted", elements)
	}
	return nil
}
