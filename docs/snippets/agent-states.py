import json
import os
import time
import urllib.error
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}

last = None
while True:
    headers = {**HEADERS, "Accept": "text/event-stream"}
    if last:
        headers["Last-Event-ID"] = last
    try:
        # A comment comes every 15 s: whoever hears nothing for longer has lost the connection.
        with urllib.request.urlopen(
            urllib.request.Request(f"{GATEWAY}/v1/stream/agent-states", headers=headers), timeout=45
        ) as stream:
            event = {}
            for line in stream:
                line = line.decode().rstrip("\n")
                if line:
                    field, _, value = line.partition(": ")
                    event[field] = value
                    continue
                # The empty line ends an event.
                if "event" in event:
                    data = json.loads(event["data"])
                    print(event["event"], event.get("id", ""), flush=True)
                    # Here you work with data. Remember the id after that, not before.
                    last = event.get("id", last)
                event = {}
    except urllib.error.HTTPError as refused:
        if refused.code in (401, 403):
            raise
    except OSError:
        pass
    time.sleep(2)
