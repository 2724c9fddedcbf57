-- Times are microseconds since 1970-01-01 UTC. Tables are STRICT, so that what
-- is written is what is read.

-- +goose Up
CREATE TABLE agents (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    url        TEXT NOT NULL,
    configured INTEGER NOT NULL,
    added      INTEGER NOT NULL
) STRICT;

-- A run of an agent. instance_id is a number without a sign, in the same 64
-- bits. first_row and last_row are where its observations lie; NULL while it
-- has none.
CREATE TABLE instances (
    id          INTEGER PRIMARY KEY,
    agent       INTEGER NOT NULL REFERENCES agents,
    instance_id INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    first       INTEGER NOT NULL,
    next        INTEGER NOT NULL,
    stored      INTEGER NOT NULL,
    began       INTEGER NOT NULL,
    received    INTEGER,
    first_row   INTEGER,
    last_row    INTEGER,
    UNIQUE (agent, instance_id, epoch)
) STRICT;
CREATE INDEX instances_agent ON instances (agent);

CREATE TABLE gaps (
    id            INTEGER PRIMARY KEY,
    instance      INTEGER NOT NULL REFERENCES instances,
    from_sequence INTEGER NOT NULL,
    to_sequence   INTEGER NOT NULL,
    reason        TEXT NOT NULL,
    detail        TEXT NOT NULL,
    noticed       INTEGER NOT NULL
) STRICT;
CREATE INDEX gaps_instance ON gaps (instance, from_sequence);

-- document is the probe document, compressed with gzip.
CREATE TABLE models (
    id       INTEGER PRIMARY KEY,
    agent    INTEGER NOT NULL REFERENCES agents,
    digest   TEXT NOT NULL,
    document BLOB NOT NULL,
    since    INTEGER NOT NULL
) STRICT;
CREATE INDEX models_agent ON models (agent);

-- identity is the device's UUID, or its name behind a slash where it has none.
CREATE TABLE devices (
    id           INTEGER PRIMARY KEY,
    agent        INTEGER NOT NULL REFERENCES agents,
    identity     TEXT NOT NULL,
    slug         TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    uuid         TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    model        TEXT NOT NULL,
    serial       TEXT NOT NULL,
    description  TEXT NOT NULL,
    is_agent     INTEGER NOT NULL,
    present      INTEGER NOT NULL,
    UNIQUE (agent, identity)
) STRICT;

-- position is the item's place in the newest model; NULL where that does not
-- have it.
CREATE TABLE data_items (
    id             INTEGER PRIMARY KEY,
    device         INTEGER NOT NULL REFERENCES devices,
    data_item_id   TEXT NOT NULL,
    position       INTEGER,
    category       INTEGER NOT NULL,
    type           TEXT NOT NULL,
    sub_type       TEXT NOT NULL,
    name           TEXT NOT NULL,
    units          TEXT NOT NULL,
    native_units   TEXT NOT NULL,
    representation TEXT NOT NULL,
    statistic      TEXT NOT NULL,
    discrete       INTEGER NOT NULL,
    component_id   TEXT NOT NULL,
    component_type TEXT NOT NULL,
    component_name TEXT NOT NULL,
    path           TEXT NOT NULL,
    path_id        TEXT NOT NULL,
    unmapped       INTEGER NOT NULL,
    UNIQUE (device, data_item_id)
) STRICT;

-- The observations in the order in which they were committed; so those of one
-- run, and those of one item, stand in order of sequence too. The type of value
-- is its kind: NULL unknown, a number, text, or a BLOB with the JSON of a set.
-- detail is NULL for nearly all, the level of a condition that says nothing
-- more, or JSON. There are no foreign keys, since checking them for every row
-- costs more than a commit's own check of its batch.
CREATE TABLE observations (
    id       INTEGER PRIMARY KEY,
    instance INTEGER NOT NULL,
    item     INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    value    ANY,
    detail   ANY
) STRICT;
CREATE INDEX observations_item_time ON observations (item, time);

-- What the agent knew just before the sequence number at, and was not observed.
-- value and detail are as in observations.
CREATE TABLE baselines (
    id       INTEGER PRIMARY KEY,
    instance INTEGER NOT NULL REFERENCES instances,
    at       INTEGER NOT NULL,
    item     INTEGER NOT NULL REFERENCES data_items,
    time     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    value    ANY,
    detail   ANY
) STRICT;
CREATE INDEX baselines_instance ON baselines (instance, at, item);

-- What is known now of each item; active is the JSON of a condition's
-- activations.
CREATE TABLE latest (
    item     INTEGER PRIMARY KEY REFERENCES data_items,
    instance INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    value    ANY,
    detail   ANY,
    active   TEXT,
    merged   TEXT
) STRICT;

-- The changes of the machines' states.
CREATE TABLE states (
    id       INTEGER PRIMARY KEY,
    device   INTEGER NOT NULL REFERENCES devices,
    instance INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    state    INTEGER NOT NULL,
    rule     TEXT NOT NULL,
    UNIQUE (device, instance, sequence)
) STRICT;
CREATE INDEX states_device_time ON states (device, time);
