"""Agent states as they are pushed: by the stream, and by a webhook. Either is enough, and whichever is first counts."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import httpx
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def stream(api, store) -> None:
    """Follows for as long as the program runs. A stream that drops is resumed after the last event that is stored."""
    while True:
        last = store.kept("last_event_id")
        try:
            # The server says something every 15 s at least: whoever hears nothing for 40 s has lost it.
            with api.stream("GET", "/v1/stream/agent-states", headers={"Last-Event-ID": last} if last else {}, timeout=40) as answer:
                answer.raise_for_status()
                print(f"stream: resumed after {last}" if last else "stream: begun", flush=True)
                for line in answer.iter_lines():
                    if line.startswith("data:"):  # One line for each event; a line that was cut has no end, and isn't given.
                        store.take(json.loads(line[5:]), "stream")
        except (httpx.HTTPError, ValueError) as error:
            print(f"stream: dropped ({type(error).__name__})", flush=True)
        time.sleep(1)


def webhook(api, store, url: str) -> None:
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
    hooks = api.get("/v1/agent-states/webhooks").raise_for_status().json()["items"]
    mine = [hook["id"] for hook in hooks if hook["url"] == url]
    if store.kept("webhook") not in mine:
        for hook in mine:  # Nobody knows their secrets any longer.
            api.delete(f"/v1/agent-states/webhooks/{hook}").raise_for_status()
        store.put(webhook_secret="")
        made = api.post("/v1/agent-states/webhooks", json={"url": url, "types": ["agent.*", "interval.*"]})
        if made.is_error:
            raise SystemExit(f"The webhook could not be made: {made.json()['detail']}")
        store.put(webhook=made.json()["id"], webhook_secret=made.json()["secret"])
    print("webhook: ready", flush=True)
