package mtconnect

import (
	"bytes"
	"errors"
	"io"
)

// token is what a scanner found.
type token uint8

const (
	startElement token = iota + 1
	endElement
	textToken
)

// scanner takes an XML document apart as its bytes come in, and checks that it
// is well-formed. It holds one token at a time and never the document.
//
//	s.reset(src, limits)
//	for {
//		t, err := s.next()
//		if err == io.EOF {
//			return nil // one root element, all of it read
//		}
//		if err != nil {
//			return err // a *SyntaxError, or the source's error
//		}
//		switch t {
//		case startElement: // s.local(), s.prefix(), s.attrs, s.attr("name")
//		case textToken:    // s.text
//		case endElement:   // s.local() of the element that ends, s.depth()
//		}
//	}
//
// <x/> gives a start and an end. Text comes as one token up to the next tag,
// with entities and CDATA decoded, comments left out and no white space around
// it; text of white space only is not given. Elements are known by their local
// names. After a start, skip passes over the element and capture returns its
// source as written, both up to and with its end.
//
// The bytes that a scanner gives are valid until its next call. The first
// error stays.
//
// Beyond the limits a scanner refuses document type declarations (and so
// entities other than XML's own five), XML other than 1.0 and encodings other
// than UTF-8. Its names follow Namespaces in XML; that a prefix is declared is
// not asked for, since agents in the field forget it.
type scanner struct {
	window
	err error

	// name is the name of the element that starts or ends, with its prefix,
	// of which colon is the length.
	name  []byte
	colon int
	// attrs are the attributes of the element that starts.
	attrs []attribute
	// text is the text.
	text []byte

	open       openElements
	selfClosed bool   // the element that started ends with the same tag
	rooted     bool   // the root element has begun
	tagLen     int    // the length of the start tag just taken
	begin      int64  // where the document begins: behind its byte order mark
	scratch    []byte // decoded text and attribute values
}

// attribute is an attribute as the scanner found it: its name with its prefix
// and its value, decoded, which begins at at in the tag.
type attribute struct {
	name, value []byte
	at          int
}

// reset begins another document and keeps the memory, unless it is much.
func (s *scanner) reset(src io.Reader, limits Limits) {
	s.window.reset(src, limits)
	*s = scanner{
		window: s.window,
		attrs:  reuse(s.attrs, keptEntries),
		open: openElements{
			names:    reuse(s.open.names, keptBytes),
			elements: reuse(s.open.elements, keptEntries),
		},
		scratch: reuse(s.scratch, keptBytes),
	}
}

// next returns the next token. It returns io.EOF after the end of a document
// in which nothing was wrong.
func (s *scanner) next() (token, error) {
	if s.err != nil {
		return 0, s.err
	}
	t, err := s.scan()
	s.err = err
	return t, err
}

// local returns the name of the element without its prefix.
func (s *scanner) local() []byte {
	if s.colon > 0 {
		return s.name[s.colon+1:]
	}
	return s.name
}

// prefix returns the namespace prefix of the element as written.
func (s *scanner) prefix() []byte { return s.name[:s.colon] }

// attr returns the value of an attribute of the element that starts, and nil
// where it has none of that name.
func (s *scanner) attr(name string) []byte {
	for i := range s.attrs {
		if string(s.attrs[i].name) == name {
			return s.attrs[i].value
		}
	}
	return nil
}

// depth returns how many elements are open: 1 after the start of the root.
func (s *scanner) depth() int { return len(s.open.elements) }

// root reads up to the start of the root element.
func (s *scanner) root() error {
	_, err := s.next() // nothing else can come first
	return err
}

// namespace returns the namespace that the element that starts declares for
// its own name, empty where it declares none.
func (s *scanner) namespace() []byte {
	for i := range s.attrs {
		name := s.attrs[i].name
		if s.colon == 0 && string(name) == "xmlns" {
			return s.attrs[i].value
		}
		if rest, ok := bytes.CutPrefix(name, []byte("xmlns:")); ok && s.colon > 0 && bytes.Equal(rest, s.prefix()) {
			return s.attrs[i].value
		}
	}
	return nil
}

// skip reads to the end of the element that started last.
func (s *scanner) skip() error {
	for depth := s.depth(); ; {
		t, err := s.next()
		if err != nil {
			return err
		}
		if t == endElement && s.depth() < depth {
			return nil
		}
	}
}

// capture reads to the end of the element that started last and returns its
// source as written. Limits.Document bounds it.
func (s *scanner) capture() ([]byte, error) {
	s.copied = bytes.Clone(s.buf[s.pos-s.tagLen : s.pos])
	s.copying = true
	err := s.skip()
	source := s.copied
	s.copying, s.copied = false, nil
	return source, err
}

// scan finds the next token.
func (s *scanner) scan() (token, error) {
	if s.selfClosed {
		s.selfClosed = false
		s.closeElement()
		return endElement, nil
	}
	found, err := s.scanText()
	if err != nil {
		return 0, err
	}
	if found {
		return textToken, nil
	}
	if s.buf[s.pos+1] == '/' {
		return endElement, s.scanEnd()
	}
	return startElement, s.scanStart()
}

// scanEnd takes the end tag that the window begins with.
func (s *scanner) scanEnd() error {
	if s.depth() == 0 {
		return s.fault(0, "end tag without a start tag")
	}
	name := s.open.last()
	n := len(name) + len("</")
	for len(s.bytes()) <= n {
		if err := s.more(); err != nil {
			return err
		}
	}
	b := s.bytes()
	if string(b[2:n]) != string(name) {
		return s.fault(0, "element <%.100s> has another element's end tag", name)
	}
	for b[n] != '>' {
		if !isSpace(b[n]) {
			return s.fault(n, "end tag of <%.100s> does not end", name)
		}
		for n++; len(b) <= n; b = s.bytes() {
			if err := s.more(); err != nil {
				return err
			}
		}
	}
	s.take(n + 1)
	s.closeElement()
	return nil
}

// closeElement makes the element that started last the one that ends.
func (s *scanner) closeElement() {
	s.name, s.colon = s.open.pop()
}

// scanStart takes the start tag that the window begins with.
func (s *scanner) scanStart() error {
	if s.rooted && s.depth() == 0 {
		return s.fault(0, "second root element")
	}
	if s.depth() >= s.limits.Depth {
		return s.fault(0, "elements are nested deeper than %d", s.limits.Depth)
	}
	n, err := s.parseStart(s.bytes())
	if n == 0 && err == nil {
		n, err = s.completeStart()
	}
	if err != nil {
		return err
	}
	s.rooted = true
	s.tagLen = n
	s.take(n)
	s.name = s.open.push(s.name, s.colon)
	return nil
}

// completeStart reads until the window has the whole of the start tag that it
// begins with, and parses it. It looks for the end at each byte once, however
// they come.
func (s *scanner) completeStart() (int, error) {
	var stop error
	var quote byte
	for i := 1; stop == nil; {
		b := s.bytes()
		for i < len(b) && (quote != 0 || b[i] != '>') {
			switch c := b[i]; {
			case c == quote:
				quote = 0
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			}
			i++
		}
		if i < len(b) {
			break
		}
		stop = s.more()
	}
	// What is wrong within the tag comes before its having no end.
	n, err := s.parseStart(s.bytes())
	if n > 0 || err != nil {
		return n, err
	}
	if stop == nil {
		stop = s.tooLong()
	}
	return 0, stop
}

// parseStart parses the start tag that b, the window, begins with. It returns
// the length of the tag, and 0 where b ends first.
func (s *scanner) parseStart(b []byte) (int, error) {
	b = b[:min(len(b), s.limits.Token)]
	s.attrs, s.scratch = s.attrs[:0], s.scratch[:0]
	n, letters := nameLen(b[1:])
	i := n + 1
	if n > maxName {
		return 0, s.fault(1, "name of an element is longer than %d bytes", maxName)
	}
	if i == len(b) {
		return 0, nil
	}
	s.name, s.colon = b[1:i], 0
	if !letters {
		var ok bool
		if s.colon, ok = validName(s.name); !ok {
			return 0, s.fault(1, "%s is not the name of an element", quoted(b[1:max(i, 2)]))
		}
	}
	for {
		space := i
		if i = skipSpace(b, i); i == len(b) {
			return 0, nil
		}
		switch {
		case b[i] == '>':
			s.selfClosed = false
			return i + 1, nil
		case b[i] == '/':
			if i+1 == len(b) {
				return 0, nil
			}
			if b[i+1] != '>' {
				return 0, s.fault(i, "'/' in the tag of <%.100s> is not followed by '>'", s.name)
			}
			s.selfClosed = true
			return i + 2, nil
		case i == space:
			return 0, s.fault(i, "white space is missing in the tag of <%.100s>", s.name)
		case len(s.attrs) >= s.limits.Attributes:
			return 0, s.fault(i, "element <%.100s> has more than %d attributes", s.name, s.limits.Attributes)
		}
		n, err := s.parseAttribute(b, i)
		if n == 0 || err != nil {
			return 0, err
		}
		i = n
	}
}

// parseAttribute parses the attribute at b[i]. It returns where it ends, and 0
// where b ends first.
func (s *scanner) parseAttribute(b []byte, i int) (int, error) {
	begin := i
	n, letters := nameLen(b[i:])
	if i += n; i == len(b) {
		return 0, nil
	}
	name := b[begin:i]
	if !letters {
		if _, ok := validName(name); !ok {
			return 0, s.fault(begin, "%s is not the name of an attribute", quoted(b[begin:max(i, begin+1)]))
		}
	}
	for j := range s.attrs {
		if string(s.attrs[j].name) == string(name) {
			return 0, s.fault(begin, "attribute %.100q is there twice", name)
		}
	}
	if i = skipSpace(b, i); i == len(b) {
		return 0, nil
	}
	if b[i] != '=' {
		return 0, s.fault(i, "attribute %.100q has no value", name)
	}
	if i = skipSpace(b, i+1); i == len(b) {
		return 0, nil
	}
	quote := b[i]
	if quote != '"' && quote != '\'' {
		return 0, s.fault(i, "value of attribute %.100q is not in quotes", name)
	}
	i++
	if n = bytes.IndexByte(b[i:], quote); n < 0 {
		return 0, nil
	}
	value := b[i : i+n]
	if !plainAttribute(value) {
		var err error
		if value, err = s.decodeAttribute(value, i); err != nil {
			return 0, err
		}
	}
	s.attrs = append(s.attrs, attribute{name, value, i})
	return i + n + 1, nil
}

// more reads on within the tag or text that the window begins with.
func (s *scanner) more() error {
	if len(s.bytes()) >= s.limits.Token {
		return s.tooLong()
	}
	return s.readOn()
}

// readOn reads on where the document must not end.
func (s *scanner) readOn() error {
	err := s.fill()
	if errors.Is(err, io.EOF) {
		return s.ended()
	}
	return err
}

// tooLong is the error of a token beyond the limit.
func (s *scanner) tooLong() error {
	return s.fault(0, "tag or text is longer than %d bytes", s.limits.Token)
}

// ended is the error of a document that ends where it must not.
func (s *scanner) ended() error {
	at := len(s.bytes())
	switch {
	case s.depth() > 0:
		return s.fault(at, "document ends inside <%.100s>", s.open.last())
	case s.base+int64(s.end) == 0:
		return s.fault(at, "document is empty")
	case s.rooted:
		return s.fault(at, "document ends inside a comment or instruction after its root element")
	default:
		return s.fault(at, "document ends before its root element is there")
	}
}

// maxName is how long the name of an element may be: those of open elements are
// kept.
const maxName = 1 << 10

// openElements are the elements that are open, outermost first.
type openElements struct {
	names    []byte // one after the other
	elements []openElement
}

// openElement is where in names the name of an element begins, and the length
// of its prefix.
type openElement struct{ begin, colon int }

// push adds an element and returns the copy of its name that is kept, which is
// valid until the next push after its pop.
func (o *openElements) push(name []byte, colon int) []byte {
	begin := len(o.names)
	o.names = append(o.names, name...)
	o.elements = append(o.elements, openElement{begin, colon})
	return o.names[begin:]
}

// last returns the name of the innermost element.
func (o *openElements) last() []byte {
	return o.names[o.elements[len(o.elements)-1].begin:]
}

// pop removes the innermost element and returns its name and the length of its
// prefix.
func (o *openElements) pop() (name []byte, colon int) {
	last := o.elements[len(o.elements)-1]
	name = o.names[last.begin:]
	o.names = o.names[:last.begin]
	o.elements = o.elements[:len(o.elements)-1]
	return name, last.colon
}
