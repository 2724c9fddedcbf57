package sqlite_test

import (
	"testing"

	"github.com/factorydash/factorydash/internal/store/block"
	"github.com/factorydash/factorydash/internal/store/sqlite"
)

// TestCacheIsBounded keeps more data than there is room for: what was asked for
// lately stays, and no more than there is room for.
func TestCacheIsBounded(t *testing.T) {
	const size, n = 64 << 10, 1000
	c := sqlite.NewDataCache()
	for id := range block.ID(n) {
		data := make([]byte, size)
		data[0] = byte(id)
		c.Put(id, data)
		if first := c.Get(0); first == nil || first[0] != 0 {
			t.Fatalf("block 0, which is asked for all the time, is gone at %d", id)
		}
	}
	kept := 0
	for id := range block.ID(n) {
		if data := c.Get(id); data != nil {
			kept++
			if data[0] != byte(id) {
				t.Errorf("block %d has the data of another one", id)
			}
		}
	}
	if bytes := kept * size; bytes > sqlite.CacheBytes || bytes < sqlite.CacheBytes/4 {
		t.Errorf("%d bytes are kept, of %d at most", bytes, sqlite.CacheBytes)
	}
}
