import datetime
import os
import shutil
import urllib.parse
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}

today = datetime.datetime.now(datetime.timezone.utc).date()
day = {"from": f"{today - datetime.timedelta(days=1)}T00:00:00Z", "to": f"{today}T00:00:00Z"}
query = urllib.parse.urlencode({"format": "parquet", **day})
with urllib.request.urlopen(urllib.request.Request(f"{GATEWAY}/v1/data/calls?{query}", headers=HEADERS)) as answer:
    with open("calls.parquet", "wb") as file:
        shutil.copyfileobj(answer, file)
# A Parquet file ends with these four bytes: without them the transfer was cut.
with open("calls.parquet", "rb") as file:
    file.seek(-4, os.SEEK_END)
    print("complete" if file.read() == b"PAR1" else "cut")
