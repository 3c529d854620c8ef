# Usage: errors.py /v1/metrics/summary
import json
import os
import sys
import urllib.error
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}

try:
    urllib.request.urlopen(urllib.request.Request(f"{GATEWAY}{sys.argv[1]}", headers=HEADERS)).close()
except urllib.error.HTTPError as refused:
    problem = json.load(refused)
    # Decide by the code, show people the detail, and keep the request's id for the administrator.
    print(f"{problem['status']} {problem['code']}: {problem['detail']} (request {problem['request_id']})")
