package block_test

import (
	"testing"

	"github.com/factorydash/factorydash/internal/store/block"
)

// TestCacheIsBounded keeps more data than there is room for: what was asked for
// lately stays, and no more than there is room for.
func TestCacheIsBounded(t *testing.T) {
	const n = 1000
	c := block.NewDataCache()
	read, size := 0, 64<<10
	ask := func(id block.ID, maxTime int64) byte {
		data, err := c.Data([]block.Meta{{ID: id, MaxTime: maxTime}}, func(blocks []block.Meta) ([][]byte, error) {
			read++
			data := make([]byte, size)
			data[0] = byte(blocks[0].ID)
			return [][]byte{data}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return data[0][0]
	}
	for id := range block.ID(n) {
		if ask(id, 0) != byte(id) || ask(0, 0) != 0 {
			t.Fatalf("block %d has the data of another one", id)
		}
	}
	if read != n {
		t.Errorf("%d blocks were read %d times, one of which was asked for all the time", n, read)
	}
	read = 0
	for id := range block.ID(n) {
		ask(n-1-id, 0)
	}
	if bytes := (n - read) * size; bytes > block.CacheBytes || bytes < block.CacheBytes/4 {
		t.Errorf("%d bytes were kept, of %d at most", bytes, block.CacheBytes)
	}
	if read = 0; ask(0, 1) != 0 || read != 1 {
		t.Errorf("another block with the number of one that is kept was read %d times", read)
	}
	size = 1
	for id := range block.ID(block.CacheBytes / 100) {
		ask(id, 2)
	}
	if read = 0; ask(0, 2) != 0 || read != 1 {
		t.Error("blocks with hardly any data are all kept")
	}
}
