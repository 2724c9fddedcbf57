-- +goose Up

-- The processes that capture agents. seen and expires are times of this file's
-- clock, started is one of the process's own.
CREATE TABLE workers (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    version TEXT NOT NULL,
    started INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who captures an agent until when. number counts how often the lease was taken;
-- so the row stays when the lease has run out.
CREATE TABLE leases (
    agent   INTEGER PRIMARY KEY REFERENCES agents,
    worker  TEXT NOT NULL,
    number  INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX leases_worker ON leases (worker);
