package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"
	"gopkg.in/natefinch/lumberjack.v2"
)

// Rotation of the log file: a file is closed at LogFileMegabytes, and the
// LogFileBackups newest closed ones are kept, compressed.
const (
	LogFileMegabytes = 50
	LogFileBackups   = 5
)

// LogOptions chooses where the log goes and how it looks.
type LogOptions struct {
	// Level is the least level that is logged.
	Level slog.Level
	// Format is "text", "json", or "auto": text on a terminal and JSON
	// otherwise.
	Format string
	// File is the path of a log file, which is rotated; empty logs to stderr.
	File string
	// Stderr is where the log goes without a file.
	Stderr io.Writer
}

// NewLog makes the log. Both formats quote or escape what stands in an
// attribute, so that nothing an agent sends can forge a line. The caller closes
// the closer when nothing logs any more.
func NewLog(o LogOptions) (*slog.Logger, io.Closer, error) {
	out := o.Stderr
	var closer io.Closer = nopCloser{}
	if o.File != "" {
		if err := writable(o.File); err != nil {
			return nil, nil, fmt.Errorf("log file: %w", err)
		}
		file := &lumberjack.Logger{Filename: o.File, MaxSize: LogFileMegabytes, MaxBackups: LogFileBackups, Compress: true}
		out, closer = file, file
	}
	options := &slog.HandlerOptions{Level: o.Level, ReplaceAttr: readable}
	var handler slog.Handler = slog.NewJSONHandler(out, options)
	if o.Format == "text" || (o.Format == "auto" && IsTerminal(out)) {
		handler = slog.NewTextHandler(out, options)
	}
	return slog.New(handler), closer, nil
}

// readable writes durations as "1.5s" in JSON too, where they would be
// nanoseconds without a unit.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().Round(time.Millisecond).String())
	}
	return a
}

// IsTerminal reports whether a person is likely to read what is written to w.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// writable finds out at the start what would otherwise fail at the first line.
func writable(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	return f.Close()
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }
