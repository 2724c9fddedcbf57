-- Observations that have settled lie in sealed blocks; those that have not lie
-- in rows, which are kept in partitions: a partition's table is dropped as a
-- whole when its rows are sealed.

-- +goose Up
-- freed is how many of its stored observations retention has deleted.
ALTER TABLE instances ADD COLUMN freed INTEGER NOT NULL DEFAULT 0;

-- Blocks of observations of one item and run; what stands here is known without
-- decoding them. The data of a block is bytes long and begins at the place start in
-- page. low, high and sum are numbers; as ANY they keep the sign of −0, which REAL
-- loses. sequence_reach is last_sequence − first_sequence, rounded up to all ones
-- in binary: so there are few of them, and each bounds how far before a sequence
-- number a block that reaches it begins. A number is never used twice.
CREATE TABLE blocks (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    instance       INTEGER NOT NULL,
    item           INTEGER NOT NULL,
    count          INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    sequence_reach INTEGER NOT NULL,
    min_time       INTEGER NOT NULL,
    max_time       INTEGER NOT NULL,
    numbers        INTEGER NOT NULL,
    low            ANY NOT NULL,
    high           ANY NOT NULL,
    sum            ANY NOT NULL,
    summary        BLOB,
    page           INTEGER NOT NULL,
    start          INTEGER NOT NULL,
    bytes          INTEGER NOT NULL
) STRICT;
CREATE INDEX blocks_item_time ON blocks (item, min_time, id, max_time);
CREATE INDEX blocks_instance_sequence ON blocks (instance, sequence_reach, first_sequence, count);

-- The data of blocks, of those that were stored together one behind the other, cut
-- into pieces that fill a page of the file: within the rows of blocks it would
-- leave a quarter of each page empty. The pages rise with the numbers of the
-- blocks, so that of all blocks only the neighbours by number share pages.
CREATE TABLE block_pages (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- longest_block is max_time − min_time of the longest block of the item that there
-- ever was: it bounds how far before a time a block that reaches it begins. As ANY
-- it may be more than an integer holds.
ALTER TABLE data_items ADD COLUMN longest_block ANY NOT NULL DEFAULT 0;

-- What all blocks are together; bytes is that of their
-- data and summaries. Of those up to merged all are put together that are worth it.
CREATE TABLE block_totals (
    blocks       INTEGER NOT NULL,
    observations INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    merged       INTEGER NOT NULL
) STRICT;
INSERT INTO block_totals VALUES (0, 0, 0, 0);

-- The partitions. The newest one is open: commits add rows to it, and its table
-- is observations. When it is closed, its table becomes observations_<id>, and a
-- new one takes its place. The numbers of rows rise over all partitions, from
-- first_row to last_row in each; in an empty one, last_row is first_row − 1 and
-- what follows it is 0. text is how many bytes the texts in them have, as far as
-- that was counted. opened and changed are our clock at the first and the last
-- commit of rows; min_time and max_time are the earliest and the latest time in
-- them. Rows of items up to sealed_item lie in blocks too and count no more.
CREATE TABLE partitions (
    id          INTEGER PRIMARY KEY,
    first_row   INTEGER NOT NULL,
    last_row    INTEGER NOT NULL,
    text        INTEGER NOT NULL,
    opened      INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    min_time    INTEGER NOT NULL,
    max_time    INTEGER NOT NULL,
    sealed_item INTEGER NOT NULL
) STRICT;

-- What is stored already is in the open partition.
INSERT INTO partitions
SELECT 1, coalesce(min(id), 1), coalesce(max(id), 0), 0, r.received, r.received, coalesce(min(time), 0), coalesce(max(time), 0), 0
FROM (SELECT coalesce(max(received), 0) AS received FROM instances) r LEFT JOIN observations;
