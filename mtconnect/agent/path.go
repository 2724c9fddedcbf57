package agent

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/antchfx/xpath"
)

// filter tells which data items of a model are asked for; nil stands for all.
type filter []bool

func (f filter) has(item int32) bool { return f == nil || f[item] }

// errPathCost says that a path would take too long to follow.
var errPathCost = errors.New("the path takes too many steps")

// The library has functions that keep every pattern they were ever given. No
// agent has them, so they are refused.
var (
	stringLiteral  = regexp.MustCompile(`"[^"]*"|'[^']*'`)
	regexpFunction = regexp.MustCompile(`\b(matches|replace)\s*\(`)
)

// selectItems gives the data items of one device, or of all where d is nil,
// that a path selects: those it names and those below the elements it names. An
// empty path selects all. It is an error if the path selects none.
func (m *model) selectItems(d *deviceModel, path string, steps int) (filter, error) {
	if d == nil && path == "" {
		return nil, nil
	}
	first, end := int32(0), int32(len(m.items))
	if d != nil {
		first, end = d.firstItem, d.endItem
	}
	f := make(filter, len(m.items))
	if path == "" {
		for i := first; i < end; i++ {
			f[i] = true
		}
		return f, nil
	}
	found := false
	err := m.follow(path, steps, func(item int32) {
		if first <= item && item < end {
			f[item] = true
			found = true
		}
	})
	if err == nil && !found {
		err = errors.New("the path selects no data item")
	}
	return f, err
}

// follow calls yield with the data items that a path selects. The XPath
// library panics on some expressions; what it says becomes an error.
func (m *model) follow(path string, steps int, yield func(item int32)) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case error:
			err = p
		case string:
			err = errors.New(p)
		default:
			err = fmt.Errorf("%v", p)
		}
	}()
	if regexpFunction.MatchString(stringLiteral.ReplaceAllString(path, "''")) {
		return errors.New("matches and replace are not of XPath 1.0")
	}
	expr, err := xpath.Compile(path)
	if err != nil {
		return err
	}
	nav := &navigator{root: m.root, at: m.root, attr: -1, left: &steps}
	nodes, ok := expr.Evaluate(nav).(*xpath.NodeIterator)
	if !ok {
		return errors.New("the path does not select elements")
	}
	for nodes.MoveNext() {
		if at, ok := nodes.Current().(*navigator); ok && at.attr < 0 {
			at.each(at.at, yield)
		}
	}
	return nil
}

// navigator walks the probe document for the XPath library. Every move costs a
// step of those left; out of steps it panics with errPathCost, as the library
// has no other way to be stopped.
type navigator struct {
	root, at *element
	attr     int // position in at.attrs, -1 on the element itself
	left     *int
}

func (n *navigator) spend() {
	if *n.left--; *n.left < 0 {
		panic(errPathCost)
	}
}

// each calls yield with the data items at and below an element.
func (n *navigator) each(e *element, yield func(int32)) {
	n.spend()
	if e.item >= 0 {
		yield(e.item)
		return
	}
	for _, c := range e.children {
		n.each(c, yield)
	}
}

func (n *navigator) NodeType() xpath.NodeType {
	switch {
	case n.attr >= 0:
		return xpath.AttributeNode
	case n.at == n.root:
		return xpath.RootNode
	case n.at.name == "":
		return xpath.TextNode
	default:
		return xpath.ElementNode
	}
}

func (n *navigator) LocalName() string {
	if n.attr >= 0 {
		return n.at.attrs[n.attr].Name
	}
	return n.at.name
}

func (n *navigator) Prefix() string {
	if n.attr >= 0 {
		return ""
	}
	return n.at.prefix
}

func (n *navigator) Value() string {
	if n.attr >= 0 {
		return n.at.attrs[n.attr].Value
	}
	return n.textOf(n.at)
}

func (n *navigator) textOf(e *element) string {
	n.spend()
	text := e.text
	for _, c := range e.children {
		text += n.textOf(c)
	}
	return text
}

func (n *navigator) Copy() xpath.NodeNavigator {
	n.spend()
	c := *n
	return &c
}

func (n *navigator) MoveToRoot() { n.at, n.attr = n.root, -1 }

func (n *navigator) MoveToParent() bool {
	n.spend()
	if n.attr >= 0 {
		n.attr = -1
		return true
	}
	if n.at.parent == nil {
		return false
	}
	n.at = n.at.parent
	return true
}

func (n *navigator) MoveToNextAttribute() bool {
	n.spend()
	if n.attr+1 >= len(n.at.attrs) {
		return false
	}
	n.attr++
	return true
}

func (n *navigator) MoveToChild() bool {
	n.spend()
	if n.attr >= 0 || len(n.at.children) == 0 {
		return false
	}
	n.at = n.at.children[0]
	return true
}

// toSibling moves to the child of the parent at a position.
func (n *navigator) toSibling(position int) bool {
	n.spend()
	if n.attr >= 0 || n.at.parent == nil || position < 0 || position >= len(n.at.parent.children) {
		return false
	}
	n.at = n.at.parent.children[position]
	return true
}

func (n *navigator) MoveToFirst() bool    { return n.toSibling(0) }
func (n *navigator) MoveToNext() bool     { return n.toSibling(n.at.position + 1) }
func (n *navigator) MoveToPrevious() bool { return n.toSibling(n.at.position - 1) }

func (n *navigator) MoveTo(other xpath.NodeNavigator) bool {
	o, ok := other.(*navigator)
	if !ok || o.root != n.root {
		return false
	}
	n.at, n.attr = o.at, o.attr
	return true
}
