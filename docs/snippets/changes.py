import json
import os
import pathlib
import urllib.parse
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}
kept = pathlib.Path("wraps.cursor")


def page(**query):
    address = f"{GATEWAY}/v1/wraps?{urllib.parse.urlencode({'limit': 500, **query})}"
    with urllib.request.urlopen(urllib.request.Request(address, headers=HEADERS)) as answer:
        return json.load(answer)


def store(wraps):
    for wrap in wraps:
        print(wrap["call_id"], wrap["code"])


if kept.exists():
    # What changed since the last run, until a page is empty.
    while (changed := page(changed_since=kept.read_text()))["items"]:
        store(changed["items"])
        kept.write_text(changed["changes_cursor"])
else:
    # The first run reads everything. The changes_cursor of the first page misses nothing that changes meanwhile.
    listed = page()
    start = listed["changes_cursor"]
    store(listed["items"])
    while listed["next_cursor"]:
        listed = page(cursor=listed["next_cursor"])
        store(listed["items"])
    kept.write_text(start)
