-- +goose Up

-- When the machine came into the state: of the changes so far, each made another
-- one.
ALTER TABLE states ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
UPDATE states SET since = time;

-- +goose Down

ALTER TABLE states DROP COLUMN since;
