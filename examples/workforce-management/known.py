"""What is known, in one SQLite file, as it is read and pushed. The program can be ended at any moment, and goes on where it was."""

import os
import sqlite3
import threading
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from keydesk import CaughtUp, ContactCentre, Event, Reset, Snapshot
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

TABLES = """
    CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT);
    CREATE TABLE IF NOT EXISTS spans (agent TEXT, began TEXT, state TEXT, PRIMARY KEY (agent, began));
    CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, agent TEXT, subject_seq INTEGER, stream INTEGER, webhook INTEGER);
    CREATE TABLE IF NOT EXISTS calls (id TEXT PRIMARY KEY, body TEXT);
    CREATE TABLE IF NOT EXISTS intervals (queue TEXT, start TEXT, until TEXT, final INTEGER, body TEXT, PRIMARY KEY (queue, start));
"""


class Store:
    def __init__(self, path) -> None:
        os.umask(0o077)  # What customers did is in it.
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
            self.db.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, 0, 0)", (event["id"], agent, event["subject_seq"]))
            self.db.execute(f"UPDATE events SET {via} = {via} + 1 WHERE id = ?", (event["id"],))
            if "state" in event["data"]:  # `interval.closed` counts among the events of an agent, too, and has none.
                self.put("spans", [(agent, event["timestamp"], event["data"]["state"])])
            if via == "stream":
                self.put(last_event_id=event["last_event_id"])


def stream(centre: ContactCentre, store: Store) -> None:
    """Follows for as long as the program runs. The client resumes a stream that drops after the last event that it told."""
    for item in centre.follow("agent-states", after=store.kept("last_event_id")):
        match item:
            case Snapshot():
                store.put("spans", [(agent["id"], agent["state_since"], agent["state"]) for agent in item.items], last_event_id=item.cursor)
                print("stream: begun", flush=True)
            case Event():
                store.take(asdict(item), "stream")
            case CaughtUp():
                print(f"stream: resumed after a break, up to {store.kept('last_event_id')}", flush=True)
            case Reset():  # Something was lost, and a snapshot follows.
                store.rows("DELETE FROM events")
                store.put(history="")


def webhook(centre: ContactCentre, store: Store, url: str) -> None:
    """Listens, and has events sent here. The secret is told once, and kept nowhere: at the next start there is another webhook."""
    secret = None

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                if secret:  # It is told once the question whether somebody listens is answered. The signature is over the bytes as they came.
                    store.take(Webhook(secret).verify(body, dict(self.headers)), "webhook")
                self.send_response(204)
            except (WebhookVerificationError, ValueError):
                self.send_response(401)
            self.end_headers()

        log_message = lambda *_: None

    threading.Thread(target=ThreadingHTTPServer(("", urlsplit(url).port), Receiver).serve_forever, daemon=True).start()
    path = "/v1/agent-states/webhooks"
    for hook in centre.get(path)["items"]:
        if hook["url"] == url:
            centre.http.delete(f"{path}/{hook['id']}")
    secret = centre.http.post(path, json={"url": url, "types": ["agent.*", "interval.*"]}).json()["secret"]
    print("webhook: ready", flush=True)
