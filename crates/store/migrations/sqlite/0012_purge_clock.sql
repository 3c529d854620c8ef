-- One row: up to when time is known to have passed, for what is removed when it is old. It goes on at most twice as fast as a clock
-- that nobody sets, so that a wall clock that jumps ahead removes nothing. 0: nothing is known yet.
CREATE TABLE purge_clock (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
INSERT INTO purge_clock (id, at) VALUES (1, 0);
