package shdr

import (
	"fmt"
	"strings"
)

// MaxEntries is the most entries, cells counted, of one data set or table.
const MaxEntries = 65_536

// set takes the field of a data set or table.
func (p *parser) set(it *Item) error {
	t := p.next()
	if strings.EqualFold(t.text, Unavailable) {
		it.Value = Unavailable
		return nil
	}
	rest := t.text
	if reset, ok := strings.CutPrefix(rest, ":"); ok {
		i := strings.IndexAny(reset+" ", space)
		it.Reset, rest = strings.ToUpper(reset[:i]), reset[i:]
		if it.Reset == "" {
			return t.errorf("%.40q: no word behind the colon: want something like :DAY", it.Key)
		}
	}
	s := &setParser{text: rest, table: it.Kind == Table}
	it.Entries = s.entries()
	if s.fault != "" {
		return t.errorf("%.40q: %s", it.Key, s.fault)
	}
	return nil
}

// setParser reads the text of a data set or table.
type setParser struct {
	text  string
	table bool
	count int
	fault string // the first one; nothing is read after it
}

func (s *setParser) fail(msg string) {
	if s.fault == "" {
		s.fault = msg
	}
	s.text = ""
}

func (s *setParser) skipSpace() { s.text = strings.TrimLeft(s.text, space) }

func (s *setParser) entries() []Entry {
	var entries []Entry
	for s.skipSpace(); s.text != ""; s.skipSpace() {
		e := Entry{Key: s.key("")}
		switch {
		case s.fault != "":
		case !s.hasValue(""):
			e.Removed = true
		case s.table && s.text[0] != '{':
			s.fail(fmt.Sprintf("row %.40q: must be like r1={a=1 b=2}", e.Key))
		case s.table:
			s.text = s.text[1:]
			e.Cells = s.cells()
		default:
			e.Value = s.value("")
		}
		entries = append(entries, e)
	}
	return entries
}

// cells reads the cells of a row up to its closing brace.
func (s *setParser) cells() []Cell {
	var cells []Cell
	for s.skipSpace(); s.text != ""; s.skipSpace() {
		if s.text[0] == '}' {
			s.text = s.text[1:]
			return cells
		}
		c := Cell{Key: s.key("}")}
		if s.fault == "" && s.hasValue("}") {
			c.Value = s.value("}")
		}
		cells = append(cells, c)
	}
	s.fail("a brace is not closed")
	return nil
}

// key reads up to the equals sign, white space or a character of stop.
func (s *setParser) key(stop string) string {
	i := strings.IndexAny(s.text, "="+space+stop)
	if i < 0 {
		i = len(s.text)
	}
	key := s.text[:i]
	s.text = s.text[i:]
	if s.count++; s.count > MaxEntries {
		s.fail("too many entries")
	}
	if key == "" {
		s.fail("an entry without key")
	}
	return key
}

// hasValue takes the equals sign and reports whether a value follows.
func (s *setParser) hasValue(stop string) bool {
	if !strings.HasPrefix(s.text, "=") {
		return false
	}
	s.text = s.text[1:]
	return s.text != "" && !strings.ContainsAny(s.text[:1], space+stop)
}

// value reads a value, which may be in quotes or braces.
func (s *setParser) value(stop string) string {
	if i := strings.IndexByte(`"'{`, s.text[0]); i >= 0 {
		return s.quoted(`"'}`[i])
	}
	i := strings.IndexAny(s.text, space+stop)
	if i < 0 {
		i = len(s.text)
	}
	value := s.text[:i]
	s.text = s.text[i:]
	return value
}

// quoted reads up to the closing character; a backslash takes the next one as
// it is.
func (s *setParser) quoted(closing byte) string {
	var b strings.Builder
	for i := 1; i < len(s.text); i++ {
		switch c := s.text[i]; c {
		case '\\':
			if i++; i < len(s.text) {
				b.WriteByte(s.text[i])
			}
		case closing:
			s.text = s.text[i+1:]
			return b.String()
		default:
			b.WriteByte(c)
		}
	}
	s.fail("a quote or brace is not closed")
	return ""
}
