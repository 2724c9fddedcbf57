package postgres

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/factorydash/factorydash/internal/plant"
)

// rowReader takes what a COPY of rows gives, in its binary form and in pieces of
// any size, and calls each with the observation of each row.
type rowReader struct {
	each func(plant.Observation) error
	// begun is true behind the signature, finished behind the end.
	begun, finished bool
	// rest is what the pieces before had of a row that is not complete.
	rest    []byte
	columns [columnCount][]byte
}

// maxColumn is how long a column can be: PostgreSQL holds no longer ones.
const maxColumn = 1 << 30

// errUnsound is what a row meets that says what no observation can.
var errUnsound = errors.New("a row is not as it should be")

// errShort is what a row meets that is not complete yet.
var errShort = errors.New("the row is not complete")

// Write implements io.Writer.
func (r *rowReader) Write(piece []byte) (int, error) {
	data := piece
	if len(r.rest) > 0 {
		r.rest = append(r.rest, piece...)
		data = r.rest
	}
	for len(data) > 0 {
		n, err := r.next(data)
		if errors.Is(err, errShort) {
			break
		}
		if err != nil {
			return 0, err
		}
		data = data[n:]
	}
	// What is left may lie in rest itself.
	r.rest = append(r.rest[:0], data...)
	return len(piece), nil
}

// next takes the signature, a row or the end, and gives how long it is.
func (r *rowReader) next(data []byte) (n int, err error) {
	if r.finished {
		return 0, errors.New("read rows: something stands behind the end")
	}
	if !r.begun {
		if len(data) < len(copySignature) {
			return 0, errShort
		}
		if !bytes.HasPrefix(data, []byte(copySignature)) {
			return 0, errors.New("read rows: they do not begin as COPY's binary form does")
		}
		r.begun = true
		return len(copySignature), nil
	}
	if len(data) < 2 {
		return 0, errShort
	}
	switch count := int16(binary.BigEndian.Uint16(data)); count {
	case null:
		r.finished = true
		return 2, nil
	case columnCount:
	default:
		return 0, fmt.Errorf("read rows: one has %d columns and not %d", count, columnCount)
	}
	n = 2
	for i := range r.columns {
		if len(data) < n+4 {
			return 0, errShort
		}
		length := int(int32(binary.BigEndian.Uint32(data[n:])))
		n += 4
		switch {
		case length == null:
			r.columns[i] = nil
			continue
		case length < 0 || length > maxColumn:
			return 0, fmt.Errorf("read rows: a column has %d bytes", length)
		case len(data) < n+length:
			return 0, errShort
		}
		r.columns[i] = data[n : n+length : n+length]
		n += length
	}
	o, err := decodeRow(r.columns[:])
	if err != nil {
		return 0, fmt.Errorf("read rows: %w: %w", errUnsound, err)
	}
	return n, r.each(o)
}

// ended reports whether the end has come.
func (r *rowReader) ended() error {
	if !r.finished {
		return errors.New("read rows: they end in the middle")
	}
	return nil
}
