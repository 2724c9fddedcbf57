package sqlite

import (
	"context"

	"github.com/factorydash/factorydash/internal/store"
)

// rowBytes is about how many bytes a row takes with its entry in the index.
const rowBytes = 51

// Size implements store.Upkeep. What rows and blocks take is estimated from how
// many they are, without what their pages leave free.
func (s *Store) Size(ctx context.Context) (size store.Size, err error) {
	err = s.look(ctx, "read the store's size", func(v *view) error {
		t, err := readTotals(ctx, v.tx)
		if err != nil {
			return err
		}
		var stored, pages, free, pageBytes int64
		err = v.tx.QueryRowContext(ctx, `
			SELECT (SELECT coalesce(sum(stored - freed), 0) FROM instances), page_count, freelist_count, page_size, coalesce((
				SELECT min((SELECT min(min_time) FROM blocks WHERE item = i.id)) FROM data_items i
			), 0) FROM pragma_page_count, pragma_freelist_count, pragma_page_size`).Scan(&stored, &pages, &free, &pageBytes, &size.Oldest)
		if err != nil {
			return err
		}
		size.Rows, size.Blocked, size.Blocks = stored-t.observations, t.observations, t.blocks
		size.RowBytes, size.BlockBytes = rowBytes*size.Rows, t.columns()+indexBytes*t.blocks
		size.TotalBytes, size.FreeBytes = pages*pageBytes, free*pageBytes
		return nil
	})
	return size, err
}
