-- Times are microseconds since 1970-01-01 UTC. Names that are sorted are sorted by
-- their bytes. A text that PostgreSQL cannot hold begins with U+0001, behind which
-- it stands quoted as in Go.

-- +goose Up
CREATE TABLE agents (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text COLLATE "C" NOT NULL UNIQUE,
    url        text NOT NULL,
    configured boolean NOT NULL,
    added      bigint NOT NULL
);

-- A run of an agent. instance_id is a number without a sign, in the same 64 bits.
-- Every commit changes the row, in place while no index has what changes.
CREATE TABLE instances (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent       integer NOT NULL REFERENCES agents,
    epoch       integer NOT NULL,
    instance_id bigint NOT NULL,
    first       bigint NOT NULL,
    next        bigint NOT NULL,
    stored      bigint NOT NULL,
    freed       bigint NOT NULL,
    began       bigint NOT NULL,
    received    bigint,
    UNIQUE (agent, instance_id, epoch)
) WITH (fillfactor = 50);
CREATE INDEX instances_agent ON instances (agent, id);

CREATE TABLE gaps (
    instance      integer NOT NULL REFERENCES instances,
    from_sequence bigint NOT NULL,
    to_sequence   bigint NOT NULL,
    noticed       bigint NOT NULL,
    reason        text NOT NULL,
    detail        text NOT NULL,
    PRIMARY KEY (instance, from_sequence)
);

-- document is the probe document, compressed with gzip.
CREATE TABLE models (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent    integer NOT NULL REFERENCES agents,
    digest   text NOT NULL,
    document bytea NOT NULL,
    since    bigint NOT NULL
);
CREATE INDEX models_agent ON models (agent, id);
ALTER TABLE models ALTER COLUMN document SET STORAGE EXTERNAL;

-- identity is the device's UUID, or its name behind a slash where it has none.
CREATE TABLE devices (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent        integer NOT NULL REFERENCES agents,
    identity     text COLLATE "C" NOT NULL,
    slug         text COLLATE "C" NOT NULL UNIQUE,
    name         text COLLATE "C" NOT NULL,
    uuid         text NOT NULL,
    manufacturer text NOT NULL,
    model        text NOT NULL,
    serial       text NOT NULL,
    description  text NOT NULL,
    is_agent     boolean NOT NULL,
    present      boolean NOT NULL,
    UNIQUE (agent, identity)
);

-- position is the item's place in the newest model; NULL where that does not
-- have it. category is 1 SAMPLE, 2 EVENT, 3 CONDITION.
CREATE TABLE data_items (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device         integer NOT NULL REFERENCES devices,
    data_item_id   text COLLATE "C" NOT NULL,
    position       integer,
    category       smallint NOT NULL,
    type           text NOT NULL,
    sub_type       text NOT NULL,
    name           text NOT NULL,
    units          text NOT NULL,
    native_units   text NOT NULL,
    representation text NOT NULL,
    statistic      text NOT NULL,
    discrete       boolean NOT NULL,
    component_id   text NOT NULL,
    component_type text NOT NULL,
    component_name text NOT NULL,
    path           text NOT NULL,
    path_id        text NOT NULL,
    unmapped       boolean NOT NULL,
    UNIQUE (device, data_item_id)
);

-- The observations that are not sealed yet. They lie in tables that inherit this
-- one, each for a period of our clock when they were committed; this one is
-- empty. A value is a number, a text, or the JSON of a set; all three are NULL
-- where it is unknown. detail is NULL for nearly all, the level of a condition that
-- says nothing more (2 normal, 3 warning, 4 fault, 1 unavailable), or JSON. The
-- columns stand in an order that wastes no room. There are no foreign keys, since
-- checking them for every row costs more than a commit's own check of its batch.
CREATE TABLE observations (
    time     bigint NOT NULL,
    sequence bigint NOT NULL,
    number   double precision,
    item     integer NOT NULL,
    instance integer NOT NULL,
    text     text,
    set      text,
    detail   text
);
CREATE INDEX observations_item_time ON observations (item, time);
CREATE INDEX observations_instance_sequence ON observations (instance, sequence);
-- For machinedata, whose timestamp is this expression: to the first moment that
-- PostgreSQL knows, in 4714 before our era, no earlier one has come.
CREATE INDEX observations_timestamp ON observations
    (to_timestamp(greatest(time, -210866803200000000)::double precision / 1000000::double precision));

-- The tables of observations. Those that are sealed have their rows in blocks
-- too, and are dropped some time later.
CREATE TABLE partitions (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name   text NOT NULL UNIQUE,
    start  bigint NOT NULL,
    finish bigint NOT NULL,
    -- sealed is our clock when it was sealed; NULL while it is open.
    sealed bigint
);

-- Sealed observations of one item of one run. summary and data have a form of
-- their own; data is compressed already. sequence_reach and time_reach are how many
-- bits last_sequence − first_sequence and max_time − min_time have: they bound how
-- far before a place a block that reaches it can begin.
CREATE TABLE blocks (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_sequence bigint NOT NULL,
    last_sequence  bigint NOT NULL,
    min_time       bigint NOT NULL,
    max_time       bigint NOT NULL,
    low            double precision NOT NULL,
    high           double precision NOT NULL,
    sum            double precision NOT NULL,
    instance       integer NOT NULL,
    item           integer NOT NULL,
    count          smallint NOT NULL,
    numbers        smallint NOT NULL,
    sequence_reach smallint NOT NULL,
    time_reach     smallint NOT NULL,
    summary        bytea,
    data           bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE blocks ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX blocks_item_begin ON blocks (item, min_time, id);
CREATE INDEX blocks_item_end ON blocks (item, max_time);
CREATE INDEX blocks_item_reach ON blocks (item, time_reach);
CREATE INDEX blocks_instance_sequence ON blocks (instance, sequence_reach, first_sequence);
CREATE INDEX blocks_merge ON blocks (instance, item, first_sequence);

-- What all blocks are together; bytes is that of data and summary. Blocks with
-- numbers up to merged have been looked through for what can be merged.
CREATE TABLE block_totals (
    blocks       bigint NOT NULL,
    observations bigint NOT NULL,
    bytes        bigint NOT NULL,
    merged       bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO block_totals VALUES (0, 0, 0, 0);

-- What the agent knew just before the sequence number at, and was not observed.
-- number, text, set and detail are as in observations.
CREATE TABLE baselines (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       bigint NOT NULL,
    time     bigint NOT NULL,
    sequence bigint NOT NULL,
    number   double precision,
    item     integer NOT NULL REFERENCES data_items,
    instance integer NOT NULL REFERENCES instances,
    text     text,
    set      text,
    detail   text
);
CREATE INDEX baselines_instance ON baselines (instance, at, item);

-- What is known now of each item, as in observations; active is the JSON of a
-- condition's activations. It is changed in place by every commit.
CREATE TABLE latest (
    time     bigint NOT NULL,
    sequence bigint NOT NULL,
    number   double precision,
    item     integer PRIMARY KEY REFERENCES data_items,
    instance integer NOT NULL,
    text     text,
    set      text,
    detail   text,
    active   text,
    merged   text
) WITH (fillfactor = 50);

-- The changes of the machines' states.
CREATE TABLE states (
    device   integer NOT NULL REFERENCES devices,
    instance integer NOT NULL,
    sequence bigint NOT NULL,
    time     bigint NOT NULL,
    state    smallint NOT NULL,
    rule     text NOT NULL,
    PRIMARY KEY (device, instance, sequence)
);
CREATE INDEX states_device_time ON states (device, time);

-- The observations that are not sealed yet, for people and their tools: newest
-- first is quick, and so is one item over a time. value is NULL where the agent
-- did not know it.
CREATE VIEW machinedata AS
SELECT to_timestamp(greatest(o.time, -210866803200000000)::double precision / 1000000::double precision) AS timestamp,
       d.slug AS machine_id,
       CASE WHEN i.name = '' THEN i.data_item_id ELSE i.name END AS name,
       coalesce(o.text, o.set, o.number::text,
           CASE substring(o.detail FROM '^(?:\{"level":)?([1-4])')
               WHEN '1' THEN 'Unavailable' WHEN '2' THEN 'Normal' WHEN '3' THEN 'Warning' WHEN '4' THEN 'Fault' END) AS value,
       o.item,
       o.sequence,
       CASE i.category WHEN 1 THEN 'SAMPLE' WHEN 2 THEN 'EVENT' WHEN 3 THEN 'CONDITION' END AS category,
       i.type
FROM observations o JOIN data_items i ON i.id = o.item JOIN devices d ON d.id = i.device;
