package sqlite

import (
	"sync"

	"github.com/factorydash/factorydash/internal/store/block"
)

// cacheBytes is how much data of blocks is kept: that of some 5,000, as many as a
// few charts over a month are drawn from again and again.
const cacheBytes = 16 << 20

// dataCache keeps the data of blocks that were read lately. Since a block with a
// number never changes, what it has is good as long as the block is there, and
// whether it is there is not asked of it. It has two generations: where the newer
// one is full, it takes the place of the older one.
type dataCache struct {
	mu           sync.Mutex
	newer, older map[block.ID][]byte
	bytes        int // of newer
}

func newDataCache() *dataCache { return &dataCache{newer: make(map[block.ID][]byte)} }

// get gives the data of a block, which nobody changes; nil where it is not kept.
func (c *dataCache) get(id block.ID) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	data := c.newer[id]
	if data == nil {
		if data = c.older[id]; data != nil {
			c.keep(id, data)
		}
	}
	return data
}

// put keeps the data of a block.
func (c *dataCache) put(id block.ID, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.newer[id] == nil {
		c.keep(id, data)
	}
}

func (c *dataCache) keep(id block.ID, data []byte) {
	if c.bytes+len(data) > cacheBytes/2 {
		c.newer, c.older, c.bytes = make(map[block.ID][]byte), c.newer, 0
	}
	c.newer[id] = data
	c.bytes += len(data)
}
