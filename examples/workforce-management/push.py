"""Agent states as they are pushed: by the stream, and by a webhook. Either is enough, and whichever is first counts."""

import json
import threading
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from keydesk import CaughtUp, ContactCentre, Event, Reset, Snapshot
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def stream(centre: ContactCentre, store) -> None:
    """Follows for as long as the program runs. The client resumes a stream that drops after the last event that it told."""
    for item in centre.follow("agent-states", after=store.kept("last_event_id")):
        match item:
            case Snapshot():
                store.put("agents", [(agent["id"], agent["extension"], agent["display_name"]) for agent in item.items])
                store.put("spans", [(agent["id"], agent["state_since"], agent["state"]) for agent in item.items], last_event_id=item.cursor)
                print("stream: begun", flush=True)
            case Event():
                store.take(asdict(item), "stream")
            case CaughtUp():
                print(f"stream: resumed after a break, up to {store.kept('last_event_id')}", flush=True)
            case Reset():  # Something was lost, and a snapshot follows.
                store.rows("DELETE FROM events")
                store.put(history="")


def webhook(centre: ContactCentre, store, url: str) -> None:
    """Listens, and has events sent here. The secret is told once, and kept."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            secret = store.kept("webhook_secret")
            try:
                # The signature is over the bytes as they came. The question whether somebody listens comes before the secret.
                event = Webhook(secret).verify(body, dict(self.headers)) if secret else json.loads(body)
                status = 204 if secret or event["type"] == "endpoint.verify" else 401
            except (WebhookVerificationError, ValueError):
                status = 401
            if status == 204:
                store.take(event, "webhook")
            self.send_response(status)
            self.end_headers()

        log_message = lambda *_: None

    threading.Thread(target=ThreadingHTTPServer(("", urlsplit(url).port), Receiver).serve_forever, daemon=True).start()
    path = "/v1/agent-states/webhooks"
    mine = [hook["id"] for hook in centre.get(path)["items"] if hook["url"] == url]
    if store.kept("webhook") not in mine:
        for hook in mine:  # Nobody knows their secrets any longer.
            centre.http.delete(f"{path}/{hook}")
        store.put(webhook_secret="")
        made = centre.http.post(path, json={"url": url, "types": ["agent.*", "interval.*"]}).json()
        store.put(webhook=made["id"], webhook_secret=made["secret"])
    print("webhook: ready", flush=True)
