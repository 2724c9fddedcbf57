-- +goose Up

-- The changes of a range are read from the index alone, in one stretch, rather than
-- each from its row, which lie among those of all other machines; and the last change
-- before a time is found without looking at the rows behind it.
DROP INDEX states_device_time;
CREATE INDEX states_time ON states (device, time) INCLUDE (instance, sequence, state, rule, since);
ALTER TABLE states DROP CONSTRAINT states_pkey, ADD PRIMARY KEY (device, instance, sequence) INCLUDE (time);

-- +goose Down

ALTER TABLE states DROP CONSTRAINT states_pkey, ADD PRIMARY KEY (device, instance, sequence);
DROP INDEX states_time;
CREATE INDEX states_device_time ON states (device, time);
