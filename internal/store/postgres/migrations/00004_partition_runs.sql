-- +goose Up

-- Where the rows of a run lie in a partition, for when its table is missing: within
-- these bounds, which are drawn wide, so that few commits change them.
CREATE TABLE partition_runs (
    partition      integer NOT NULL REFERENCES partitions ON DELETE CASCADE,
    instance       integer NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence  bigint NOT NULL,
    min_time       bigint NOT NULL,
    max_time       bigint NOT NULL,
    PRIMARY KEY (partition, instance)
);
INSERT INTO partition_runs
SELECT p.number, o.instance, min(o.sequence), max(o.sequence), min(o.time), max(o.time)
FROM observations o JOIN pg_class c ON c.oid = o.tableoid JOIN partitions p ON p.name = c.relname
WHERE p.sealed IS NULL GROUP BY p.number, o.instance;

-- +goose Down

DROP TABLE partition_runs;
