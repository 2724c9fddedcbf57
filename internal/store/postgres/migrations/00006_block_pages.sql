-- +goose Up

-- The data of blocks that were stored together, one behind the other, cut into pages
-- of 8092 bytes, but for the last: such a row fills a page of the database, so that
-- hardly anything is wasted beside the data. Those of a segment have the numbers from
-- segment << 16 on.
CREATE SEQUENCE block_segments;
CREATE TABLE block_pages (
    id   bigint PRIMARY KEY,
    data bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
-- Nothing is planned by what is in them: to look at a sample would read many pages.
ALTER TABLE block_pages ALTER COLUMN data SET STORAGE PLAIN,
    ALTER COLUMN id SET STATISTICS 0, ALTER COLUMN data SET STATISTICS 0;

-- The number of a block says where its data begins: page << 13 | the place in it.
-- bytes is how long it is there; 0 for blocks of before, which have it in data and
-- keep their numbers, that are lower.
SELECT setval('block_segments', (SELECT coalesce(max(id), 0) >> 29 FROM blocks) + 1, false);
ALTER TABLE blocks ALTER COLUMN id DROP IDENTITY, ALTER COLUMN data SET DEFAULT '', ADD COLUMN bytes integer NOT NULL DEFAULT 0;

-- Where blocks of an item end is known well enough by where they begin; and what is
-- next to a new block in time is what may be merged with it.
CREATE INDEX blocks_item_time ON blocks (item, min_time);
DROP INDEX blocks_item_begin;
DROP INDEX blocks_item_end;
DROP INDEX blocks_merge;
