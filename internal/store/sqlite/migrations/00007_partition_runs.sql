-- +goose Up

-- Where the rows of a run lie in a partition, for when its table is missing: within
-- these bounds, which are drawn wide, so that few commits change them. Of what lies in
-- partitions already, the ledger alone is asked, whatever state their tables are in.
CREATE TABLE partition_runs (
    partition      INTEGER NOT NULL,
    instance       INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    min_time       INTEGER NOT NULL,
    max_time       INTEGER NOT NULL,
    PRIMARY KEY (partition, instance)
) STRICT, WITHOUT ROWID;
INSERT INTO partition_runs
SELECT p.id, i.id, i.first, i.next - 1, p.min_time, p.max_time
FROM partitions p JOIN instances i ON i.last_row >= p.first_row AND i.first_row <= p.last_row;

-- +goose Down

DROP TABLE partition_runs;
