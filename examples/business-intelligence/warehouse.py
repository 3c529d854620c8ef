"""A day of every table in DuckDB: loaded once, then only what changed."""

import os
from pathlib import Path

import duckdb
import httpx

# What tells the rows of a table apart. An agent can have several states in one millisecond.
KEYS = {
    "calls": "id", "offers": "call_id, number", "agents": "id", "agent_states": "agent_id, started_at, state, activity, routing_state", "queues": "id", "wraps": "call_id",
    "recordings": "id", "contacts": "id", "leads": "id", "events": "seq", "queue_intervals": "queue_id, start", "agent_intervals": "agent_id, start",
}
# What there is, in full. All other tables tell what happened, of a day.
THINGS = ("agents", "queues", "contacts", "leads")
INTERVALS = ("queue_intervals", "agent_intervals")


class ChangesLost(Exception):
    """The cursor is too old, or the event log began anew: everything has to be read again."""


class Gateway:
    def __init__(self):
        key = os.environ["KEYDESK_KEY"]
        address = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
        # It tries again where no connection can be made. The first row of a long table may take a while.
        self.client = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=120, transport=httpx.HTTPTransport(retries=5))

    def ask(self, path: str, **query) -> dict:
        return self.client.get(path, params=query).raise_for_status().json()

    def download(self, table: str, path: Path, **query) -> int:
        """Writes a table to a Parquet file as it comes, and returns the `seq` at which it is true. A transfer that was cut is an error."""
        with self.client.stream("GET", f"/v1/data/{table}", params={"format": "parquet", **query}) as answer:
            if answer.status_code == 410:
                raise ChangesLost
            answer.raise_for_status()
            with path.open("wb") as file:
                for piece in answer.iter_bytes():
                    file.write(piece)
            return int(answer.headers["x-as-of-seq"])


class Warehouse:
    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.db = duckdb.connect(folder / "warehouse.duckdb", config={"memory_limit": "256MB"})
        self.db.execute("SET TimeZone = 'UTC'; CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT)")

    def rows(self, query: str, *values) -> list[tuple]:
        return self.db.execute(query, values).fetchall()

    def kept(self, name: str) -> str | None:
        return next((value for value, in self.rows("SELECT value FROM kept WHERE name = ?", name)), None)

    def load(self, gateway: Gateway, start: str, end: str) -> dict[str, int]:
        """Reads the day, or what changed since it was read. Returns how many rows of each table came."""
        since = self.kept("cursor") if self.kept("day") == start else None
        # `/v1/data` tells no cursor, but every list does. It is read first, so nothing that changes meanwhile is missed; what comes twice is
        # stored once.
        cursor = gateway.ask("/v1/calls", limit=1)["changes_cursor"]
        files = []
        for table in KEYS:
            path = self.folder / f"{table}.parquet"
            for query in self.queries(table, start, end, since):
                files.append((table, path, gateway.download(table, path, **query)))
                path = self.folder / f"{table}.revised.parquet"
        came = dict.fromkeys(KEYS, 0)
        self.db.execute("BEGIN")  # All tables and the cursor, or nothing: ended here, it begins where it was.
        for table, path, seq in files:
            if not since:
                self.db.execute(f"CREATE OR REPLACE TABLE {table} AS FROM read_parquet('{path}')")
            else:
                self.db.execute(f"MERGE INTO {table} USING (FROM read_parquet('{path}')) AS new USING ({KEYS[table]}) "
                                "WHEN MATCHED THEN UPDATE BY NAME WHEN NOT MATCHED THEN INSERT BY NAME")
            came[table] += self.rows(f"SELECT count(*) FROM read_parquet('{path}')")[0][0]
            self.db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", [f"seq of {table}", str(seq)])
        self.db.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", [["day", start], ["cursor", cursor]])
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
