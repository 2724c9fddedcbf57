package postgres

import (
	"fmt"
	"io"

	"github.com/factorydash/factorydash/internal/plant"
)

// runRows is observations of a run that go into rows.
type runRows struct {
	run          plant.RunID
	observations []plant.Observation
}

// streamBytes is how much of a rowStream is encoded at once: the database takes it
// while the rest is.
const streamBytes = 16 << 10

// rowStream is rows in COPY's binary form, which are encoded as they are read.
type rowStream struct {
	rows   []runRows
	copier copier
	// sent is how much of what is encoded was read.
	sent         int
	begun, ended bool
}

// Read implements io.Reader.
func (s *rowStream) Read(p []byte) (int, error) {
	if s.sent == len(s.copier.data) {
		if s.ended {
			return 0, io.EOF
		}
		if err := s.encode(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.copier.data[s.sent:])
	s.sent += n
	return n, nil
}

// encode encodes some more rows, and the end behind the last one.
func (s *rowStream) encode() error {
	s.copier.data, s.sent = s.copier.data[:0], 0
	if !s.begun {
		s.begun = true
		s.copier.begin()
	}
	for len(s.rows) > 0 && len(s.copier.data) < streamBytes {
		r := &s.rows[0]
		if len(r.observations) == 0 {
			s.rows = s.rows[1:]
			continue
		}
		o := &r.observations[0]
		r.observations = r.observations[1:]
		if err := s.copier.observation(r.run, o); err != nil {
			return fmt.Errorf("observation with sequence %d: %w", o.Sequence, err)
		}
	}
	if s.ended = len(s.rows) == 0; s.ended {
		s.copier.end()
	}
	return nil
}
