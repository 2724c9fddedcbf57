package mtconnect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// jsonText is a JSON document that is held whole and known to be well-formed.
// What reads it may rely on that: a string has its end, an object its brace.
// Values are named by the place where they begin.
type jsonText struct {
	data   []byte
	begin  int // where the document begins: behind its byte order mark
	limits Limits
	// keys are the keys of the objects that are being read, outermost first.
	keys [][]byte
	// read and end are where the value that was gone through last began and
	// ended, so that it need not be passed over a second time.
	read, end int
}

const (
	// manyKeys is from how many keys on an object's keys are looked up rather
	// than compared one by one.
	manyKeys = 32
	// maxKeys is how many keys an object may have that is not passed over: they
	// are kept while it is read.
	maxKeys = 1 << 17
)

// newJSONText checks that data is one JSON value within the limits.
func newJSONText(data []byte, limits Limits) (*jsonText, error) {
	j := &jsonText{data: data, limits: limits, read: -1}
	if bytes.HasPrefix(data, []byte(byteOrderMark)) {
		j.begin = len(byteOrderMark)
	}
	if int64(len(data)) > limits.Document {
		return nil, j.fault(int(limits.Document), "document is longer than %d bytes", limits.Document)
	}
	if err := j.checkLimits(); err != nil {
		return nil, err
	}
	if !json.Valid(data[j.begin:]) {
		return nil, j.invalid()
	}
	if !utf8.Valid(data) {
		return nil, j.fault(validUTF8(data), "not UTF-8")
	}
	return j, nil
}

// invalid says why the document is not well-formed.
func (j *jsonText) invalid() error {
	var raw json.RawMessage
	err := json.Unmarshal(j.data[j.begin:], &raw)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return j.fault(j.begin, "%v", err)
	}
	return j.fault(j.begin+int(max(0, syntax.Offset-1)), "%v", syntax)
}

// validUTF8 gives the number of bytes before the first that is not UTF-8.
func validUTF8(data []byte) int {
	n := 0
	for n < len(data) {
		r, size := utf8.DecodeRune(data[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// checkLimits checks the depth and the length of strings. It does so before
// anything else looks at the document.
func (j *jsonText) checkLimits() error {
	depth := 0
	for i := 0; i < len(j.data); i++ {
		switch j.data[i] {
		case '{', '[':
			if depth++; depth > j.limits.Depth {
				return j.fault(i, "values are nested deeper than %d", j.limits.Depth)
			}
		case '}', ']':
			depth--
		case '"':
			end := j.skipString(i)
			if end-i > j.limits.Token {
				return j.fault(i, "a string is longer than %d bytes", j.limits.Token)
			}
			i = end - 1
		}
	}
	return nil
}

// fault makes the error for the byte at pos.
func (j *jsonText) fault(pos int, format string, args ...any) error {
	before := j.data[:min(pos, len(j.data))]
	return &SyntaxError{
		Offset: int64(len(before)),
		Line:   bytes.Count(before, []byte{'\n'}) + 1,
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Msg:    fmt.Sprintf(format, args...),
	}
}

// skipSpace gives the place of the first byte from pos on that is no space.
func (j *jsonText) skipSpace(pos int) int {
	for pos < len(j.data) && isSpace(j.data[pos]) {
		pos++
	}
	return pos
}

// skipString gives the place behind the string at pos.
func (j *jsonText) skipString(pos int) int {
	for pos++; ; {
		n := bytes.IndexByte(j.data[pos:], '"')
		if n < 0 {
			return len(j.data)
		}
		end := pos + n
		escapes := 0
		for end-escapes > pos && j.data[end-escapes-1] == '\\' {
			escapes++
		}
		pos = end + 1
		if escapes%2 == 0 {
			return pos
		}
	}
}

// skipValue gives the place behind the value at pos.
func (j *jsonText) skipValue(pos int) int {
	depth := 0
	for pos < len(j.data) {
		switch j.data[pos] {
		case '"':
			pos = j.skipString(pos)
		case '{', '[':
			depth++
			pos++
			continue
		case '}', ']':
			depth--
			pos++
		case ',', ':', ' ', '\t', '\r', '\n':
			pos++
			continue
		default:
			pos = j.skipLiteral(pos)
		}
		if depth == 0 {
			return pos
		}
	}
	return pos
}

// skipLiteral gives the place behind the number or word at pos.
func (j *jsonText) skipLiteral(pos int) int {
	for pos < len(j.data) {
		switch j.data[pos] {
		case ',', ':', ']', '}', ' ', '\t', '\r', '\n':
			return pos
		}
		pos++
	}
	return pos
}

// object reports whether the value at pos is an object.
func (j *jsonText) object(pos int) bool { return j.data[pos] == '{' }

// scalar reports whether the value at pos is neither an object nor an array.
func (j *jsonText) scalar(pos int) bool { return j.data[pos] != '{' && j.data[pos] != '[' }

// text gives the value at pos as the text that XML has for it: strings decoded
// and without the white space around them, numbers and truth values as written,
// null as nothing, and an array as its values with spaces between.
func (j *jsonText) text(pos int) ([]byte, error) {
	switch j.data[pos] {
	case '"':
		s, err := j.string(pos)
		return trimSpace(s), err
	case '[':
		return j.list(pos)
	case '{':
		return nil, j.fault(pos, "want a text, a number or a list of them, got an object")
	case 'n':
		return nil, nil
	default:
		end := j.skipLiteral(pos)
		if end-pos > j.limits.Token {
			return nil, j.fault(pos, "a number is longer than %d bytes", j.limits.Token)
		}
		return j.data[pos:end], nil
	}
}

// list gives the values of the array at pos with spaces between.
func (j *jsonText) list(pos int) ([]byte, error) {
	var b []byte
	for it := j.items(pos); it.next(); {
		if c := j.data[it.value]; c == '[' || c == '{' {
			return nil, j.fault(it.value, "want a text or a number in a list of values")
		}
		item, err := j.text(it.value)
		if err != nil {
			return nil, err
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		if b = append(b, item...); len(b) > j.limits.Token {
			return nil, j.fault(pos, "a list is longer than %d bytes", j.limits.Token)
		}
	}
	return b, nil
}

// string decodes the string at pos. A character that XML does not allow, which
// stands in JSON as an escape, becomes U+FFFD: what is read has the same
// characters in both forms.
func (j *jsonText) string(pos int) ([]byte, error) {
	raw := j.data[pos:j.skipString(pos)]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, j.fault(pos, "%v", err)
	}
	return []byte(strings.Map(func(r rune) rune {
		if !isChar(r) {
			return utf8.RuneError
		}
		return r
	}, s)), nil
}

// jsonItems goes through the values of an array, or through a value that
// stands for an array of itself alone.
type jsonItems struct {
	j *jsonText
	// value is the place of the current value.
	value int

	begin, at   int
	array, done bool
}

// items goes through the array at pos.
func (j *jsonText) items(pos int) jsonItems {
	if j.data[pos] == '[' {
		return jsonItems{j: j, begin: pos, at: pos + 1, array: true}
	}
	return jsonItems{j: j, at: pos}
}

// next goes on to the next value and reports whether there is one.
func (it *jsonItems) next() bool {
	if it.done {
		return false
	}
	if !it.array {
		it.value, it.done = it.at, true
		return true
	}
	if it.value > 0 {
		it.at = it.j.behind(it.value)
	}
	it.at = it.j.skipSpace(it.at)
	if it.j.data[it.at] == ']' {
		it.done = true
		it.j.read, it.j.end = it.begin, it.at+1
		return false
	}
	it.value = it.at
	return true
}

// behind gives the place behind the value at pos and the comma that may follow.
func (j *jsonText) behind(pos int) int {
	end := j.end
	if j.read != pos {
		end = j.skipValue(pos)
	}
	end = j.skipSpace(end)
	if j.data[end] == ',' {
		end++
	}
	return end
}

// jsonMembers goes through the members of an object and refuses a key that
// comes twice. Objects within the object are gone through to their ends in
// between, or not at all.
type jsonMembers struct {
	j *jsonText
	// key is the current key, decoded, and value the place of its value.
	key   []byte
	value int
	// err is why next reported no further member, nil at the end.
	err error

	begin, at int
	done      bool
	base      int // where the object's keys begin in j.keys
	seen      map[string]struct{}
}

// members goes through the object at pos. A value of another kind has none.
func (j *jsonText) members(pos int) jsonMembers {
	return jsonMembers{j: j, begin: pos, done: j.data[pos] != '{', base: len(j.keys)}
}

// next goes on to the next member and reports whether there is one.
func (m *jsonMembers) next() bool {
	j := m.j
	switch {
	case m.done:
		return false
	case m.value > 0:
		m.at = j.behind(m.value)
	default:
		m.at = m.begin + 1
	}
	m.at = j.skipSpace(m.at)
	if j.data[m.at] == '}' {
		m.done = true
		j.keys = j.keys[:m.base]
		j.read, j.end = m.begin, m.at+1
		return false
	}
	m.key, m.err = j.string(m.at)
	switch {
	case m.err != nil:
	case len(j.keys)-m.base >= maxKeys:
		m.err = j.fault(m.at, "an object has more than %d members", maxKeys)
	case m.repeated():
		m.err = j.fault(m.at, "key %.100q comes twice in one object", m.key)
	}
	if m.err != nil {
		m.done = true
		return false
	}
	j.keys = append(j.keys, m.key)
	colon := j.skipSpace(j.skipString(m.at))
	m.value = j.skipSpace(colon + 1)
	return true
}

// repeated reports whether the current key was there before.
func (m *jsonMembers) repeated() bool {
	before := m.j.keys[m.base:]
	if len(before) < manyKeys {
		for _, key := range before {
			if bytes.Equal(key, m.key) {
				return true
			}
		}
		return false
	}
	if m.seen == nil {
		m.seen = make(map[string]struct{}, 2*manyKeys)
		for _, key := range before {
			m.seen[string(key)] = struct{}{}
		}
	}
	_, found := m.seen[string(m.key)]
	m.seen[string(m.key)] = struct{}{}
	return found
}

// jsonElements goes through the elements of a list in either version of the
// JSON form: [{"Name":{…}}, …] or {"Name":[{…}, …], …}.
type jsonElements struct {
	// key is the name of the current element and value the place of its value.
	key   []byte
	value int
	// err is why next reported no further element, nil at the end.
	err error

	list    jsonItems
	members jsonMembers
	values  jsonItems
}

// elements goes through the list at pos.
func (j *jsonText) elements(pos int) jsonElements {
	return jsonElements{list: j.items(pos), members: jsonMembers{done: true}, values: jsonItems{done: true}}
}

// named goes through the array at pos, or the one value there, as elements of
// the same name.
func (j *jsonText) named(key []byte, pos int) jsonElements {
	return jsonElements{key: key, list: jsonItems{done: true}, members: jsonMembers{done: true}, values: j.items(pos)}
}

// next goes on to the next element and reports whether there is one.
func (e *jsonElements) next() bool {
	for {
		switch {
		case e.values.next():
			e.value = e.values.value
			return true
		case e.members.next():
			e.key = e.members.key
			e.values = e.members.j.items(e.members.value)
		case e.members.err != nil:
			e.err = e.members.err
			return false
		case e.list.next():
			e.members = e.list.j.members(e.list.value)
		default:
			return false
		}
	}
}
