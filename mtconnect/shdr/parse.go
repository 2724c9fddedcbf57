package shdr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const space = " \t\r\n\v\f"

// token is one field of a line.
type token struct {
	text   string
	column int // of its first byte, from 1
}

// parser goes through the fields of a line.
type parser struct {
	tokens []token
	end    int // the column behind the line
	lookup Lookup
}

// Parse reads one line, without the line break. It returns a [*SyntaxError]
// where it is not SHDR. The lines of a multi-line asset are put together by
// [Reader].
func Parse(line string, lookup Lookup) (*Line, error) {
	if strings.ContainsAny(line, "\n\x00") {
		return nil, &SyntaxError{Column: strings.IndexAny(line, "\n\x00") + 1, Msg: "a line must not hold a line break or a zero byte"}
	}
	if rest, ok := strings.CutPrefix(line, "*"); ok {
		return parseCommand(rest)
	}
	p := &parser{tokens: tokenize(line), end: len(line) + 1, lookup: lookup}
	l := &Line{}
	if err := p.timestamp(l); err != nil {
		return nil, err
	}
	if len(p.tokens) == 0 {
		return nil, &SyntaxError{Column: p.end, Msg: "no key: a line must have a key and a value"}
	}
	if strings.HasPrefix(p.tokens[0].text, "@") {
		asset, err := p.asset()
		l.Asset = asset
		return l, err
	}
	for len(p.tokens) > 0 {
		item, err := p.item()
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, item)
	}
	return l, nil
}

// parseCommand reads what stands behind the asterisk.
func parseCommand(rest string) (*Line, error) {
	rest = strings.Trim(rest, space)
	i := strings.IndexAny(rest, ":"+space)
	if i < 0 {
		i = len(rest)
	}
	if i == 0 {
		return nil, &SyntaxError{Column: 2, Msg: "no command behind the asterisk: want something like * PING"}
	}
	value := strings.TrimPrefix(strings.TrimLeft(rest[i:], space), ":")
	return &Line{Command: &Command{Name: rest[:i], Value: strings.Trim(value, space)}}, nil
}

// tokenize splits a line at its pipes. A field in quotes may hold pipes behind
// backslashes; a quote that is not closed before the next pipe is a character
// like any other.
func tokenize(line string) []token {
	var tokens []token
	for i := 0; ; {
		start := i + len(line[i:]) - len(strings.TrimLeft(line[i:], space))
		if text, end, ok := quoted(line, start); ok {
			tokens = append(tokens, token{text, start + 1})
			i = end
		} else {
			text, _, _ := strings.Cut(line[start:], "|")
			tokens = append(tokens, token{strings.TrimRight(text, space), start + 1})
			i = start + len(text)
		}
		if i >= len(line) {
			return tokens
		}
		i++ // the pipe
	}
}

// quoted reads a field in quotes and gives where its pipe is.
func quoted(line string, start int) (text string, end int, ok bool) {
	if start >= len(line) || line[start] != '"' {
		return "", 0, false
	}
	var b strings.Builder
	for i := start + 1; i < len(line); i++ {
		switch c := line[i]; c {
		case '\\':
			if i++; i < len(line) {
				b.WriteByte(line[i])
			}
		case '|':
			return "", 0, false
		case '"':
			rest := strings.TrimLeft(line[i+1:], space)
			if rest == "" || rest[0] == '|' {
				return strings.Trim(b.String(), space), len(line) - len(rest), true
			}
			return "", 0, false
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, false
}

// next takes the next field; it is empty behind the last.
func (p *parser) next() token {
	if len(p.tokens) == 0 {
		return token{column: p.end}
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (t token) errorf(format string, args ...any) error {
	return &SyntaxError{Column: t.column, Msg: fmt.Sprintf(format, args...)}
}

// timestamp takes the timestamp if there is one: the first field where it is
// empty or begins like a date.
func (p *parser) timestamp(l *Line) error {
	t := p.tokens[0]
	if t.text == "" {
		p.next()
		return nil
	}
	if len(t.text) < 11 || t.text[4] != '-' || t.text[7] != '-' || t.text[10] != 'T' {
		return nil
	}
	p.next()
	stamp, duration, ok := strings.Cut(t.text, "@")
	if ok {
		d, err := strconv.ParseFloat(duration, 64)
		if err != nil || !(d >= 0) || math.IsInf(d, 0) {
			return t.errorf("duration %.40q: must be a number of seconds", duration)
		}
		l.Duration = d
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05"} {
		at, err := time.Parse(layout, stamp)
		if at = at.UTC(); err == nil && isTimestamp(at) {
			l.Time = at
			return nil
		}
	}
	return t.errorf("timestamp %.40q: must be like 2014-09-29T23:59:33.460470Z", stamp)
}

// isTimestamp reports whether a time can be a timestamp. The zero time stands
// for none.
func isTimestamp(t time.Time) bool { return !t.IsZero() && t.Year() >= 1 && t.Year() <= 9999 }

// item takes a key and its fields.
func (p *parser) item() (Item, error) {
	key := p.next()
	it := Item{Key: key.text}
	device, k, named := strings.Cut(key.text, ":")
	if named {
		it.Device, it.Key = strings.Trim(device, space), strings.Trim(k, space)
	}
	if it.Key == "" || named && it.Device == "" {
		return it, key.errorf("%.40q: must be a key, or a device and a key such as mill:exec", key.text)
	}
	if strings.HasPrefix(it.Key, "@") && it.Device == "" {
		return it, key.errorf("%.40q: an asset must be alone in its line", it.Key)
	}
	if len(p.tokens) == 0 {
		return it, p.next().errorf("%.40q: no value", it.Key)
	}
	if p.lookup != nil {
		it.Kind = p.lookup(it.Device, it.Key)
	}
	return it, p.fields(&it)
}

func (p *parser) fields(it *Item) error {
	switch it.Kind {
	case Condition:
		return p.condition(it)
	case Message:
		it.NativeCode, it.Value = p.pair()
	case AssetEvent:
		it.AssetType, it.Value = p.pair()
	case TimeSeries:
		return p.timeSeries(it)
	case DataSet, Table:
		return p.set(it)
	case Unknown:
		for len(p.tokens) > 0 {
			it.Fields = append(it.Fields, p.next().text)
		}
	case Resettable:
		value, reset, ok := strings.Cut(p.next().text, ":")
		it.Value = strings.Trim(value, space)
		if ok {
			it.Reset = strings.ToUpper(strings.Trim(reset, space))
		}
	default:
		it.Value = p.next().text
	}
	if strings.EqualFold(it.Value, Unavailable) {
		it.Value = Unavailable
	}
	return nil
}

func (p *parser) condition(it *Item) error {
	level := p.next()
	it.Level = strings.ToUpper(level.text)
	switch it.Level {
	case "NORMAL", "WARNING", "FAULT", Unavailable:
	default:
		return level.errorf("%.40q: level %.40q: must be NORMAL, WARNING, FAULT or UNAVAILABLE", it.Key, level.text)
	}
	code, id, _ := strings.Cut(p.next().text, ":")
	it.NativeCode, it.ConditionID = strings.Trim(code, space), strings.Trim(id, space)
	it.NativeSeverity = p.next().text
	it.Qualifier = p.next().text
	it.Value = p.next().text
	return nil
}

// pair takes two fields, or the second by itself where it is the last and says
// that nothing is known.
func (p *parser) pair() (first, second string) {
	if len(p.tokens) == 1 && strings.EqualFold(p.tokens[0].text, Unavailable) {
		return "", p.next().text
	}
	first = p.next().text
	return first, p.next().text
}

func (p *parser) timeSeries(it *Item) error {
	count := p.next()
	if len(p.tokens) == 0 && strings.EqualFold(count.text, Unavailable) {
		it.Value = Unavailable
		return nil
	}
	if count.text != "" {
		n, err := strconv.ParseUint(count.text, 10, 31)
		if err != nil {
			return count.errorf("%.40q: count %.40q: must be a whole number", it.Key, count.text)
		}
		it.Count = int(n)
	}
	if rate := p.next(); rate.text != "" {
		f, err := strconv.ParseFloat(rate.text, 64)
		if err != nil || !(f >= 0) || math.IsInf(f, 0) {
			return rate.errorf("%.40q: rate %.40q: must be a number of hertz", it.Key, rate.text)
		}
		it.Rate = f
	}
	it.Value = p.next().text
	if strings.EqualFold(it.Value, Unavailable) {
		it.Value = Unavailable
	}
	return nil
}

// asset takes the fields of an asset command.
func (p *parser) asset() (*Asset, error) {
	command := p.next()
	var a Asset
	switch command.text {
	case "@ASSET@":
		id, kind, body := p.next(), p.next(), p.next()
		if id.text == "" || kind.text == "" || body.text == "" {
			return nil, command.errorf("%s: must have an id, a type and a body", command.text)
		}
		a = Asset{Action: Put, ID: id.text, Type: kind.text, Body: body.text}
	case "@REMOVE_ASSET@":
		if a = (Asset{Action: Remove, ID: p.next().text}); a.ID == "" {
			return nil, command.errorf("%s: must have an id", command.text)
		}
	case "@REMOVE_ALL_ASSETS@":
		a = Asset{Action: RemoveAll, Type: p.next().text}
	default:
		return nil, command.errorf("%.40q: must be @ASSET@, @REMOVE_ASSET@ or @REMOVE_ALL_ASSETS@", command.text)
	}
	if len(p.tokens) > 0 {
		return nil, p.next().errorf("%s: too many fields: an asset must be alone in its line", command.text)
	}
	return &a, nil
}
