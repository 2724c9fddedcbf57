package shdr

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of a [Reader].
const (
	// MaxLine is the most bytes a line may have.
	MaxLine = 256 << 10
	// MaxAsset is the most bytes the lines of one asset may have.
	MaxAsset = 4 << 20
)

// multiline begins the body of an asset that comes in lines of its own, and the
// line that ends it.
const multiline = "--multiline--"

// Reader reads lines from a stream. It is for one goroutine at a time.
//
// Lines are UTF-8. Adapters that know nothing of it send Latin-1: a byte that is
// not UTF-8 is taken as the character of Latin-1, so that what is read is UTF-8.
type Reader struct {
	in     *bufio.Reader
	lookup Lookup
	line   int
}

// NewReader makes a reader that asks lookup for the kind of each key.
func NewReader(in io.Reader, lookup Lookup) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, 4096), lookup: lookup}
}

// Read reads the next line; empty lines are passed over. A [*SyntaxError] is
// about that line only: the next call reads on. It returns [io.EOF] at the end.
func (r *Reader) Read() (*Line, error) {
	for {
		text, err := r.next(MaxLine)
		if err != nil {
			return nil, err
		}
		if strings.Trim(text, space) == "" {
			continue
		}
		l, err := Parse(text, r.lookup)
		if err != nil {
			return nil, r.place(err)
		}
		if l.Asset != nil && strings.HasPrefix(l.Asset.Body, multiline) {
			if err := r.body(l.Asset); err != nil {
				return nil, err
			}
		}
		return l, nil
	}
}

// place says on which line an error lies.
func (r *Reader) place(err error) error {
	var s *SyntaxError
	if errors.As(err, &s) {
		s.Line = r.line
	}
	return err
}

// next reads a line of at most limit bytes; a longer one is skipped.
func (r *Reader) next(limit int) (string, error) {
	r.line++
	var text []byte
	size := 0
	for {
		part, err := r.in.ReadSlice('\n')
		if size += len(part); size <= limit {
			text = append(text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && size == 0:
			return "", io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return "", fmt.Errorf("shdr: line %d: %w", r.line, err)
		case size > limit:
			return "", &SyntaxError{Line: r.line, Column: limit + 1, Msg: fmt.Sprintf("line is longer than %d bytes", limit)}
		}
		return strings.TrimRight(fromLatin1(text), "\r\n"), nil
	}
}

// fromLatin1 gives a text whose bytes that are not UTF-8 are Latin-1.
func fromLatin1(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			r = rune(text[0])
		}
		b.WriteRune(r)
		text = text[size:]
	}
	return b.String()
}

// body reads the lines of an asset up to the one that ends it.
func (r *Reader) body(a *Asset) error {
	end := a.Body
	var b strings.Builder
	for {
		text, err := r.next(MaxAsset)
		if errors.Is(err, io.EOF) {
			return &SyntaxError{Line: r.line, Column: 1, Msg: fmt.Sprintf("asset %.40q: no line %.40q at its end", a.ID, end)}
		}
		if err != nil {
			return err
		}
		if strings.TrimRight(text, space) == end {
			a.Body = strings.TrimSuffix(b.String(), "\n")
			return nil
		}
		if b.Len()+len(text) > MaxAsset {
			return &SyntaxError{Line: r.line, Column: 1, Msg: fmt.Sprintf("asset %.40q: longer than %d bytes", a.ID, MaxAsset)}
		}
		b.WriteString(text)
		b.WriteByte('\n')
	}
}
