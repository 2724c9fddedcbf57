package mtconnect

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readParts reads all parts of a stream, decoded, and gives the error that
// ended it.
func readParts(r io.Reader, boundary string, limit int64) ([]string, error) {
	m := newMultipartReader(r, boundary, limit)
	var parts []string
	for {
		p, err := m.next()
		if err != nil {
			return parts, err
		}
		body, err := p.decoded()
		if err != nil {
			return parts, err
		}
		data, err := io.ReadAll(body)
		if err != nil {
			return parts, err
		}
		parts = append(parts, string(data))
	}
}

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

func TestMultipart(t *testing.T) {
	zipped := gzipped("<a/>")
	tests := map[string]struct {
		stream string
		want   []string
		err    string // of the end; empty for io.EOF
	}{
		"2.x":                 {"--B\r\nContent-Type: application/xml\r\nContent-Length: 4\r\n\r\n<a/>\r\n--B\r\nContent-Length: 4\r\n\r\n<b/>\r\n", []string{"<a/>", "<b/>"}, ""},
		"1.x counts the end":  {"--B\r\nContent-type: text/xml\r\nContent-length: 6\r\n\r\n<a/>\r\n--B\r\nContent-length: 6\r\n\r\n<b/>\r\n", []string{"<a/>\r\n", "<b/>\r\n"}, ""},
		"LF only":             {"--B\nCONTENT-LENGTH:4\n\n<a/>\n--B\ncontent-length:4 \n\n<b/>\n", []string{"<a/>", "<b/>"}, ""},
		"blank lines":         {"\r\n\r\n--B\r\nContent-length: 4\r\n\r\n<a/>\r\n\r\n\n--B \t\r\nContent-length: 4\r\n\r\n<b/>", []string{"<a/>", "<b/>"}, ""},
		"closed":              {"--B\r\nContent-length: 4\r\n\r\n<a/>\r\n--B--\r\nwhat stands here does not count", []string{"<a/>"}, ""},
		"closed, no line end": {"--B\r\nContent-length: 4\r\n\r\n<a/>--B--", []string{"<a/>"}, ""},
		"no length":           {"--B\r\n\r\n<a/>\r\n--B\r\nContent-type: text/xml\r\n\r\n<b>\r\n--C\r\n-\r\n</b>\r\n--B--", []string{"<a/>\r\n", "<b>\r\n--C\r\n-\r\n</b>\r\n"}, ""},
		"no length, no end":   {"--B\r\n\r\n<a/>", []string{"<a/>"}, ""},
		"empty part":          {"--B\r\n\r\n--B\r\nContent-length: 0\r\n\r\n\r\n--B--", []string{"", ""}, ""},
		"boundary-like text":  {"--B\r\nContent-length: 12\r\n\r\n--Bee\n--\n--B\r\n--B--", []string{"--Bee\n--\n--B"}, ""},
		"gzip":                {fmt.Sprintf("--B\r\nContent-Encoding: GZip\r\nContent-length: %d\r\n\r\n%s\r\n--B--", len(zipped), zipped), []string{"<a/>"}, ""},
		"gzip, end counted":   {fmt.Sprintf("--B\r\nContent-Encoding: gzip\r\nContent-length: %d\r\n\r\n%s\r\n--B--", len(zipped)+2, zipped), []string{"<a/>"}, ""},
		"gzip, no length":     {"--B\r\nContent-Encoding: gzip\r\n\r\n" + zipped + "\r\n--B--", []string{"<a/>"}, ""},

		"length too small":  {"--B\r\nContent-length: 3\r\n\r\n<a/>\r\n--B\r\n", []string{"<a/"}, "may be too small"},
		"length too great":  {"--B\r\nContent-length: 40\r\n\r\n<a/>\r\n--B\r\nContent-length: 4\r\n\r\n<b/>\r\n--B\r\n", nil, "next boundary stands 6 bytes into a part with a Content-length of 40"},
		"cut in the body":   {"--B\r\nContent-length: 4\r\n\r\n<a", nil, "after 2 of the 4 bytes"},
		"cut in the header": {"--B\r\nContent-length: 4\r\n", nil, "header of a part: unexpected EOF"},
		"cut in a boundary": {"--B\r\nContent-length: 4\r\n\r\n<a/>\r\n--", []string{"<a/>"}, "want the boundary"},
		"not a length":      {"--B\r\nContent-length: -1\r\n\r\n", nil, "want a number of bytes"},
		"huge length":       {"--B\r\nContent-length: 99999999999999999999\r\n\r\n", nil, "want a number of bytes"},
		"two lengths":       {"--B\r\nContent-length: 4\r\nContent-length: 5\r\n\r\n", nil, "two values"},
		"long part":         {"--B\r\nContent-length: 101\r\n\r\n", nil, "limit exceeded: bytes of a part: at most 100"},
		"endless part":      {"--B\r\n\r\n" + strings.Repeat("x", 200), nil, "limit exceeded: bytes of a part: at most 100"},
		"endless header":    {"--B\r\n" + strings.Repeat("A: b\r\n", 2000), nil, "limit exceeded: bytes of a part's header"},
		"endless line":      {strings.Repeat("-", 100_000), nil, "limit exceeded: bytes of a part's header"},
		"endless blanks":    {strings.Repeat("\r\n", 100_000), nil, "limit exceeded: bytes of a part's header"},
		"no colon":          {"--B\r\nContent-length 4\r\n\r\n", nil, "with a colon"},
		"unknown encoding":  {"--B\r\nContent-Encoding: br\r\nContent-length: 1\r\n\r\nx", nil, `"br": want gzip`},
		"not gzip":          {"--B\r\nContent-Encoding: gzip\r\nContent-length: 4\r\n\r\n<a/>", nil, "gzip: "},
		"other boundary":    {"--C\r\nContent-length: 4\r\n\r\n<a/>", nil, `want the boundary "--B", got "--C"`},
	}
	for name, test := range tests {
		for way, r := range map[string]io.Reader{
			"whole":         strings.NewReader(test.stream),
			"byte by byte":  iotest.OneByteReader(strings.NewReader(test.stream)),
			"end with data": iotest.DataErrReader(strings.NewReader(test.stream)),
		} {
			got, err := readParts(r, "B", 100)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s, %s: parts (-want +got):\n%s", name, way, diff)
			}
			ended := errors.Is(err, io.EOF)
			if ended != (test.err == "") || !ended && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s, %s: error %v, want %q", name, way, err, test.err)
			}
		}
	}
}

// TestPartIsThereWithItsLastByte reads a part from a connection on which
// nothing follows yet.
func TestPartIsThereWithItsLastByte(t *testing.T) {
	for _, header := range []string{"Content-length: 4\r\n", "Content-length: 6\r\n"} {
		r, w := io.Pipe()
		wrote := make(chan struct{})
		go func() {
			defer close(wrote)
			_, _ = w.Write([]byte("--B\r\n" + header + "\r\n<a/>\r\n"))
		}()
		p, err := newMultipartReader(r, "B", 100).next()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(p) // would wait for ever for a boundary
		if err != nil || strings.TrimSpace(string(data)) != "<a/>" {
			t.Errorf("%s: part %q, error %v", header, data, err)
		}
		_ = r.Close()
		<-wrote
	}
}

// TestSkippedParts leaves parts unread.
func TestSkippedParts(t *testing.T) {
	stream := "--B\r\nContent-length: 4\r\n\r\n<a/>\r\n--B\r\n\r\n<b/>\r\n--B\r\nContent-length: 4\r\n\r\n<c/>"
	m := newMultipartReader(strings.NewReader(stream), "B", 100)
	n := 0
	for {
		_, err := m.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d parts, want 3", n)
	}
}

func TestMultipartBoundary(t *testing.T) {
	tests := []struct {
		contentType, boundary string
		ok                    bool
	}{
		{"multipart/mixed;boundary=50b54302-e9da-4944-a6e9-48dfb7e8a8fb", "50b54302-e9da-4944-a6e9-48dfb7e8a8fb", true},
		{"multipart/x-mixed-replace;boundary=449bd0d39c520713dc7b5b08eaaecf9f", "449bd0d39c520713dc7b5b08eaaecf9f", true},
		{`Multipart/Related; charset=utf-8; BOUNDARY="a b:c="`, "a b:c=", true},
		{"multipart/mixed; boundary=a:b=c; charset=utf-8", "a:b=c", true},
		{"multipart/mixed", "", false},
		{"multipart/mixed; boundary=" + strings.Repeat("x", 300), "", false},
		{"text/xml; boundary=x", "", false},
		{"", "", false},
	}
	for _, test := range tests {
		boundary, ok := multipartBoundary(test.contentType)
		if ok != test.ok || ok && boundary != test.boundary {
			t.Errorf("%q: boundary %q, %t; want %q, %t", test.contentType, boundary, ok, test.boundary, test.ok)
		}
	}
}

// chunks gives data in pieces whose sizes the bytes of sizes say.
type chunks struct {
	data, sizes []byte
	turn        int
}

func (c *chunks) Read(b []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := len(c.data)
	if len(c.sizes) > 0 {
		n = int(c.sizes[c.turn%len(c.sizes)])%16 + 1
		c.turn++
	}
	n = copy(b, c.data[:min(n, len(c.data))])
	c.data = c.data[n:]
	return n, nil
}

// FuzzMultipart wants the same parts however the bytes come in, and every part
// that was written in any of the agents' styles back.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte("--B\r\nContent-length: 4\r\n\r\n<a/>\r\n--B\r\n\r\n<b/>\r\n--B--"), []byte{1, 2, 3})
	f.Add([]byte("<a/>\x00<b/>\n--\x00\n-\n--B"), []byte{0})
	f.Fuzz(func(t *testing.T, data, sizes []byte) {
		const limit = 1 << 10
		want, wantErr := readParts(bytes.NewReader(data), "B", limit)
		got, gotErr := readParts(&chunks{data: data, sizes: sizes}, "B", limit)
		if diff := cmp.Diff(want, got); diff != "" || errors.Is(wantErr, io.EOF) != errors.Is(gotErr, io.EOF) {
			t.Fatalf("in pieces: error %v, whole: error %v; parts (-whole +pieces):\n%s", gotErr, wantErr, diff)
		}

		bodies := strings.Split(string(data), "\x00")
		for style, end := range []string{"\r\n", "\n", ""} {
			var stream bytes.Buffer
			for _, body := range bodies {
				if len(body) > limit || strings.Contains("\n"+body+"\n", "\n--B") {
					return // such a body needs another boundary
				}
				fmt.Fprintf(&stream, "--B%[1]scontent-LENGTH: %[2]d%[1]s%[1]s%[3]s%[1]s", []string{"\r\n", "\n", "\r\n"}[style], len(body), body)
				stream.WriteString(end)
			}
			got, err := readParts(&chunks{data: stream.Bytes(), sizes: sizes}, "B", limit)
			if diff := cmp.Diff(bodies, got); diff != "" || !errors.Is(err, io.EOF) {
				t.Fatalf("style %d: error %v, parts (-written +read):\n%s", style, err, diff)
			}
		}
	})
}
