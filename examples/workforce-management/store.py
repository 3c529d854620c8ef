"""What is known, in one SQLite file. Each step is a transaction: the program can be ended at any moment, and goes on where it was."""

import os
import sqlite3
import threading

TABLES = """
    CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT);
    CREATE TABLE IF NOT EXISTS agents (id TEXT PRIMARY KEY, extension TEXT, name TEXT);
    CREATE TABLE IF NOT EXISTS spans (agent TEXT, began TEXT, state TEXT, PRIMARY KEY (agent, began));
    CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, agent TEXT, subject_seq INTEGER, stream INTEGER, webhook INTEGER);
    CREATE TABLE IF NOT EXISTS calls (id TEXT PRIMARY KEY, body TEXT);
    CREATE TABLE IF NOT EXISTS intervals (queue TEXT, start TEXT, final INTEGER, body TEXT, PRIMARY KEY (queue, start));
"""


class Store:
    def __init__(self, path):
        os.umask(0o077)  # The secret of the webhook is in it.
        self.lock = threading.RLock()  # One connection, for the stream, the webhook and the report.
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.executescript(TABLES)

    def rows(self, query: str, *values) -> list[tuple]:
        with self.lock, self.db:
            return self.db.execute(query, values).fetchall()

    def kept(self, name: str) -> str | None:
        return dict(self.rows("SELECT name, value FROM kept")).get(name)

    def put(self, table: str = "kept", rows=(), **kept: str) -> int:
        """Stores rows, and with them how far they reach: both or neither."""
        with self.lock, self.db:
            for name, values in [(table, one) for one in rows] + [("kept", one) for one in kept.items()]:
                self.db.execute(f"INSERT OR REPLACE INTO {name} VALUES ({', '.join('?' * len(values))})", values)
        return len(rows)

    def take(self, event: dict, via: str) -> None:
        """Stores what was pushed. An event counts once, however often and by whichever way it comes."""
        if event.get("subject", {}).get("kind") != "agent" or event.get("subject_seq") is None:
            return
        agent = event["subject"]["id"]
        with self.lock, self.db:
            new = self.db.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, 0, 0)", (event["id"], agent, event["subject_seq"])).rowcount
            self.db.execute(f"UPDATE events SET {via} = {via} + 1 WHERE id = ?", (event["id"],))
            if new and "state" in event["data"]:  # `interval.closed` counts among the events of an agent, too, and has none.
                self.put("spans", [(agent, event["timestamp"], event["data"]["state"])])
            if via == "stream":
                self.put(last_event_id=event["last_event_id"])
