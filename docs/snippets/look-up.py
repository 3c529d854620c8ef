# Usage: look-up.py "0491 570 006"
import json
import os
import sys
import urllib.parse
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}

# urlencode keeps the + of an international number.
query = urllib.parse.urlencode({"phone": sys.argv[1]})
with urllib.request.urlopen(urllib.request.Request(f"{GATEWAY}/v1/contacts/lookup?{query}", headers=HEADERS)) as answer:
    found = json.load(answer)
for match in found["matches"]:
    print(f"{match['contact']['display_name']} ({match['matched']['how']})")
