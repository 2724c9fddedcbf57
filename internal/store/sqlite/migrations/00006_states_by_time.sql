-- +goose Up

-- The changes of a range are read from the index alone, in one stretch, rather than
-- each from its row, which lie among those of all other machines.
DROP INDEX states_device_time;
CREATE INDEX states_time ON states (device, time, instance, sequence, state, rule, since);

-- +goose Down

DROP INDEX states_time;
CREATE INDEX states_device_time ON states (device, time);
