package mtconnect

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// tokens reads a document to its end and writes down what the scanner gives.
func tokens(src io.Reader, limits Limits) ([]string, error) {
	var s scanner
	s.reset(src, limits.withDefaults())
	var got []string
	for {
		t, err := s.next()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		switch t {
		case startElement:
			line := "<" + string(s.name)
			for _, a := range s.attrs {
				line += fmt.Sprintf(" %s=%q", a.name, a.value)
			}
			got = append(got, line)
		case endElement:
			got = append(got, "/"+string(s.local()))
		case textToken:
			got = append(got, fmt.Sprintf("%q", s.text))
		}
	}
}

func TestScanner(t *testing.T) {
	tests := map[string]struct {
		document string
		want     []string
	}{
		"empty element":        {`<a/>`, []string{"<a", "/a"}},
		"start and end":        {`<a></a >`, []string{"<a", "/a"}},
		"text":                 {`<a> 1.5 </a>`, []string{"<a", `"1.5"`, "/a"}},
		"white space":          {"<a> \t\r\n </a>", []string{"<a", "/a"}},
		"attributes":           {"<a b='1' c = \"x'y\"\n x:d=\"\"/>", []string{`<a b="1" c="x'y" x:d=""`, "/a"}},
		"prefix":               {`<x:a><b/></x:a>`, []string{"<x:a", "<b", "/b", "/a"}},
		"entities":             {`<a b="&lt;&gt;&amp;&quot;&apos;&#65;&#x42;">&lt;&gt;&amp;&quot;&apos;&#65;&#x10FFFF;</a>`, []string{`<a b="<>&\"'AB"`, fmt.Sprintf("%q", "<>&\"'A\U0010FFFF"), "/a"}},
		"CDATA":                {`<a>x<![CDATA[<&]] >]]]]><![CDATA[>]]></a>`, []string{"<a", `"x<&]] >]]>"`, "/a"}},
		"line ends in CDATA":   {"<a><![CDATA[1\r\n2\r3\r\r\n]]>4</a>", []string{"<a", `"1\n2\n3\n\n4"`, "/a"}},
		"comments":             {`<!-- - --><a>1<!--<b>-->2<?p ?>3</a><!----> `, []string{"<a", `"123"`, "/a"}},
		"instructions":         {`<?xml version="1.0" encoding='utf-8' standalone="yes" ?><?xml-stylesheet href="?"?><a/><?p?>`, []string{"<a", "/a"}},
		"byte order mark":      {"\uFEFF<?xml version='1.0'?>\n<a/>", []string{"<a", "/a"}},
		"line ends":            {"<a b='1\r\n2\t3\r4\n5&#10;'>1\r\n2\r3</a>", []string{`<a b="1 2 3 4 5\n"`, `"1\n2\n3"`, "/a"}},
		"brackets":             {`<a>[1] ]] > ></a>`, []string{"<a", `"[1] ]] > >"`, "/a"}},
		"beyond ASCII":         {"<é ü='ä'>漢字\U0001F600</é>", []string{`<é ü="ä"`, fmt.Sprintf("%q", "漢字\U0001F600"), "/é"}},
		"references are space": {`<a>&#32;1&#10;</a>`, []string{"<a", `"1"`, "/a"}},
		"mixed":                {`<a>1<b>2</b>3</a>`, []string{"<a", `"1"`, "<b", `"2"`, "/b", `"3"`, "/a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for how, src := range map[string]io.Reader{
				"whole":       strings.NewReader(tt.document),
				"by the byte": iotest.OneByteReader(strings.NewReader(tt.document)),
			} {
				got, err := tokens(src, Limits{})
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

func TestScannerRefuses(t *testing.T) {
	tests := []struct {
		document, want string
	}{
		{"", `line 1, column 1 (byte 0): document is empty`},
		{" \n ", `line 2, column 2 (byte 3): document ends before its root element is there`},
		{"x", `line 1, column 2 (byte 1): document ends before its root element is there`},
		{"x<a/>", `line 1, column 1 (byte 0): text outside the root element`},
		{"<a/>\n x", `line 2, column 2 (byte 6): text outside the root element`},
		{"<a/><b/>", `line 1, column 5 (byte 4): second root element`},
		{"<a>", `line 1, column 4 (byte 3): document ends inside <a>`},
		{"<a", `line 1, column 3 (byte 2): document ends before its root element is there`},
		{"<a><b></a></b>", `line 1, column 7 (byte 6): element <b> has another element's end tag`},
		{"<a></a b>", `line 1, column 8 (byte 7): end tag of <a> does not end`},
		{"</a>", `line 1, column 1 (byte 0): end tag without a start tag`},
		{"<1/>", `line 1, column 2 (byte 1): "1" is not the name of an element`},
		{"<a:b:c/>", `line 1, column 2 (byte 1): "a:b:c" is not the name of an element`},
		{"< a/>", `line 1, column 2 (byte 1): " " is not the name of an element`},
		{"<a b='1'c='2'/>", `line 1, column 9 (byte 8): white space is missing in the tag of <a>`},
		{"<a b='1' b='2'/>", `line 1, column 10 (byte 9): attribute "b" is there twice`},
		{"<a b/>", `line 1, column 5 (byte 4): attribute "b" has no value`},
		{"<a b=1/>", `line 1, column 6 (byte 5): value of attribute "b" is not in quotes`},
		{"<a b='<'/>", `line 1, column 7 (byte 6): '<' is not allowed in the value of an attribute`},
		{"<a / >", `line 1, column 4 (byte 3): '/' in the tag of <a> is not followed by '>'`},
		{"<a>&b;</a>", `line 1, column 4 (byte 3): "&b;" is not an entity of XML or a character that is allowed`},
		{"<a>1 & 2</a>", `line 1, column 6 (byte 5): '&' does not begin an entity; write it as &amp;`},
		{"<a>&#0;</a>", `line 1, column 4 (byte 3): "&#0;" is not an entity of XML or a character that is allowed`},
		{"<a>&#xD800;</a>", `line 1, column 4 (byte 3): "&#xD800;" is not an entity of XML or a character that is allowed`},
		{"<a>]]></a>", `line 1, column 4 (byte 3): "]]>" is not allowed in text`},
		{"<a>\x00</a>", `line 1, column 4 (byte 3): control character U+0000 is not allowed`},
		{"<a>\xff</a>", `line 1, column 4 (byte 3): byte 0xFF is not a character in UTF-8 that is allowed`},
		{"<a>\uFFFE</a>", `line 1, column 4 (byte 3): byte 0xEF is not a character in UTF-8 that is allowed`},
		{"<a>\xe6\xbc", `line 1, column 4 (byte 3): document ends inside a character`},
		{"\xff\xfe<\x00", `line 1, column 1 (byte 0): document is in UTF-16, it seems; UTF-8 is needed`},
		{"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", `line 1, column 1 (byte 0): document type declarations are not accepted`},
		{"<a><!ELEMENT b></a>", `line 1, column 4 (byte 3): "<!" does not begin a comment or a CDATA section`},
		{"<a><!-- -- --></a>", `line 1, column 11 (byte 10): "--" is not allowed inside a comment`},
		{"<![CDATA[x]]><a/>", `line 1, column 1 (byte 0): text outside the root element`},
		{"<?xml version='1.1'?><a/>", `line 1, column 1 (byte 0): XML version "1.1" is not accepted; 1.0 is needed`},
		{"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", `line 1, column 1 (byte 0): encoding "ISO-8859-1" is not accepted; UTF-8 is needed`},
		{"<?xml version?><a/>", `line 1, column 1 (byte 0): XML declaration is malformed at "version"`},
		{" <?xml version='1.0'?><a/>", `line 1, column 2 (byte 1): XML declaration is not at the beginning of the document`},
		{"<?1?><a/>", `line 1, column 3 (byte 2): "1?" is not the target of an instruction`},
	}
	for _, tt := range tests {
		t.Run(tt.document, func(t *testing.T) {
			for how, src := range map[string]io.Reader{
				"whole":       strings.NewReader(tt.document),
				"by the byte": iotest.OneByteReader(strings.NewReader(tt.document)),
			} {
				_, err := tokens(src, Limits{})
				var syntax *SyntaxError
				if !errors.As(err, &syntax) {
					t.Fatalf("%s: error %v, want a SyntaxError", how, err)
				}
				if err.Error() != tt.want {
					t.Errorf("%s:\n got %s\nwant %s", how, err, tt.want)
				}
			}
		})
	}
}

// TestNames walks the edges of the characters that names may have (XML 1.0,
// fifth edition, productions 4 and 4a).
func TestNames(t *testing.T) {
	begins := [][2]rune{
		{'A', 'Z'},
		{'_', '_'},
		{'a', 'z'},
		{0xC0, 0xD6},
		{0xD8, 0xF6},
		{0xF8, 0x2FF},
		{0x370, 0x37D},
		{0x37F, 0x1FFF},
		{0x200C, 0x200D},
		{0x2070, 0x218F},
		{0x2C00, 0x2FEF},
		{0x3001, 0xD7FF},
		{0xF900, 0xFDCF},
		{0xFDF0, 0xFFFD},
		{0x10000, 0xEFFFF},
	}
	follows := [][2]rune{{'-', '.'}, {'0', '9'}, {0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}}
	in := func(r rune, ranges [][2]rune) bool {
		return slices.ContainsFunc(ranges, func(x [2]rune) bool { return x[0] <= r && r <= x[1] })
	}
	for _, edges := range slices.Concat(begins, follows) {
		for _, r := range []rune{edges[0] - 1, edges[0], edges[1], edges[1] + 1} {
			if !isChar(r) || strings.ContainsRune("/:<=>@[`{", r) { // end the name, or part it
				continue
			}
			for name, want := range map[string]bool{
				string(r):        in(r, begins),
				"a" + string(r):  in(r, begins) || in(r, follows),
				"a:" + string(r): in(r, begins),
			} {
				_, err := tokens(strings.NewReader("<"+name+"/>"), Limits{})
				if ok := err == nil; ok != want {
					t.Errorf("name %+q: error %v, want it accepted: %v", name, err, want)
				}
			}
		}
	}
}

// TestScannerCapture takes elements as they are written, however the bytes come
// in, and goes on behind them.
func TestScannerCapture(t *testing.T) {
	document := `<a><b/><c d="&lt;"> 1 <!-- </c> --><c>2</c><![CDATA[</c>]]></c ><e></e>text</a>`
	want := []string{`<b/>`, `<c d="&lt;"> 1 <!-- </c> --><c>2</c><![CDATA[</c>]]></c >`, `<e></e>`}
	for how, src := range map[string]io.Reader{
		"whole":       strings.NewReader(document),
		"by the byte": iotest.OneByteReader(strings.NewReader(document)),
	} {
		var s scanner
		s.reset(src, Limits{}.withDefaults())
		if err := s.root(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			found, err := s.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", how, err)
			}
			if found == startElement {
				source, err := s.capture()
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				got = append(got, string(source))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", how, diff)
		}
	}
}

// FuzzScanner asks that what is accepted means to encoding/xml what it means to
// the scanner.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`<a/>`, `<a b="1" c='&lt;'>x<b>y</b>z</a>`, `<a><!-- c -->1<![CDATA[<]]>2<?p?>3</a>`,
		"<x:a xmlns:x='u'>\r\n&#65;&#x10FFFF;</x:a >", "\uFEFF<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a/>\n<!---->",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		got, err := tokens(bytes.NewReader(document), Limits{})
		again, errAgain := tokens(iotest.OneByteReader(bytes.NewReader(document)), Limits{})
		if diff := cmp.Diff(got, again); diff != "" || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("whole: %v, by the byte: %v\n%s", err, errAgain, diff)
		}
		if err != nil || !isASCII(document) {
			return // names beyond ASCII are of another edition of XML there
		}
		want, err := referenceTokens(document)
		if err != nil {
			t.Fatalf("accepted, but encoding/xml says: %v", err)
		}
		// The standard makes spaces of white space in attributes, encoding/xml
		// does not.
		spaces := cmp.Transformer("spaces", func(quoted string) string {
			return strings.NewReplacer(`\n`, " ", `\t`, " ", `\r`, " ").Replace(quoted)
		})
		if diff := cmp.Diff(want, got, spaces); diff != "" {
			t.Fatalf("(-encoding/xml +ours):\n%s", diff)
		}
	})
}

// isASCII reports whether there is nothing else.
func isASCII(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// referenceTokens writes down what encoding/xml finds as tokens does.
func referenceTokens(document []byte) ([]string, error) {
	d := xml.NewDecoder(bytes.NewReader(document))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var all []string
	var text strings.Builder
	flush := func() {
		if s := strings.Trim(text.String(), " \t\r\n"); s != "" {
			all = append(all, fmt.Sprintf("%q", s))
		}
		text.Reset()
	}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			flush()
			line := "<" + qualified(t.Name)
			for _, a := range t.Attr {
				line += fmt.Sprintf(" %s=%q", qualified(a.Name), a.Value)
			}
			all = append(all, line)
		case xml.EndElement:
			flush()
			all = append(all, "/"+t.Name.Local)
		case xml.CharData:
			text.Write(t)
		}
	}
}

// qualified is a name as it is written.
func qualified(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}
