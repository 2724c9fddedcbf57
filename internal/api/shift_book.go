package api

import (
	"context"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/factorydash/factorydash/internal/plant"
	"github.com/factorydash/factorydash/internal/shop"
)

// shiftBook keeps what is known of one machine's shifts: those that are over do not
// change, and reading weeks of a hundred machines takes seconds. It is read by who has
// its turn.
type shiftBook struct {
	turn chan struct{}
	// said is what people said of the plant when facts were read: another calendar, or
	// other rules, make others of them.
	said  *shop.Shop
	facts map[shiftSpan]keptFacts
}

// shiftSpan is when a part of a shift begins and ends, in microseconds.
type shiftSpan struct{ from, until int64 }

// keptFacts are facts and what they depend on.
type keptFacts struct {
	shiftFacts
	// doubt says for people what of it is in doubt; empty where nothing is.
	doubt string
	read  time.Time
	heard hearing
}

// hearing is up to when a machine had been heard, as heardUntil gives it. While its
// agent is behind, that goes on with each commit, and until is math.MinInt64.
type hearing struct {
	until  int64
	behind bool
}

func (s *Service) hearing(m *machine) hearing {
	h := hearing{}
	if h.until, h.behind = s.heardUntil(m); h.behind {
		h.until = math.MinInt64
	}
	return h
}

// hold reports whether the facts of a part of a shift may be relied on: those of one
// that was heard to its end for ShiftFactsKept, and others as long as nothing more is
// heard of the machine, or for ShiftFactsBehind of one that is behind.
func (k keptFacts) hold(of shiftSpan, heard hearing, now time.Time) bool {
	lasts := ShiftFactsKept
	if k.heard.behind {
		lasts = ShiftFactsBehind
	}
	return now.Sub(k.read) <= lasts && (k.heard.until >= of.until || k.heard == heard)
}

// shiftBooks are the books of the machines.
type shiftBooks struct {
	mu sync.Mutex
	of map[plant.DeviceID]*shiftBook
}

// take waits for the turn at a machine's book, so that several who ask at once, as
// they do when a shift is over, read the store once. Who took it puts it back.
func (b *shiftBooks) take(ctx context.Context, machine plant.DeviceID) (*shiftBook, error) {
	b.mu.Lock()
	book := b.of[machine]
	if book == nil {
		book = &shiftBook{turn: make(chan struct{}, 1)}
		b.of[machine] = book
	}
	b.mu.Unlock()
	select {
	case book.turn <- struct{}{}:
		return book, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *shiftBook) putBack() { <-b.turn }

// forget drops what was read of another shop, or may not be relied on any more, of a
// machine that is heard so far.
func (b *shiftBook) forget(said *shop.Shop, heard hearing, now time.Time) {
	if b.said != said || b.facts == nil {
		b.said, b.facts = said, make(map[shiftSpan]keptFacts)
	}
	maps.DeleteFunc(b.facts, func(span shiftSpan, kept keptFacts) bool { return !kept.hold(span, heard, now) })
}
