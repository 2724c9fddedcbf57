package mtconnect_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/factorydash/factorydash/mtconnect"
)

// chunks gives what is left of data in pieces of the given sizes, over and
// over.
type chunks struct {
	data  []byte
	sizes []int
	next  int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	size := c.sizes[c.next%len(c.sizes)]
	c.next++
	n := copy(p[:min(len(p), size)], c.data)
	c.data = c.data[n:]
	return n, nil
}

// drawDocument draws a Streams document in as many ways to write it as there
// are: runs of one data item, orders of attributes, white space, quotes,
// entities, CDATA, comments, entries and cells.
func drawDocument(t *rapid.T) []byte {
	values := rapid.SampledFrom([]string{
		"", " ", "1.5", "-3e4", "UNAVAILABLE", "0 1 2", "a&amp;b", "&#x41;&#66;", "<![CDATA[<x>]]>", "1<!-- 2 -->3",
		"<!---->", "<?p 1?>", "é漢\U0001F600", "]]", "x\r\ny", " \tz\n", "'\"", "&lt;&gt;&quot;&apos;", strings.Repeat("long ", 500),
	})
	keys := rapid.SampledFrom([]string{"a", "b", "&amp;", "", "é"})
	spaces := rapid.SampledFrom([]string{"", "", "\n   ", " ", "<!-- -->", "\r\n\t"})
	var b bytes.Buffer
	b.WriteString(`<MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:2.0" xmlns:x="urn:nist.gov:NistStreams:1.3">`)
	if rapid.Bool().Draw(t, "padded") { // so that the reader's window ends within what matters
		b.WriteString("<!--" + strings.Repeat("p", rapid.IntRange(63<<10, 65<<10).Draw(t, "padding")) + "-->")
	}
	b.WriteString(`<Header nextSequence="1"/>` + spaces.Draw(t, "space") + `<Streams>`)
	for device := range rapid.IntRange(0, 2).Draw(t, "devices") {
		fmt.Fprintf(&b, `<DeviceStream name="d%d" uuid="u%d">`, device, device)
		for component := range rapid.IntRange(0, 2).Draw(t, "components") {
			fmt.Fprintf(&b, `<ComponentStream component="Linear" name="n" componentId="c%d">`, component)
			category := rapid.SampledFrom([]string{"Samples", "Events", "Condition"}).Draw(t, "category")
			b.WriteString("<" + category + ">")
			for range rapid.IntRange(0, 3).Draw(t, "runs") {
				drawRun(t, &b, category, values, keys, spaces)
			}
			b.WriteString(spaces.Draw(t, "space") + "</" + category + ">" + spaces.Draw(t, "space") + "</ComponentStream>")
		}
		b.WriteString("</DeviceStream>")
	}
	b.WriteString("</Streams></MTConnectStreams>\n")
	return b.Bytes()
}

// drawRun draws observations of one data item.
func drawRun(t *rapid.T, b *bytes.Buffer, category string, values, keys, spaces *rapid.Generator[string]) {
	element := rapid.SampledFrom([]string{"Position", "x:Mode", "LoadTimeSeries", "VariableDataSet", "OffsetTable"}).Draw(t, "element")
	if category == "Condition" {
		element = rapid.SampledFrom([]string{"Normal", "Warning", "Fault", "Unavailable"}).Draw(t, "level")
	}
	attributes := []string{
		`dataItemId="i` + rapid.SampledFrom([]string{"1", "2", "&lt;"}).Draw(t, "id") + `"`,
		`timestamp='%[1]s'`, `sequence="%[2]d"`, `name = "n"`, `subType="x:S"`, `nativeCode="1&amp;2"`, `statistic='AVERAGE"'`, `type="T"`,
	}
	attributes = rapid.Permutation(attributes[:rapid.IntRange(3, len(attributes)).Draw(t, "attributes")]).Draw(t, "order")
	format := "<" + element + " " + strings.Join(attributes, rapid.SampledFrom([]string{" ", "\n"}).Draw(t, "between"))
	space := spaces.Draw(t, "space")
	for range rapid.IntRange(1, 5).Draw(t, "length") {
		b.WriteString(space)
		times := rapid.SampledFrom([]string{"2016-05-05T18:07:54.842556Z", "2016-05-05T18:07:55Z", "2016-05-05T18:08:00.5+02:00", "1969-12-31T23:59:59.9999999Z"})
		fmt.Fprintf(b, format, times.Draw(t, "time"), rapid.Uint64().Draw(t, "sequence"))
		inside := rapid.SampledFrom([]string{"value", "value", "value", "entries", "nothing"}).Draw(t, "inside")
		if inside == "nothing" {
			b.WriteString("/>")
			continue
		}
		b.WriteString(">")
		if inside == "value" {
			b.WriteString(values.Draw(t, "value"))
		}
		for i := 0; inside == "entries" && i < rapid.IntRange(1, 3).Draw(t, "entries"); i++ {
			fmt.Fprintf(b, `<Entry key="%s">`, keys.Draw(t, "key"))
			if rapid.Bool().Draw(t, "cells") {
				fmt.Fprintf(b, `<Cell key="%s">%s</Cell>`, keys.Draw(t, "key"), values.Draw(t, "cell"))
			} else {
				b.WriteString(values.Draw(t, "entry"))
			}
			b.WriteString("</Entry>")
		}
		b.WriteString("</" + element + rapid.SampledFrom([]string{"", "", "", " "}).Draw(t, "end") + ">")
	}
}

// TestStreamsProperties reads generated documents: what comes out is what
// encoding/xml finds, however the bytes come in.
func TestStreamsProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		document := drawDocument(rt)
		want := referenceObservations(t, document)
		sizes := rapid.SliceOfN(rapid.SampledFrom([]int{1, 2, 3, 7, 100, 4096, 1 << 20}), 1, 5).Draw(rt, "sizes")
		for _, src := range []io.Reader{bytes.NewReader(document), &chunks{data: document, sizes: sizes}} {
			got, err := readAll(src)
			if err != nil {
				rt.Fatalf("%v in\n%.2000s", err, document)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("(-encoding/xml +ours):\n%s\nin\n%.2000s", diff, document)
			}
		}
	})
}

// FuzzStreams asks that nothing panics, that it does not matter how the bytes
// come in, that a reader that was used before says the same, and that XML which
// is accepted is well-formed for encoding/xml too.
func FuzzStreams(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join("testdata", "streams", "*"))
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range seeds {
		document, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document, uint16(1))
	}
	used := mtconnect.NewStreamsReader(mtconnect.Limits{})
	f.Fuzz(func(t *testing.T, document []byte, size uint16) {
		want, wantErr := readAll(bytes.NewReader(document))
		for how, src := range map[string]io.Reader{
			"in chunks":        &chunks{data: document, sizes: []int{int(size%300) + 1}},
			"by a used reader": bytes.NewReader(document),
		} {
			used.Reset(src)
			got, err := readOn(used)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("error %v, and %s %v", wantErr, how, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("whole and %s (-whole +%s):\n%s", how, how, diff)
			}
		}
		var syntax *mtconnect.SyntaxError
		if errors.As(wantErr, &syntax) && (syntax.Offset < 0 || syntax.Offset > int64(len(document)) || syntax.Line < 1 || syntax.Column < 1) {
			t.Fatalf("%+v is not a place in a document of %d bytes", syntax, len(document))
		}
		if wantErr == nil && isXMLDocument(document) {
			wellFormed(t, document)
		}
	})
}

// isXMLDocument reports whether a document is XML that encoding/xml can be
// asked about: it knows names of the fourth edition of XML only.
func isXMLDocument(document []byte) bool {
	for _, c := range document {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return !bytes.HasPrefix(bytes.TrimLeft(document, " \t\r\n"), []byte("{"))
}

// wellFormed fails where encoding/xml finds something wrong.
func wellFormed(t *testing.T, document []byte) {
	d := xml.NewDecoder(bytes.NewReader(document))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("accepted, but encoding/xml says: %v", err)
		}
	}
}
