import json
import os
import urllib.parse
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}

query = urllib.parse.urlencode({"queue": "Sales", "length": "15m", "basis": "offered"})
with urllib.request.urlopen(urllib.request.Request(f"{GATEWAY}/v1/metrics/queues?{query}", headers=HEADERS)) as answer:
    figures = json.load(answer)
for row in figures["items"]:
    level = row["service_level"]["answered_and_abandoned"]  # None where nobody called
    print(f"{row['start']} offered {row['offered_count']}, answered {row['answered_count']},", end=" ")
    print(f"service level {level}, final {row['final']}")
