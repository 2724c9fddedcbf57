package mtconnect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What a document that is read whole may have: an element takes far more memory
// than its few bytes of text. A data item in a device model is one element or
// two and has about six attributes.
const (
	maxElements          = 1 << 18
	maxElementAttributes = 1 << 20
)

// treeSize counts the elements and attributes of a tree.
type treeSize struct{ elements, attributes int }

// add counts further ones and says where they are too many.
func (t *treeSize) add(elements, attributes int) (wrong string) {
	t.elements += elements
	t.attributes += attributes
	switch {
	case t.elements > maxElements:
		return fmt.Sprintf("more than %d elements", maxElements)
	case t.attributes > maxElementAttributes:
		return fmt.Sprintf("more than %d attributes in all", maxElementAttributes)
	default:
		return ""
	}
}

// element is an element of a document that is read whole. XML and both versions
// of JSON give the same elements, so that what follows need not know which it
// was.
type element struct {
	prefix, name string
	attrs        []elementAttr
	// text is the text without the white space around it.
	text     string
	children []*element
	// source is the element as written, where it was asked for; such an element
	// has no text and no children.
	source []byte
}

type elementAttr struct{ name, value string }

// keepSource says which elements are kept as written: those of the name, or
// all children of the element parent.
type keepSource struct{ name, parent string }

func (k keepSource) matches(parent, name string) bool {
	return k.name != "" && name == k.name || k.parent != "" && parent == k.parent
}

// attr gives the value of an attribute, empty where there is none.
func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// child gives the first child of a name, or an empty element.
func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return &element{}
}

// named gives the children that have one of the names.
func (e *element) named(names ...string) []*element {
	var found []*element
	for _, c := range e.children {
		if slices.Contains(names, c.name) {
			found = append(found, c)
		}
	}
	return found
}

// number gives the value of an attribute that is a number. Vendors write what
// they like into attributes that nothing depends on: what is no number counts
// as missing.
func (e *element) number(name string) float64 {
	f, _ := parseNumber(e.attr(name))
	return f
}

// parseNumber reads a finite number written in decimal. Agents write infinities
// and NaN also, which bound and scale nothing.
func parseNumber(text string) (float64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(text, "xX_") {
		return 0, false
	}
	return f, true
}

// parseDocument reads a whole document, XML or JSON, whose root has to be of
// the given name. It returns an *AgentError where it is an error document.
func parseDocument(data []byte, limits Limits, root string, keep keepSource) (*element, Header, error) {
	limits = limits.withDefaults()
	parse := parseXMLTree
	if isJSON(data) {
		parse = parseJSONTree
	}
	e, version, err := parse(data, limits, keep)
	if err != nil {
		return nil, Header{}, err
	}
	header := headerOf(e.child("Header"), version)
	switch e.name {
	case rootError:
		return nil, Header{}, agentError(e, header)
	case root:
		return e, header, nil
	default:
		return nil, Header{}, &SyntaxError{Line: 1, Column: 1, Msg: fmt.Sprintf("root element is %.100q: want %s", e.name, root)}
	}
}

// isJSON reports whether a document is JSON and not XML.
func isJSON(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && data[0] == '{'
}

// xmlTree builds elements from XML.
type xmlTree struct {
	s    *scanner
	keep keepSource
	size treeSize
	// names are those of elements and attributes.
	names *interner
}

// parseXMLTree reads an XML document and gives its root and the version of the
// standard that the root's namespace names.
func parseXMLTree(data []byte, limits Limits, keep keepSource) (*element, string, error) {
	var s scanner
	s.reset(bytes.NewReader(data), limits)
	if err := s.root(); err != nil {
		return nil, "", err
	}
	return xmlTreeOf(&s, keep)
}

// xmlTreeOf is parseXMLTree for a document whose root has just begun.
func xmlTreeOf(s *scanner, keep keepSource) (*element, string, error) {
	t := xmlTree{s: s, keep: keep, names: newInterner(s.limits.Interned)}
	version := schemaVersion(string(s.namespace()))
	root, err := t.element("")
	if err != nil {
		return nil, "", err
	}
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	return root, version, nil
}

// element builds the element that has just begun.
func (t *xmlTree) element(parent string) (*element, error) {
	if wrong := t.size.add(1, len(t.s.attrs)); wrong != "" {
		return nil, t.s.fault(-t.s.tagLen, "%s", wrong)
	}
	e := &element{
		prefix: t.names.string(t.s.prefix()),
		name:   t.names.string(t.s.local()),
		attrs:  make([]elementAttr, len(t.s.attrs)),
	}
	for i, a := range t.s.attrs {
		e.attrs[i] = elementAttr{t.names.string(a.name), string(a.value)}
	}
	if t.keep.matches(parent, e.name) {
		var err error
		e.source, err = t.s.capture()
		return e, err
	}
	for {
		token, err := t.s.next()
		if err != nil {
			return nil, err
		}
		switch token {
		case startElement:
			c, err := t.element(e.name)
			if err != nil {
				return nil, err
			}
			e.children = append(e.children, c)
		case textToken:
			// Text that elements interrupt is of no use in these documents.
			e.text = string(t.s.text)
		case endElement:
			return e, nil
		}
	}
}

// schemaVersion gives the version at the end of a namespace such as
// "urn:mtconnect.org:MTConnectDevices:1.3".
func schemaVersion(namespace string) string {
	version := namespace[strings.LastIndexByte(namespace, ':')+1:]
	if _, ok := parseNumber(version); !ok {
		return ""
	}
	return version
}

// headerOf reads the header of a document that follows the given version.
// Numbers that are none count as missing here: nothing is captured by them.
func headerOf(e *element, version string) Header {
	h := Header{SchemaVersion: version}
	names := newInterner(0)
	for _, a := range e.attrs {
		if a.name == "schemaVersion" {
			h.SchemaVersion = a.value
			continue
		}
		_ = h.setAttribute([]byte(a.name), []byte(a.value), names)
	}
	return h
}
