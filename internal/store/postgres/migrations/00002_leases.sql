-- +goose Up

-- The processes that capture agents. seen and expires are times of the server's
-- clock, started is one of the process's own.
CREATE TABLE workers (
    id      text COLLATE "C" PRIMARY KEY,
    name    text COLLATE "C" NOT NULL,
    version text NOT NULL,
    started bigint NOT NULL,
    seen    bigint NOT NULL,
    expires bigint NOT NULL
) WITH (fillfactor = 50);

-- Who captures an agent until when, by the server's clock. number counts how often
-- the lease was taken; so the row stays when the lease has run out. Rows are
-- renewed every few seconds, in place while no index has what changes.
CREATE TABLE leases (
    agent   integer PRIMARY KEY REFERENCES agents,
    number  bigint NOT NULL,
    expires bigint NOT NULL,
    worker  text COLLATE "C" NOT NULL
) WITH (fillfactor = 50);
