-- +goose Up

-- A program that does not know clocks cannot read blocks that leave their times to
-- them, and leaves a database alone that has this migration.
COMMENT ON COLUMN blocks.item IS 'The data item; 0 for a clock, which has the times of a stretch of sequence numbers of the run.';
COMMENT ON COLUMN blocks.count IS 'How many observations it has; of a clock, how many times.';
COMMENT ON COLUMN blocks.sequence_reach IS 'How many bits last_sequence − first_sequence has; −1 for a clock.';
