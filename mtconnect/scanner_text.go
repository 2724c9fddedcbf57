package mtconnect

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanText takes what stands before the next tag, and reports whether that was
// text. The window begins with the tag afterwards and has two bytes of it at
// least.
func (s *scanner) scanText() (bool, error) {
	b := s.bytes()
	n := bytes.IndexByte(b, '<')
	if n < 0 || n+1 >= len(b) || b[n+1] == '!' || b[n+1] == '?' ||
		n >= s.limits.Token || !plainText(b[:n]) {
		return s.collectText()
	}
	s.text = trimSpace(b[:n])
	if len(s.text) > 0 && s.depth() == 0 {
		return false, s.outside()
	}
	s.take(n)
	return len(s.text) > 0, nil
}

// collectText takes text that is not all in the window, has to be decoded or is
// mixed with comments, instructions and CDATA sections.
func (s *scanner) collectText() (bool, error) {
	s.scratch = s.scratch[:0]
	if err := s.skipByteOrderMark(); err != nil {
		return false, err
	}
	for {
		n, err := s.findMarkup()
		if err != nil {
			return false, err
		}
		b := s.bytes()
		if s.depth() == 0 && len(trimSpace(b[:n])) > 0 {
			return false, s.outside()
		}
		if err := s.decodeText(b[:n]); err != nil {
			return false, err
		}
		s.take(n)
		switch s.buf[s.pos+1] {
		case '?':
			err = s.skipInstruction()
		case '!':
			err = s.scanDeclaration()
		default:
			s.text = trimSpace(s.scratch)
			return len(s.text) > 0, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// outside is the error of text before or after the root element.
func (s *scanner) outside() error {
	return s.fault(skipSpace(s.bytes(), 0), "text outside the root element")
}

// skipByteOrderMark takes the mark that may stand before everything else.
func (s *scanner) skipByteOrderMark() error {
	if s.base+int64(s.pos) > 0 {
		return nil
	}
	for len(s.bytes()) == 0 {
		if err := s.readOn(); err != nil {
			return err
		}
	}
	if bytes.HasPrefix(s.bytes(), []byte(byteOrderMark)) {
		s.take(len(byteOrderMark))
		s.begin = int64(len(byteOrderMark))
	}
	return nil
}

// findMarkup reads until the window has the next '<' and the byte after it, and
// returns how much text is before. It returns io.EOF at the end of a whole
// document.
func (s *scanner) findMarkup() (int, error) {
	for from := 0; ; {
		b := s.bytes()
		n := bytes.IndexByte(b[from:], '<')
		if n >= 0 {
			from += n
		} else {
			from = len(b)
		}
		if len(s.scratch)+from >= s.limits.Token {
			return 0, s.tooLong()
		}
		if from+1 < len(b) {
			return from, nil
		}
		if err := s.fill(); err != nil {
			if !errors.Is(err, io.EOF) {
				return 0, err
			}
			b = s.bytes()
			if !s.rooted || s.depth() > 0 || from < len(b) {
				return 0, s.ended()
			}
			if len(trimSpace(b)) > 0 {
				return 0, s.outside()
			}
			s.take(len(b))
			return 0, io.EOF
		}
	}
}

// decodeText appends text to scratch as it is meant. The window begins with it.
func (s *scanner) decodeText(b []byte) error {
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '&':
			n, err := s.decodeReference(b[i:], i)
			if err != nil {
				return err
			}
			i += n
			continue
		case c == '\r':
			if i+1 == len(b) || b[i+1] != '\n' {
				s.scratch = append(s.scratch, '\n')
			}
		case c == ']' && bytes.HasPrefix(b[i:], []byte("]]>")):
			return s.fault(i, "\"]]>\" is not allowed in text")
		default:
			s.scratch = append(s.scratch, c)
		}
		i++
	}
	return nil
}

// decodeAttribute appends the value of an attribute to scratch as it is meant,
// and returns it. The value stands at bytes into the window.
func (s *scanner) decodeAttribute(b []byte, at int) ([]byte, error) {
	begin := len(s.scratch)
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '&':
			n, err := s.decodeReference(b[i:], at+i)
			if err != nil {
				return nil, err
			}
			i += n
			continue
		case c == '<':
			return nil, s.fault(at+i, "'<' is not allowed in the value of an attribute")
		case c == '\r' && i+1 < len(b) && b[i+1] == '\n':
			// The pair is one line end.
		case isSpace(c):
			s.scratch = append(s.scratch, ' ')
		default:
			s.scratch = append(s.scratch, c)
		}
		i++
	}
	return s.scratch[begin:len(s.scratch):len(s.scratch)], nil
}

// maxReference is how long an entity or character reference may be: the ones
// that mean something are not longer than "&#x10FFFF;" with a few zeros.
const maxReference = 32

// decodeReference appends what the reference that b begins with stands for, and
// returns its length.
func (s *scanner) decodeReference(b []byte, at int) (int, error) {
	n := bytes.IndexByte(b[:min(len(b), maxReference)], ';')
	if n < 0 {
		return 0, s.fault(at, "'&' does not begin an entity; write it as &amp;")
	}
	name := b[1:n]
	switch string(name) {
	case "lt":
		s.scratch = append(s.scratch, '<')
	case "gt":
		s.scratch = append(s.scratch, '>')
	case "amp":
		s.scratch = append(s.scratch, '&')
	case "quot":
		s.scratch = append(s.scratch, '"')
	case "apos":
		s.scratch = append(s.scratch, '\'')
	default:
		r, ok := charReference(string(name))
		if !ok {
			return 0, s.fault(at, "%q is not an entity of XML or a character that is allowed", b[:n+1])
		}
		s.scratch = utf8.AppendRune(s.scratch, r)
	}
	return n + 1, nil
}

// charReference returns the character of a reference such as "#10" or "#xA".
func charReference(name string) (rune, bool) {
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	// ParseUint takes no sign, and no underscores where the base is given.
	r, err := strconv.ParseUint(digits, base, 32)
	return rune(r), err == nil && r <= utf8.MaxRune && isChar(rune(r))
}

// scanDeclaration takes the comment or CDATA section that the window begins
// with.
func (s *scanner) scanDeclaration() error {
	const comment, cdata, doctype = "<!--", "<![CDATA[", "<!DOCTYPE"
	for {
		b := s.bytes()
		switch {
		case bytes.HasPrefix(b, []byte(comment)):
			return s.skipComment()
		case bytes.HasPrefix(b, []byte(cdata)):
			return s.takeCDATA(len(cdata))
		case bytes.HasPrefix(b, []byte(doctype)):
			return s.fault(0, "document type declarations are not accepted")
		case len(b) >= len(cdata),
			!bytes.HasPrefix([]byte(comment), b) && !bytes.HasPrefix([]byte(cdata), b) && !bytes.HasPrefix([]byte(doctype), b):
			return s.fault(0, "\"<!\" does not begin a comment or a CDATA section")
		}
		if err := s.readOn(); err != nil {
			return err
		}
	}
}

// skipComment takes the comment that the window begins with. It keeps nothing
// of it, so that Limits.Document is the only bound.
func (s *scanner) skipComment() error {
	s.take(len("<!--"))
	if err := s.skipPast("--", nil); err != nil {
		return err
	}
	for len(s.bytes()) == 0 {
		if err := s.readOn(); err != nil {
			return err
		}
	}
	if s.bytes()[0] != '>' {
		return s.fault(0, "\"--\" is not allowed inside a comment")
	}
	s.take(1)
	return nil
}

// takeCDATA appends the CDATA section that the window begins with to scratch.
func (s *scanner) takeCDATA(opening int) error {
	if s.depth() == 0 {
		return s.outside()
	}
	s.take(opening)
	return s.skipPast("]]>", func(b []byte) error {
		for i, c := range b {
			switch {
			case len(s.scratch) >= s.limits.Token:
				return s.fault(i, "text is longer than %d bytes", s.limits.Token)
			case c != '\r':
				s.scratch = append(s.scratch, c)
			case i+1 == len(b) || b[i+1] != '\n':
				s.scratch = append(s.scratch, '\n')
			}
		}
		return nil
	})
}

// skipPast takes everything up to and with the mark, and gives what comes
// before it to each, in pieces, where each is not nil.
func (s *scanner) skipPast(mark string, each func([]byte) error) error {
	for {
		b := s.bytes()
		n := bytes.Index(b, []byte(mark))
		found := n >= 0
		if !found {
			n = max(0, len(b)-len(mark)+1) // the mark may have begun
			if n > 0 && b[n-1] == '\r' {
				n-- // the pair of a line end stays together
			}
		}
		if each != nil {
			if err := each(b[:n]); err != nil {
				return err
			}
		}
		s.take(n)
		if found {
			s.take(len(mark))
			return nil
		}
		if err := s.readOn(); err != nil {
			return err
		}
	}
}

// maxDeclaration is how long the target of an instruction, and the XML
// declaration as a whole, may be.
const maxDeclaration = 512

// skipInstruction takes the processing instruction or XML declaration that the
// window begins with.
func (s *scanner) skipInstruction() error {
	var n int
	for {
		b := s.bytes()
		n, _ = nameLen(b[2:min(len(b), maxDeclaration)])
		if n += 2; n < len(b) {
			break
		}
		if err := s.readOn(); err != nil {
			return err
		}
	}
	b := s.bytes()
	target := b[2:n]
	if prefix, ok := validName(target); !ok || prefix > 0 || !isSpace(b[n]) && b[n] != '?' {
		return s.fault(2, "%s is not the target of an instruction", quoted(b[2:n+1]))
	}
	if bytes.EqualFold(target, []byte("xml")) {
		return s.scanXMLDeclaration()
	}
	s.take(n)
	return s.skipPast("?>", nil)
}

// scanXMLDeclaration takes the XML declaration that the window begins with.
func (s *scanner) scanXMLDeclaration() error {
	if s.base+int64(s.pos) != s.begin {
		return s.fault(0, "XML declaration is not at the beginning of the document")
	}
	n := 0
	for {
		b := s.bytes()
		if n = bytes.Index(b[:min(len(b), maxDeclaration)], []byte("?>")); n >= 0 {
			break
		}
		if len(b) >= maxDeclaration {
			return s.fault(0, "XML declaration does not end")
		}
		if err := s.readOn(); err != nil {
			return err
		}
	}
	rest := trimSpace(s.bytes()[len("<?xml"):n])
	for len(rest) > 0 {
		name, value, after, ok := cutPseudoAttribute(rest)
		switch {
		case !ok:
			return s.fault(0, "XML declaration is malformed at %s", quoted(rest))
		case name == "version" && value != "1.0":
			return s.fault(0, "XML version %q is not accepted; 1.0 is needed", value)
		case name == "encoding" && !strings.EqualFold(value, "UTF-8") && !strings.EqualFold(value, "US-ASCII"):
			return s.fault(0, "encoding %q is not accepted; UTF-8 is needed", value)
		}
		rest = after
	}
	s.take(n + len("?>"))
	return nil
}

// cutPseudoAttribute cuts name="value" and the white space behind it from b.
func cutPseudoAttribute(b []byte) (name, value string, rest []byte, ok bool) {
	n, _ := nameLen(b)
	i := skipSpace(b, n)
	if n == 0 || i == len(b) || b[i] != '=' {
		return "", "", nil, false
	}
	if i = skipSpace(b, i+1); i == len(b) || b[i] != '"' && b[i] != '\'' {
		return "", "", nil, false
	}
	v, rest, ok := bytes.Cut(b[i+1:], b[i:i+1])
	return string(b[:n]), string(v), rest[skipSpace(rest, 0):], ok
}
