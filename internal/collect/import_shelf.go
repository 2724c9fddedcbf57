package collect

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/recording"
	"github.com/factorydash/factorydash/mtconnect"
)

const (
	// largestDocument is the most bytes that a recorded document may have.
	largestDocument = 64 << 20
	// readAhead is how many documents wait while another one is parsed.
	readAhead = 1
	// keptBuffers is how many buffers of documents are kept to be filled again,
	// and keptBufferBytes how large one of them is at most.
	keptBuffers     = readAhead + 2
	keptBufferBytes = 8 << 20
)

// document is a recorded document in memory.
type document struct {
	// at is its place in the recording, from 0.
	at   int
	name string
	*bytes.Buffer
	// err is why it could not be read to its end.
	err error
}

// shelf is the memory for recorded documents.
type shelf struct{ unused chan *bytes.Buffer }

// documents reads the documents whose places are wanted, ahead of whoever takes
// them. A document belongs to whoever took it until it is given back.
func (s *shelf) documents(ctx context.Context, from iter.Seq2[recording.Document, error], wanted func(at int) bool) iter.Seq[document] {
	if s.unused == nil {
		s.unused = make(chan *bytes.Buffer, keptBuffers)
	}
	return func(yield func(document) bool) {
		ctx, cancel := context.WithCancel(ctx)
		read := make(chan document, readAhead)
		go func() {
			defer close(read)
			at := -1
			for r, err := range from {
				at++
				if ctx.Err() != nil {
					return
				}
				if !wanted(at) {
					continue
				}
				doc := document{at: at, name: r.Name, Buffer: s.take(), err: err}
				if err == nil {
					// A byte more than the limit makes the parser say where it lies.
					_, doc.err = doc.ReadFrom(io.LimitReader(r.Body, largestDocument+1))
				}
				select {
				case read <- doc:
				case <-ctx.Done():
					return
				}
			}
		}()
		defer func() {
			cancel()
			for doc := range read { // it is closed when the reader has ended
				s.giveBack(doc)
			}
		}()
		for doc := range read {
			if !yield(doc) {
				return
			}
		}
	}
}

func (s *shelf) take() *bytes.Buffer {
	select {
	case b := <-s.unused:
		b.Reset()
		return b
	default:
		return new(bytes.Buffer)
	}
}

// giveBack makes the memory of a document that of another one.
func (s *shelf) giveBack(doc document) {
	if doc.Cap() > keptBufferBytes {
		return
	}
	select {
	case s.unused <- doc.Buffer:
	default:
	}
}

// damageError says that a recorded document cannot be read.
type damageError struct {
	name string
	err  error
}

func (e *damageError) Error() string { return e.name + ": " + e.err.Error() }
func (e *damageError) Unwrap() error { return e.err }

func isDamage(err error) bool {
	var damage *damageError
	return errors.As(err, &damage)
}

// open gives the header of a document, which says where it belongs. It gives nil
// where the document is an agent's error: there is nothing in it.
func (d *documentImport) open(doc document) (*mtconnect.Header, error) {
	d.reader.Reset(bytes.NewReader(doc.Bytes()))
	h, err := d.reader.Header()
	var refused *mtconnect.AgentError
	switch {
	case doc.err != nil && err != nil:
		return nil, &damageError{doc.name, doc.err}
	case errors.As(err, &refused):
		return nil, nil
	case err != nil:
		return nil, &damageError{doc.name, err}
	}
	before, ok := d.heads[h.InstanceID]
	if ok && h.CreationTime.After(before.CreationTime) && h.LastSequence < before.LastSequence {
		return nil, plant.Errorf(plant.Invalid, "%s: the agent was restarted with the same instanceId, %d: it had come to sequence %d before and is at %d: import the documents from this one on as another agent",
			doc.name, h.InstanceID, before.LastSequence, h.LastSequence)
	}
	if !ok || h.CreationTime.After(before.CreationTime) {
		d.heads[h.InstanceID] = *h
	}
	return h, nil
}

// next gives the next observation of a document, which was opened, and io.EOF at
// its end. Any other error is damage.
func (d *documentImport) next(doc document) (*mtconnect.Observation, error) {
	o, err := d.reader.Next()
	switch {
	case err == nil && o.Sequence >= math.MaxInt64:
		err = fmt.Errorf("sequence %d: numbers up to 2^63−2 can be stored", o.Sequence)
	case err == nil || errors.Is(err, io.EOF) && doc.err == nil:
		return o, err
	}
	return nil, &damageError{doc.name, cmp.Or(doc.err, err)}
}
