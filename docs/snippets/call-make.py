# Usage: call-make.py 1001 "+61 491 570 156" lead-4711-attempt-1
import json
import os
import sys
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}

extension, number, name = sys.argv[1:4]
request = urllib.request.Request(
    f"{GATEWAY}/v1/calls",
    data=json.dumps({"agent_extension": extension, "to": number}).encode(),
    # Store the Idempotency-Key before you send: whoever sends it again gets the same call, not a second one.
    headers={**HEADERS, "Content-Type": "application/json", "Idempotency-Key": name},
)
with urllib.request.urlopen(request, timeout=10) as answer:
    call = json.load(answer)
    print(call["id"], call["state"])
    if answer.headers["Idempotency-Replayed"] == "true":
        print("sent before")
