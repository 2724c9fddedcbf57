package collect

import (
	"log/slog"
	"strings"
	"time"
	"unicode"
)

const (
	// complaintInterval is how long the same complaint is not logged again.
	complaintInterval = 10 * time.Minute
	// steadyLink is how long a link must have been up for its loss to be logged
	// as if it were the first one.
	steadyLink = time.Minute
	// maxComplaints is how many complaints are remembered.
	maxComplaints = 64
)

// complaints keep the log of an agent readable where the same goes wrong again
// and again.
type complaints struct {
	now    func() time.Time
	logged map[string]time.Time
}

// level gives the level at which a complaint is logged: Warn where it was not
// for a while, else Debug. Numbers, such as those of ports and lines, do not make
// it another one.
func (c *complaints) level(text string) slog.Level {
	key := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, text)
	now := c.now()
	if last, ok := c.logged[key]; ok && now.Sub(last) < complaintInterval {
		return slog.LevelDebug
	}
	if c.logged == nil || len(c.logged) >= maxComplaints {
		c.logged = make(map[string]time.Time)
	}
	c.logged[key] = now
	return slog.LevelWarn
}

// forget makes every complaint a new one.
func (c *complaints) forget() { c.logged = nil }
