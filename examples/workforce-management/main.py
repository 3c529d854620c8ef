"""Workforce management: agent states as they change, figures that can be proved, and adherence to a schedule."""

import argparse
import json
import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from keydesk import ContactCentre, Refused, Retries

import push
import report
from store import Store

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--day", type=date.fromisoformat, help="the day of the report, by Sydney's clocks (default: today)")
parser.add_argument("--follow", type=float, default=20, metavar="SECONDS", help="follow agent states before the report")
parser.add_argument("--hook", metavar="URL", help="where this program is reached, to get agent states by webhook, too")
parser.add_argument("--out", type=Path, default=Path("out"), help="where the report and what is known are kept")
options = parser.parse_args()
options.out.mkdir(parents=True, exist_ok=True)
store = Store(options.out / "known.db")
centre = ContactCentre(retries=Retries(attempts=30))  # At KEYDESK_GATEWAY, with KEYDESK_KEY. The gateway may be away for some minutes.


def read_calls(since: str) -> int:
    """Brings the calls up to date, and returns the `seq` at which all of them are true."""
    rows = lambda page: [(call["id"], json.dumps(call)) for call in page["items"]]
    if not store.kept("calls_cursor") or store.kept("calls_since") > since:
        for page in centre.pages("/v1/calls", by="changed", limit=500, **{"from": since}):
            store.put("calls", rows(page))
        store.put(calls_since=since, calls_cursor=page["changes_cursor"])
    while True:  # Until a page is not full: what changed while the pages were read, and since the last time.
        page = centre.get("/v1/calls", changed_since=store.kept("calls_cursor"), limit=500)
        print(f"calls: {store.put('calls', rows(page), calls_cursor=page['changes_cursor'])} changed")
        if len(page["items"]) < 500:
            return page["as_of"]["seq"]


def read_intervals(start: str, end: str, seq: int) -> None:
    """Reads rows that are new, that were not final, and that were revised; no row twice that can't have changed."""
    about = {"basis": "offered", "length": "15m", "as_of_seq": seq, "to": end}
    (open_from, last), = store.rows("SELECT min(start) FILTER (WHERE NOT final), max(start) FROM intervals WHERE start >= ? AND start < ?", start, end)
    unread = open_from or (report.iso(datetime.fromisoformat(last) + timedelta(minutes=15)) if last else start)
    asked = {"new or not final": {"from": unread}} if unread < end else {}
    if last:
        asked["revised"] = {"from": start, "changed_since": store.kept(f"intervals {start}")}
    for what, query in asked.items():
        for page in list(centre.pages("/v1/metrics/queues", limit=500, **about, **query)):
            rows = [(row["queue"]["id"], row["start"], row["final"], json.dumps(row)) for row in page["items"]]
            print(f"intervals: {store.put('intervals', rows)} {what}")
    store.put(**{f"intervals {start}": page["changes_cursor"]})


def read_history(start: str, end: str, extensions: list[str]) -> None:
    """What the agents of the schedule did before they were followed. It is read once for a day; then pushes tell."""
    if store.kept("history") != start:
        for agent, extension in store.rows("SELECT id, extension FROM agents"):
            for page in centre.pages(f"/v1/agents/{agent}/states", **{"from": start, "to": end, "limit": 500}) if extension in extensions else ():
                store.put("spans", [(agent, span["started_at"], span["state"]) for span in page["items"]])
        store.put(history=start)


follower = threading.Thread(target=push.stream, args=(centre, store), daemon=True)
follower.start()
if options.hook:
    push.webhook(centre, store, options.hook)
time.sleep(options.follow)
while follower.is_alive() and not store.rows("SELECT 1 FROM agents"):
    time.sleep(0.1)  # The snapshot is still to come.
zone = ZoneInfo("Australia/Sydney")
now = datetime.fromisoformat(centre.get("/v1/agents", limit=1)["as_of"]["at"])
midnight = datetime.combine(options.day or now.astimezone(zone).date(), datetime.min.time(), zone)
start, end = report.iso(midnight), report.iso(min(midnight + timedelta(days=1), now))
schedule = report.planned(Path(__file__).with_name("schedule.csv"), midnight)
try:
    # A call counts where its caller entered, which may be long before it changed last.
    seq = read_calls(report.iso(midnight - timedelta(hours=3)))
    read_intervals(start, end, seq)
    read_history(start, end, schedule["extension"].unique().to_list())
except Refused as refused:
    if refused.code != "changes_lost":
        raise
    (options.out / "known.db").unlink()  # The event log began anew, so nothing that is known can be brought up to date.
    raise SystemExit(f"{refused.detail}. Start it again.") from refused
raise SystemExit(report.write(store, options.out, schedule, start, end, seq))
