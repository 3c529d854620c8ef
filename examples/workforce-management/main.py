"""Workforce management: agent states as they change, figures that can be proved, and adherence to a schedule."""

import argparse
import json
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from keydesk import ContactCentre, Refused, Retries

import report
from known import Store, stream, webhook

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
    while True:
        first = not store.kept("calls_cursor") or store.kept("calls_since") > since
        query = {"by": "changed", "from": since} if first else {"changed_since": store.kept("calls_cursor")}
        for page in centre.pages("/v1/calls", limit=500, **query):
            print(f"calls: {store.put('calls', [(call['id'], json.dumps(call)) for call in page['items']])} read")
        store.put(calls_since=since, calls_cursor=page["changes_cursor"])
        if not first and len(page["items"]) < 500:  # Else something changed while it was read, or there is more.
            return page["as_of"]["seq"]


def read_intervals(start: str, end: str, seq: int) -> None:
    """Reads rows that are new, that were not final, and that were revised; no row twice that can't have changed."""
    about = {"basis": "offered", "length": "15m", "as_of_seq": seq, "to": end, "limit": 500}
    (unread, known), = store.rows("""SELECT coalesce(min(start) FILTER (WHERE NOT final), max(until), ?), count(*)
        FROM intervals WHERE start >= ? AND start < ?""", start, start, end)
    asked = {"new or not final": {"from": unread}} if unread < end else {}
    if known:
        asked["revised"] = {"from": start, "changed_since": store.kept(f"intervals {start}")}
    for what, query in asked.items():
        for page in list(centre.pages("/v1/metrics/queues", **about, **query)):
            rows = [(row["queue"]["id"], row["start"], row["end"], row["final"], json.dumps(row)) for row in page["items"]]
            print(f"intervals: {store.put('intervals', rows)} {what}")
    store.put(**{f"intervals {start}": page["changes_cursor"]})


def read_history(start: str, end: str, agents: list[str]) -> None:
    """What the agents of the schedule did before they were followed. It is read once for a day; then pushes tell."""
    if store.kept("history") != start:
        for agent in agents:
            for page in centre.pages(f"/v1/agents/{agent}/states", **{"from": start, "to": end, "limit": 500}):
                store.put("spans", [(agent, span["started_at"], span["state"]) for span in page["items"]])
        store.put(history=start)


follower = threading.Thread(target=stream, args=(centre, store), daemon=True)
follower.start()
if options.hook:
    webhook(centre, store, options.hook)
time.sleep(options.follow)
while follower.is_alive() and not store.kept("last_event_id"):
    time.sleep(0.1)  # The snapshot is still to come.
now = datetime.fromisoformat(centre.get("/v1/agents", limit=1)["as_of"]["at"]).astimezone(ZoneInfo("Australia/Sydney"))
midnight = datetime.combine(options.day or now.date(), datetime.min.time(), now.tzinfo)
# A call counts where its caller entered, which may be long before it changed last.
instants = (midnight - timedelta(hours=3), midnight, min(midnight + timedelta(days=1), now))
since, start, end = (at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") for at in instants)
agents = [agent for page in centre.pages("/v1/agents", limit=500) for agent in page["items"]]
schedule = report.planned(Path(__file__).with_name("schedule.csv"), midnight, agents)
try:
    seq = read_calls(since)
    read_intervals(start, end, seq)
    read_history(start, end, schedule["agent"].unique().to_list())
except Refused as refused:
    if refused.code == "changes_lost":  # The event log began anew: what is known can't be brought up to date. Started again, it reads all.
        (options.out / "known.db").unlink()
    raise SystemExit(str(refused)) from refused
raise SystemExit(report.write(store, options.out, schedule, start, end, seq))
