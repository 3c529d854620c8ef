# Usage: recording.py RECORDING_ID
import hashlib
import json
import os
import sys
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}
CHUNK = 1 << 20

address = f"{GATEWAY}/v1/recordings/{sys.argv[1]}"
with urllib.request.urlopen(urllib.request.Request(address, headers=HEADERS)) as answer:
    known = json.load(answer)

digest, offset = hashlib.sha256(), 0
with open(f"{known['id']}.wav", "wb") as file:
    while offset < known["size_bytes"]:
        headers = {**HEADERS, "Range": f"bytes={offset}-{offset + CHUNK - 1}"}
        with urllib.request.urlopen(urllib.request.Request(f"{address}/content", headers=headers)) as part:
            data = part.read()
        file.write(data)
        digest.update(data)
        offset += len(data)
if digest.hexdigest() != known["sha256"]:
    sys.exit("the file is not what was recorded")
print(f"{known['id']}.wav: OK")
