# Usage: wrap.py CALL_ID
import json
import os
import sys
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}

wrap = {"code": "resolved", "comments": "Invoice explained.", "data": {"ticket": "4711"}}
request = urllib.request.Request(
    f"{GATEWAY}/v1/calls/{sys.argv[1]}/wrap",
    method="PUT",
    data=json.dumps(wrap).encode(),
    headers={**HEADERS, "Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as answer:
    written = json.load(answer)
print(f"{written['code']}, revision {written['revision']}")
