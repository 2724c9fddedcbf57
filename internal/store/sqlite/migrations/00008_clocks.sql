-- +goose Up

-- A row of blocks whose item is 0 is a clock: the times of a stretch of the sequence
-- numbers of a run, which blocks of that run may leave to it. Its count is how many
-- times it has, its sequence_reach is −1, and it has no numbers and no summary. A
-- program that does not know clocks cannot read such blocks, and leaves a file alone
-- that has this migration.
SELECT 1;

-- +goose Down

SELECT 1;
