package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/telemetry"
)

// progressInterval is how often the line is drawn anew.
const progressInterval = 200 * time.Millisecond

// progress draws on a terminal how far long work has come; elsewhere it is
// quiet.
type progress struct {
	mu    sync.Mutex
	out   io.Writer // nil where nobody watches
	verb  string
	start time.Time
	drawn time.Time
	count int64
}

func newProgress(out io.Writer, verb string) *progress {
	p := &progress{verb: verb, start: time.Now()}
	if telemetry.IsTerminal(out) {
		p.out = out
	}
	return p
}

// add says that more observations have been dealt with.
func (p *progress) add(count int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(p.count + count)
}

// set says how many observations have been dealt with.
func (p *progress) set(count int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(count)
}

func (p *progress) advance(count int64) {
	p.count = count
	if now := time.Now(); p.out != nil && now.Sub(p.drawn) >= progressInterval {
		p.drawn = now
		p.draw("")
	}
}

// done draws the last state and ends the line.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil {
		p.draw("\n")
	}
}

func (p *progress) draw(end string) {
	elapsed := time.Since(p.start)
	fmt.Fprintf(p.out, "\r\x1b[K%s %d observations, %.0f/s%s", p.verb, p.count, float64(p.count)/max(elapsed.Seconds(), 0.001), end)
}
