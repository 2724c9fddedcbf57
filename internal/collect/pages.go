package collect

import (
	"sync"

	"github.com/factorydash/factorydash/internal/plant"
)

// smallPage is how many observations a page has at least for its memory to be used
// again: what comes live is less and costs nothing to speak of.
const smallPage = 1024

// pages is memory for observations on their way to the store, which is used again
// and again while much is read. The garbage collector empties it. It is safe for
// concurrent use.
type pages struct{ unused sync.Pool }

// take gives an empty page with room for n observations.
func (p *pages) take(n int) []plant.Observation {
	if n >= smallPage {
		if page, ok := p.unused.Get().(*[]plant.Observation); ok && cap(*page) >= n {
			return *page
		}
	}
	return make([]plant.Observation, 0, n)
}

// giveBack takes a page that nobody uses any more.
func (p *pages) giveBack(page []plant.Observation) {
	if cap(page) < smallPage {
		return
	}
	clear(page) // what the observations refer to is not kept with it
	page = page[:0]
	p.unused.Put(&page)
}
