import json
import os
import random
import time
import urllib.error
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}


def get(path, tries=5):
    for attempt in range(1, tries + 1):
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{GATEWAY}{path}", headers=HEADERS)) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            if refused.code not in (429, 502, 503, 504) or attempt == tries:
                raise
            # The answer says how long. Without it: longer each time, and not all at the same moment.
            seconds = float(refused.headers.get("Retry-After", 0)) or 2**attempt * random.uniform(0.5, 1)
            print(f"{refused.code}, waiting {seconds:g} s")
            time.sleep(seconds)


for _ in range(3):
    get("/v1/queues?limit=1")
    print("answered")
