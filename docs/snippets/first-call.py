import json
import os
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}

with urllib.request.urlopen(urllib.request.Request(f"{GATEWAY}/v1/sandbox", headers=HEADERS)) as answer:
    print(json.load(answer))
