package shop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Limits of a file.
const (
	// MaxFileBytes is the most that a shop file may hold: enough for the thousands
	// of machines of the largest plants.
	MaxFileBytes = 4 << 20
	// maxDepth is how deep values may be nested; the format needs 6.
	maxDepth = 16
	// maxProblems is how many problems of a file are named at once.
	maxProblems = 20
	// maxText is how many bytes a text may have.
	maxText = 200
)

// node is a value of the file with the place at which it stands, such as
// machines.VM-01.area.
type node struct {
	at    string
	value any // a map[string]node, a []node, a string, a json.Number, a bool or nil
	// keys are those of an object in the order of the file.
	keys []string
}

// parseTree reads one JSON value and nothing behind it. Unlike encoding/json it
// refuses a key that is given twice, since one of the two would be in force
// unseen.
func parseTree(data []byte) (node, error) {
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	n, err := parseNode(d, "", 0)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is something behind the object")
		}
	}
	if err != nil {
		line := 1 + strings.Count(string(data[:min(int(d.InputOffset()), len(data))]), "\n")
		return node{}, fmt.Errorf("line %d: %w", line, err)
	}
	return n, nil
}

func parseNode(d *json.Decoder, at string, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("%s: nested too deep", at)
	}
	token, err := d.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return node{}, err
	}
	switch token {
	case json.Delim('{'):
		return parseObject(d, at, depth)
	case json.Delim('['):
		list := []node{}
		for d.More() {
			n, err := parseNode(d, at+"["+strconv.Itoa(len(list))+"]", depth+1)
			if err != nil {
				return node{}, err
			}
			list = append(list, n)
		}
		_, err := d.Token()
		return node{at: at, value: list}, err
	}
	return node{at: at, value: token}, nil
}

func parseObject(d *json.Decoder, at string, depth int) (node, error) {
	members := make(map[string]node)
	n := node{at: at, value: members}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return node{}, err
		}
		key, _ := token.(string) // The decoder lets nothing else pass as a key.
		place := strings.TrimPrefix(at+"."+short(key), ".")
		if _, twice := members[key]; twice {
			return node{}, fmt.Errorf("%s is given twice", place)
		}
		if members[key], err = parseNode(d, place, depth+1); err != nil {
			return node{}, err
		}
		n.keys = append(n.keys, key)
	}
	_, err := d.Token()
	return n, err
}

// problems gathers what is wrong with a file, each with its place.
type problems struct {
	list []string
	more int
}

func (p *problems) add(n node, format string, args ...any) {
	if len(p.list) == maxProblems {
		p.more++
		return
	}
	text := fmt.Sprintf(format, args...)
	if n.at != "" {
		text = n.at + ": " + text
	}
	p.list = append(p.list, text)
}

// text gives the problems as lines; empty where there are none.
func (p *problems) text() string {
	lines := p.list
	if p.more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", p.more))
	}
	return strings.Join(lines, "\n")
}

// object gives the members of an object; keys that are not among the known ones
// are a problem. With no known keys any key may stand.
func (p *problems) object(n node, example string, known ...string) map[string]node {
	members, ok := n.value.(map[string]node)
	if !ok {
		p.add(n, "use an object such as %s", example)
		return nil
	}
	if len(known) == 0 {
		return members
	}
	for _, key := range n.keys {
		if !slices.Contains(known, key) {
			p.add(members[key], "there is no such key; there are %s", strings.Join(known, ", "))
		}
	}
	return members
}

// array gives the entries of a list.
func (p *problems) array(n node, example string) []node {
	list, ok := n.value.([]node)
	if !ok {
		p.add(n, "use a list such as %s", example)
	}
	return list
}

// string gives a text that is neither empty nor too long and holds no control
// characters.
func (p *problems) string(n node, example string) string {
	s, ok := n.value.(string)
	switch {
	case !ok || strings.TrimSpace(s) == "":
		p.add(n, "use a text such as %q", example)
		return ""
	case len(s) > maxText:
		p.add(n, "the text has %d bytes; use at most %d", len(s), maxText)
		return ""
	case strings.ContainsFunc(s, unicode.IsControl):
		p.add(n, "the text holds a control character; leave it out")
		return ""
	}
	return s
}

// number gives a number of a range.
func (p *problems) number(n node, least, most float64, example string) float64 {
	if number, ok := n.value.(json.Number); ok {
		if v, err := number.Float64(); err == nil && v >= least && v <= most {
			return v
		}
	}
	p.add(n, "use a number from %v to %v, such as %s", least, most, example)
	return 0
}

// short makes a text of the file fit for a message.
func short(s string) string {
	const most = 40
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
