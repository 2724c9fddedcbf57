package block

import (
	"sync"

	"github.com/factorydash/factorydash/internal/plant"
)

const (
	// CacheBytes is how much a DataCache takes: for the data of some 5,000 blocks, as
	// many as a few charts over a month are drawn from again and again.
	CacheBytes = 16 << 20
	// keptBytes is what a block takes of it beside its data, which is short where an
	// item says little.
	keptBytes = 128
)

// DataCache keeps the data of blocks that were read lately. Since a block never
// changes, what it has is good as long as the block is there, and whether it is
// there is not asked of it. It has two generations: where the newer one is full,
// it takes the place of the older one. It is safe for concurrent use.
type DataCache struct {
	mu           sync.Mutex
	newer, older map[identity][]byte
	bytes        int // that newer takes
}

// identity is what tells a block from all others, also from one that had its
// number: a server that has failed over, and lost its newest blocks by that, gives
// their numbers out again.
type identity struct {
	id                          ID
	run                         plant.RunID
	item                        plant.ItemID
	count                       int
	firstSequence, lastSequence int64
	minTime, maxTime            int64
}

func (m *Meta) identity() identity {
	return identity{m.ID, m.Run, m.Item, m.Count, m.FirstSequence, m.LastSequence, m.MinTime, m.MaxTime}
}

// NewDataCache gives an empty one.
func NewDataCache() *DataCache { return &DataCache{newer: make(map[identity][]byte)} }

// Data gives the data of blocks in their order, as View.Data does: what is not kept
// it gets from read, which gives the data of blocks likewise. Nobody changes what
// it gives.
func (c *DataCache) Data(blocks []Meta, read func([]Meta) ([][]byte, error)) ([][]byte, error) {
	all := make([][]byte, len(blocks))
	var missing []Meta
	var places []int
	c.mu.Lock()
	for i := range blocks {
		if all[i] = c.get(blocks[i].identity()); all[i] == nil {
			missing, places = append(missing, blocks[i]), append(places, i)
		}
	}
	c.mu.Unlock()
	if len(missing) == 0 {
		return all, nil
	}
	found, err := read(missing)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, data := range found {
		if all[places[i]] = data; data != nil {
			c.keep(missing[i].identity(), data)
		}
	}
	return all, nil
}

// get gives the data of a block; nil where it is not kept.
func (c *DataCache) get(b identity) []byte {
	data := c.newer[b]
	if data == nil {
		if data = c.older[b]; data != nil {
			c.keep(b, data)
		}
	}
	return data
}

// keep keeps the data of a block, unless the newer generation has it.
func (c *DataCache) keep(b identity, data []byte) {
	if c.newer[b] != nil {
		return
	}
	takes := keptBytes + len(data)
	if c.bytes+takes > CacheBytes/2 {
		c.newer, c.older, c.bytes = make(map[identity][]byte), c.newer, 0
	}
	c.newer[b] = data
	c.bytes += takes
}
