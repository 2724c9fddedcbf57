package mtconnect

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
)

// Limits of the framing of a multipart stream.
const (
	// maxPartHeader is the most bytes that the boundary and header lines of one
	// part may have.
	maxPartHeader = 8 << 10
	// maxBoundary is the most bytes that a boundary may have. RFC 2046 allows 70.
	maxBoundary = 256
	// headerRead is how many bytes are asked for at a time where it is not known
	// how many will come. It is less than the shortest header and document
	// together.
	headerRead = 32
	// multipartBuffer is the size of the read buffer. It holds a longest line of
	// a part's header and a longest boundary with room to spare.
	multipartBuffer = 64 << 10
)

// multipartReader takes a multipart stream of any subtype apart.
//
// mime/multipart ends a part only when the next one begins, so the newest
// document of a stream would be held back until the agent's next heartbeat.
// This reader believes the Content-length of a part: the part ends with its
// last byte. Where the length is missing the part ends before the next
// boundary. A boundary inside the declared length is an error.
//
// Tolerated are header names in any case, lines that end in LF alone, blank
// lines between a part and the next boundary (agents of schema 1.x count the
// line end after the document as part of it, others do not) and a missing
// closing boundary.
type multipartReader struct {
	src frugalReader
	br  *bufio.Reader // reads src
	// delimiter is the boundary with its leading dashes.
	delimiter []byte
	// most is the most bytes of one part.
	most int64
	part part
}

// multipartBoundary gives the boundary of a multipart content type, and false
// where the content type is not multipart or has none.
func multipartBoundary(contentType string) (string, bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return "", false
	}
	boundary := params["boundary"]
	if err != nil {
		// A boundary may hold characters that need quotes, such as ":" or "=",
		// and come without them.
		_, rest, found := strings.Cut(contentType, "boundary=")
		if !found {
			return "", false
		}
		boundary, _, _ = strings.Cut(rest, ";")
		boundary = strings.Trim(strings.TrimSpace(boundary), `"`)
	}
	ok := strings.HasPrefix(kind, "multipart/") && boundary != "" && len(boundary) <= maxBoundary
	return boundary, ok
}

// newMultipartReader reads parts of at most the given number of bytes from r.
func newMultipartReader(r io.Reader, boundary string, most int64) *multipartReader {
	m := &multipartReader{
		src:       frugalReader{src: r},
		delimiter: []byte("--" + boundary),
		most:      most,
	}
	m.br = bufio.NewReaderSize(&m.src, multipartBuffer)
	return m
}

// frugalReader asks its source for no more bytes than most. net/http waits for
// all bytes that a read asks for while a chunk of the answer has them to come,
// so the end of a document would be held back by the half of the next one.
type frugalReader struct {
	src  io.Reader
	most int
}

// Read implements io.Reader.
func (f *frugalReader) Read(b []byte) (int, error) {
	return f.src.Read(b[:min(len(b), f.most)])
}

// skip passes over what is left of the current part.
func (m *multipartReader) skip() error {
	if m.part.m == nil {
		return nil
	}
	_, err := io.Copy(io.Discard, &m.part)
	m.part.m = nil
	return err
}

// next gives the next part, which is valid until the call after. What is left
// of the current one is passed over. It returns io.EOF at the closing boundary
// and where the stream ends between two parts.
func (m *multipartReader) next() (*part, error) {
	if err := m.skip(); err != nil {
		return nil, err
	}
	left := maxPartHeader
	if err := m.boundary(&left); err != nil {
		return nil, err
	}
	m.part = part{m: m, remaining: -1}
	for {
		line, err := m.line(&left)
		if err != nil {
			return nil, fmt.Errorf("multipart: in the header of a part: %w", noEOF(err))
		}
		if len(line) == 0 {
			return &m.part, nil
		}
		if err := m.part.header(line); err != nil {
			return nil, err
		}
	}
}

// boundary reads up to the end of the next boundary line.
func (m *multipartReader) boundary(left *int) error {
	for {
		line, err := m.line(left)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			// Agents that are stopped leave out the end of a chunked answer.
			err = io.EOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("multipart: before a boundary: %w", err)
		}
		if len(line) > 0 {
			rest, ok := bytes.CutPrefix(line, m.delimiter)
			switch {
			case ok && string(rest) == "--":
				return io.EOF
			case ok && len(rest) == 0:
				return err
			default:
				return fmt.Errorf("multipart: want the boundary %.80q, got %.80q: the Content-length of the part before may be too small",
					m.delimiter, line)
			}
		}
		if err != nil {
			return err
		}
	}
}

// line reads a line and cuts white space off its end. The line is valid until
// the next read. left is how many bytes the caller still takes.
func (m *multipartReader) line(left *int) ([]byte, error) {
	m.src.most = headerRead
	line, err := m.br.ReadSlice('\n')
	*left -= len(line)
	if *left < 0 || errors.Is(err, bufio.ErrBufferFull) {
		return nil, &LimitError{Limit: "bytes of a part's header", Max: strconv.Itoa(maxPartHeader)}
	}
	return bytes.TrimRight(line, " \t\r\n"), err
}

// part is the body of one part. It reads no byte beyond its last one. Where no
// length was declared the line end before the next boundary counts as part of
// the body: behind a document it is white space.
type part struct {
	m *multipartReader
	// encoding is the Content-encoding.
	encoding string
	// length is the declared Content-length and remaining what is left of it;
	// remaining is -1 where none was declared.
	length, remaining int64
	// read counts the bytes given out.
	read int64
	// midLine is true where the last byte given out did not end a line, so that
	// no boundary can begin at the next one.
	midLine bool
	err     error
}

// header takes in one header line.
func (p *part) header(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return fmt.Errorf("multipart: want a header line with a colon, got %.80q", line)
	}
	text := string(bytes.TrimSpace(value))
	switch strings.ToLower(string(bytes.TrimSpace(name))) {
	case "content-length":
		n, err := strconv.ParseUint(text, 10, 63)
		switch {
		case err != nil:
			return fmt.Errorf("multipart: Content-length %.40q: want a number of bytes", text)
		case p.remaining >= 0 && p.length != int64(n):
			return fmt.Errorf("multipart: two values of Content-length, %d and %d", p.length, n)
		case int64(n) > p.m.most:
			return &LimitError{Limit: "bytes of a part", Max: strconv.FormatInt(p.m.most, 10)}
		}
		p.length, p.remaining = int64(n), int64(n)
	case "content-encoding":
		p.encoding = text
	}
	return nil
}

// Read gives the bytes of the part as they arrive. It returns io.EOF behind the
// last one, and io.ErrUnexpectedEOF where the stream ends within the declared
// length.
func (p *part) Read(b []byte) (int, error) {
	if p.err != nil || len(b) == 0 {
		return 0, p.err
	}
	window, err := p.window(len(b))
	if err != nil {
		p.err = err
		return 0, err
	}
	n := copy(b, window)
	p.midLine = b[n-1] != '\n'
	p.read += int64(n)
	if p.remaining >= 0 {
		p.remaining -= int64(n)
	} else if p.read > p.m.most {
		p.err = &LimitError{Limit: "bytes of a part", Max: strconv.FormatInt(p.m.most, 10)}
		return 0, p.err
	}
	_, err = p.m.br.Discard(n)
	return n, err
}

// window gives at least one byte that belongs to the part and waits for it if
// need be. It looks at about want bytes.
func (p *part) window(want int) ([]byte, error) {
	want = min(want, multipartBuffer/2) + len(p.m.delimiter) + 1
	for need := 1; ; {
		if p.remaining == 0 {
			return nil, io.EOF
		}
		p.m.src.most = multipartBuffer
		if p.remaining >= 0 {
			p.m.src.most = int(min(p.remaining-int64(p.m.br.Buffered()), multipartBuffer))
		}
		_, err := p.m.br.Peek(need)
		buf, _ := p.m.br.Peek(min(p.m.br.Buffered(), want))
		if p.remaining >= 0 {
			buf = buf[:min(int64(len(buf)), p.remaining)]
		}
		final := err != nil || int64(len(buf)) == p.remaining
		if len(buf) == 0 {
			return nil, p.end(err)
		}
		i, whole := p.boundary(buf)
		switch {
		case i > 0:
			return buf[:i], nil
		case whole && p.remaining >= 0:
			return nil, fmt.Errorf("multipart: the next boundary stands %d bytes into a part with a Content-length of %d", p.read, p.length)
		case whole:
			return nil, io.EOF
		case final:
			return buf, nil
		}
		need = len(buf) + 1
	}
}

// end turns the end of the stream within the body into the error of the part.
func (p *part) end(err error) error {
	if !errors.Is(err, io.EOF) || p.remaining < 0 {
		return err
	}
	return fmt.Errorf("multipart: the stream ends after %d of the %d bytes of a part: %w", p.read, p.length, io.ErrUnexpectedEOF)
}

// boundary gives the number of bytes at the start of buf that stand before a
// boundary, or before what may become one with the bytes to come. whole says
// that the boundary is complete.
func (p *part) boundary(buf []byte) (n int, whole bool) {
	if !p.midLine && len(buf) > 0 && buf[0] == '-' {
		n = 0
	} else {
		n = nextDash(buf, 0)
	}
	for ; n < len(buf); n = nextDash(buf, n) {
		rest := buf[n:]
		if len(rest) <= len(p.m.delimiter) {
			if bytes.HasPrefix(p.m.delimiter, rest) {
				return n, false
			}
		} else if bytes.HasPrefix(rest, p.m.delimiter) && bytes.IndexByte([]byte("-\r\n\t "), rest[len(p.m.delimiter)]) >= 0 {
			return n, true
		}
	}
	return n, false
}

// nextDash gives the position of the next line that begins with a dash, after
// from, or the length of buf.
func nextDash(buf []byte, from int) int {
	i := bytes.Index(buf[from:], []byte("\n-"))
	if i < 0 {
		return len(buf)
	}
	return from + i + 1
}

// decoded gives the body without its Content-encoding.
func (p *part) decoded() (io.Reader, error) {
	return decode(p, p.encoding)
}

// decode undoes a Content-encoding.
func decode(r io.Reader, encoding string) (io.Reader, error) {
	switch strings.ToLower(encoding) {
	case "", "identity":
		return r, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", noEOF(err))
		}
		// What stands behind the compressed document is no second one.
		z.Multistream(false)
		return z, nil
	default:
		return nil, fmt.Errorf("content encoding %.40q: want gzip or none", encoding)
	}
}

// noEOF makes the end of the input an unexpected one.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
