package shop

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// LookInterval is how often a Source looks whether its file has changed.
const LookInterval = 2 * time.Second

// Source is a shop file that is read again when it changes. It is safe for
// concurrent use.
type Source struct {
	path    string
	zone    *time.Location
	now     func() time.Time
	log     *slog.Logger
	current atomic.Pointer[Shop]
	// seen is the file as it was when it was read last.
	seen stamp
}

// stamp tells one state of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

// SourceOptions is what a Source needs.
type SourceOptions struct {
	// Path is the file.
	Path string
	// Zone is where the plant is if the file does not say.
	Zone *time.Location
	// Now is the clock.
	Now func() time.Time
	// Log takes that a new file was read, or what is wrong with it.
	Log *slog.Logger
}

// Open reads the file for the first time; a file that is wrong is an error, as
// ReadFile gives it.
func Open(o SourceOptions) (*Source, error) {
	s := &Source{path: o.Path, zone: o.Zone, now: o.Now, log: o.Log}
	// Looked at first: what changes while it is read is read again.
	s.seen, _ = s.look()
	first, err := ReadFile(s.path, s.zone, s.now())
	if err != nil {
		return nil, err
	}
	s.current.Store(first)
	return s, nil
}

// Shop gives the last file that was right. Its Problem says what is wrong with one
// that came after it.
func (s *Source) Shop() *Shop { return s.current.Load() }

// Run looks after the file until the context ends, and then returns nil.
func (s *Source) Run(ctx context.Context) error {
	ticker := time.NewTicker(LookInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			s.Reread()
		}
	}
}

// Reread reads the file where it is not as it was when it was read last. Run does
// it; it is not to be called while Run runs.
func (s *Source) Reread() {
	at, err := s.look()
	if err == nil && at == s.seen {
		return
	}
	old := s.current.Load()
	s.seen = at
	if err == nil {
		var next *Shop
		if next, err = ReadFile(s.path, s.zone, s.now()); err == nil {
			s.current.Store(next)
			s.log.Info("shop file read", "file", s.path)
			return
		}
	}
	if text := err.Error(); text != old.Problem {
		kept := *old
		kept.Problem, kept.Found = text, s.now()
		s.current.Store(&kept)
		s.log.Error("the new shop file is wrong; the one before stays in force", "file", s.path, "error", text)
	}
}

func (s *Source) look() (stamp, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.ModTime(), info.Size()}, nil
}
