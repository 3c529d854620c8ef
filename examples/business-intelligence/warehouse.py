"""A day of every table in DuckDB: loaded once, then only what changed."""

from pathlib import Path

import duckdb
from keydesk import ContactCentre

# What tells the rows of a table apart. An agent can have several states in one millisecond.
KEYS = {
    "calls": "id", "offers": "call_id, number", "agents": "id", "agent_states": "agent_id, started_at, state, activity, routing_state", "queues": "id", "wraps": "call_id",
    "recordings": "id", "contacts": "id", "leads": "id", "events": "seq", "queue_intervals": "queue_id, start", "agent_intervals": "agent_id, start",
}
# What there is, in full. All other tables tell what happened, of a day.
THINGS = ("agents", "queues", "contacts", "leads")
INTERVALS = ("queue_intervals", "agent_intervals")


def download(centre: ContactCentre, table: str, path: Path, **query) -> tuple[int, str]:
    """Writes a table to a Parquet file as it comes. Returns the `seq` at which it is true, and the cursor for what changes after it. A
    transfer that was cut is an error."""
    with centre.http.stream("GET", f"/v1/data/{table}", params={"format": "parquet", **query}) as answer, path.open("wb") as file:
        for piece in answer.iter_bytes():
            file.write(piece)
        return int(answer.headers["x-as-of-seq"]), answer.headers["x-changes-cursor"]


class Warehouse:
    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        # DuckDB keeps what it has written until it reaches this limit, so that without one memory grows with the rows.
        self.db = duckdb.connect(folder / "warehouse.duckdb", config={"memory_limit": "64MB", "threads": 1})
        self.db.execute("SET TimeZone = 'UTC'; CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT)")

    def rows(self, query: str, *values) -> list[tuple]:
        return self.db.execute(query, values).fetchall()

    def kept(self, name: str) -> str | None:
        return next((value for value, in self.rows("SELECT value FROM kept WHERE name = ?", name)), None)

    def load(self, centre: ContactCentre, start: str, end: str) -> dict[str, int]:
        """Reads the day, or what changed since it was read. Returns how many rows of each table came."""
        known = self.kept("day") == start
        files = []
        for table in KEYS:
            for number, query in enumerate(self.queries(table, start, end, self.kept(f"cursor of {table}") if known else None)):
                path = self.folder / f"{table}.{number}.parquet"
                files.append((table, path, *download(centre, table, path, **query)))
        came, cursors = dict.fromkeys(KEYS, 0), {}
        self.db.execute("BEGIN")  # All tables and their cursors, or nothing: ended here, it begins where it was.
        for table, path, seq, cursor in files:
            if not known:
                self.db.execute(f"CREATE OR REPLACE TABLE {table} AS FROM read_parquet('{path}')")
            else:
                self.db.execute(f"MERGE INTO {table} USING (FROM read_parquet('{path}')) AS new USING ({KEYS[table]}) "
                                "WHEN MATCHED THEN UPDATE BY NAME WHEN NOT MATCHED THEN INSERT BY NAME")
            came[table] += self.rows(f"SELECT count(*) FROM read_parquet('{path}')")[0][0]
            self.db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", [f"seq of {table}", str(seq)])
            # Of two readings that of the first: what changed in between comes again, and is stored once.
            cursors.setdefault(f"cursor of {table}", cursor)
        self.db.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", [("day", start), *cursors.items()])
        self.db.execute("COMMIT")
        return came

    def queries(self, table: str, start: str, end: str, since: str | None) -> list[dict]:
        """What is asked for of a table. A row of intervals is read again where it was not final, and where it was revised."""
        day = {} if table in THINGS else {"from": start, "to": end}
        if not since:
            return [day]
        changed = [day | {"changed_since": since}]
        if table not in INTERVALS:
            return changed
        open_from, last = self.rows(f'SELECT strftime(min(start) FILTER (NOT final), $1), strftime(max("end"), $1) FROM {table}', "%Y-%m-%dT%H:%M:%SZ")[0]
        unread = open_from or last
        return changed + ([day | {"from": unread}] if unread < end else [])
