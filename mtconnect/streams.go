package mtconnect

import (
	"bytes"
	"io"
)

// StreamsReader reads MTConnectStreams documents, XML or JSON, one observation
// at a time and as their bytes come in. It allocates next to nothing per
// observation. It is for one goroutine at a time.
//
//	r := mtconnect.NewStreamsReader(mtconnect.Limits{})
//	r.Reset(body)
//	header, err := r.Header()
//	for err == nil {
//		var o *mtconnect.Observation
//		if o, err = r.Next(); err == nil {
//			… // o is valid until the next call
//		}
//	}
//	if !errors.Is(err, io.EOF) { … }
type StreamsReader struct {
	limits   Limits
	names    *interner
	xml      xmlStreams
	document observationSource
	header   *Header
	err      error
}

// observationSource reads one Streams document in one of its forms.
type observationSource interface {
	// readHeader reads up to the header and comes before next. It returns an
	// *AgentError where the document is an MTConnectError. The header is valid
	// until the next document.
	readHeader() (*Header, error)
	// next reads the next observation, which is valid until the next call. It
	// returns io.EOF after a document in which nothing was wrong.
	next() (*Observation, error)
}

// NewStreamsReader returns a reader with these limits. It has no document:
// Reset gives it one.
func NewStreamsReader(limits Limits) *StreamsReader {
	limits = limits.withDefaults()
	r := &StreamsReader{limits: limits, names: newInterner(limits.Interned)}
	r.Reset(bytes.NewReader(nil))
	return r
}

// Reset begins another document and forgets the one before, read to its end or
// not. The strings that were interned and the memory are kept.
func (r *StreamsReader) Reset(src io.Reader) {
	r.xml.reset(src, r.names, r.limits)
	r.document, r.header, r.err = nil, nil, nil
}

// Header reads up to the header of the document and returns it; it is valid
// until Reset. It returns an [*AgentError] where the document is an
// MTConnectError, and a [*SyntaxError] where it is no Streams document either
// or is not as it should be; the errors of the source come wrapped. The first
// error stays.
func (r *StreamsReader) Header() (*Header, error) {
	if r.header != nil {
		return r.header, nil
	}
	if r.err != nil {
		return nil, r.err
	}
	r.document = r.open()
	r.header, r.err = r.document.readHeader()
	if r.err != nil {
		r.header = nil
	}
	return r.header, r.err
}

// Next returns the next observation in document order, which is not the order
// of sequence. It belongs to the reader and is valid until the next call: who
// keeps or changes it takes a copy. Its strings, Device and Component stay
// valid. Next returns [io.EOF] after the last observation of a document that is
// well-formed to its end, and the errors of Header otherwise.
func (r *StreamsReader) Next() (*Observation, error) {
	if r.header == nil {
		if _, err := r.Header(); err != nil {
			return nil, err
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	o, err := r.document.next()
	r.err = err
	return o, err
}

// open finds out whether the document is XML or JSON by its first byte that is
// not white space. Where there is none the document is XML, which will say what
// is wrong.
func (r *StreamsReader) open() observationSource {
	w := &r.xml.s.window
	for {
		b := bytes.TrimPrefix(w.bytes(), []byte(byteOrderMark))
		i := skipSpace(b, 0)
		if i < len(b) && b[i] == '{' {
			return newJSONStreams(w.rest(), r.limits, r.names)
		}
		if i < len(b) || len(b) >= r.limits.Token || w.fill() != nil {
			return &r.xml
		}
	}
}
