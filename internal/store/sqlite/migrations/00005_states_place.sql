-- +goose Up

-- The last change before a time is found without looking at the rows behind it.
CREATE INDEX states_place ON states (device, instance, sequence, time);

-- +goose Down

DROP INDEX states_place;
