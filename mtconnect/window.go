package mtconnect

import (
	"bytes"
	"fmt"
	"io"
)

// windowSize is how many bytes of a document a reader holds at first; the
// window grows up to one token more (Limits.Token).
const windowSize = 64 << 10

// maxEmptyReads is how often in a row a source may give no bytes and no error.
const maxEmptyReads = 100

// How large the memory of a reader may be to be kept for the next document. What
// a huge token or data set blew up is not.
const (
	keptBytes   = 256 << 10 // a buffer
	keptEntries = 1 << 10   // a list of entries, cells or attributes
)

// reuse empties a slice and lets go of what is in it. It gives nil for one that
// is too large to be kept.
func reuse[T any](s []T, most int) []T {
	if cap(s) > most {
		return nil
	}
	clear(s[:cap(s)])
	return s[:0]
}

// window is the part of a document that is being looked at. Its bytes are
// those of the document from pos on that have been read and found to be
// characters of XML in UTF-8.
//
// A fault in the characters, the end of the document and a failure of the
// source are all told when the bytes before them are used up, so what a reader
// says does not depend on how the bytes came in.
type window struct {
	src    io.Reader
	limits Limits

	buf []byte
	pos int // the next byte to be taken
	end int // behind the last byte checked
	raw int // behind the last byte read
	// stop is why there is nothing after end, once that is known.
	stop error

	base int64 // how many bytes of the document were before buf[0]
	line int   // the line that buf[0] is on, counting from 0
	bol  int64 // where in the document that line begins

	// copying says that what is taken is kept in copied.
	copying bool
	copied  []byte
}

// reset begins another document and keeps the memory, unless it is much.
func (w *window) reset(src io.Reader, limits Limits) {
	if w.buf == nil || len(w.buf) > keptBytes {
		w.buf = make([]byte, windowSize)
	}
	*w = window{src: src, limits: limits, buf: w.buf}
}

// bytes returns what is there to be taken. It is valid until the next fill.
func (w *window) bytes() []byte { return w.buf[w.pos:w.end] }

// rest returns the document from here on, unchecked, for a reader that takes it
// over from the window.
func (w *window) rest() io.Reader {
	return io.MultiReader(bytes.NewReader(w.buf[w.pos:w.raw]), w.src)
}

// take passes over n bytes.
func (w *window) take(n int) {
	if w.copying {
		w.copied = append(w.copied, w.buf[w.pos:w.pos+n]...)
	}
	w.pos += n
}

// fill reads more of the document. It returns why there is no more otherwise:
// io.EOF, a *SyntaxError, or the error of the source. What bytes returned
// before is invalid afterwards.
func (w *window) fill() error {
	for range maxEmptyReads {
		if w.stop != nil {
			return w.stop
		}
		w.makeRoom()
		n, err := w.src.Read(w.buf[w.raw:])
		w.raw += n
		before := w.end
		w.check(err == io.EOF)
		switch {
		case err == nil || w.stop != nil:
		case err == io.EOF:
			w.stop = io.EOF
		default:
			// An error around io.EOF is none of a document that is whole.
			w.stop = fmt.Errorf("read document: %w", noEOF(err))
		}
		if w.end > before {
			return nil
		}
	}
	if w.stop == nil {
		w.stop = fmt.Errorf("read document: %w", io.ErrNoProgress)
	}
	return w.stop
}

// check moves end over the bytes that were read and are right. Last says that
// no more will come.
func (w *window) check(last bool) {
	fresh := w.buf[w.end:w.raw]
	over := w.base+int64(w.raw) > w.limits.Document
	if over {
		fresh = fresh[:max(0, w.limits.Document-w.base-int64(w.end))]
	}
	n, bad := validChars(fresh)
	w.end += n
	switch {
	case bad:
		w.stop = w.badChar(fresh[n:])
	case over:
		w.stop = w.faultAt(w.end, "document is longer than %d bytes", w.limits.Document)
	case last && n < len(fresh):
		w.stop = w.faultAt(w.end, "document ends inside a character")
	}
}

// badChar says what is wrong with the character at the end of the window.
func (w *window) badChar(b []byte) error {
	if w.base+int64(w.end) == 0 && b[0] >= 0xFE {
		return w.faultAt(w.end, "document is in UTF-16, it seems; UTF-8 is needed")
	}
	if b[0] < 0x20 {
		return w.faultAt(w.end, "control character U+%04X is not allowed", b[0])
	}
	return w.faultAt(w.end, "byte 0x%02X is not a character in UTF-8 that is allowed", b[0])
}

// makeRoom sees to it that there is space behind raw. It moves the bytes that
// are left to the front only when that costs little beside what was taken.
func (w *window) makeRoom() {
	if w.pos == w.raw {
		w.discard()
	}
	if w.raw < len(w.buf) {
		return
	}
	most := w.limits.Token + windowSize
	if w.pos > len(w.buf)/2 || len(w.buf) >= most {
		w.discard()
		return
	}
	buf := make([]byte, min(2*len(w.buf), most))
	copy(buf, w.buf[:w.raw])
	w.buf = buf
}

// discard forgets the bytes that were taken, having counted their lines.
func (w *window) discard() {
	taken := w.buf[:w.pos]
	if n := bytes.Count(taken, []byte{'\n'}); n > 0 {
		w.line += n
		w.bol = w.base + int64(bytes.LastIndexByte(taken, '\n')) + 1
	}
	w.base += int64(w.pos)
	w.raw = copy(w.buf, w.buf[w.pos:w.raw])
	w.end -= w.pos
	w.pos = 0
}

// fault makes the error for the byte that is i bytes from the next one.
func (w *window) fault(i int, format string, args ...any) error {
	return w.faultAt(w.pos+i, format, args...)
}

// faultAt makes the error for a place in the buffer.
func (w *window) faultAt(at int, format string, args ...any) error {
	line, bol := w.line, w.bol
	before := w.buf[:at]
	if n := bytes.Count(before, []byte{'\n'}); n > 0 {
		line += n
		bol = w.base + int64(bytes.LastIndexByte(before, '\n')) + 1
	}
	offset := w.base + int64(at)
	return &SyntaxError{
		Offset: offset,
		Line:   line + 1,
		Column: int(offset-bol) + 1,
		Msg:    fmt.Sprintf(format, args...),
	}
}
