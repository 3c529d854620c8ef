# Usage: token.py QUEUE_ID https://shop.example
import json
import os
import sys
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}

wanted = {"queue_ids": [sys.argv[1]], "origin": sys.argv[2], "minutes": 15}
request = urllib.request.Request(
    f"{GATEWAY}/v1/live/tokens",
    data=json.dumps(wanted).encode(),
    # A key that is bound to a site's origin is asked for it here, too.
    headers={**HEADERS, "Content-Type": "application/json", "Origin": sys.argv[2]},
)
with urllib.request.urlopen(request) as answer:
    # {"token": ..., "expires_at": ...}: this goes to the page, the key does not.
    print(answer.read().decode())
