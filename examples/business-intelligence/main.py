"""Business intelligence: a day of every table in DuckDB, proved against the metrics, and a dashboard of it."""

import argparse
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from keydesk import ContactCentre, Refused

import dashboard
from warehouse import Warehouse

# Calls that count in a day may have begun before it.
EARLIER = timedelta(hours=3)
OF_CALLS = """
    WITH visits AS (
        SELECT c.*, coalesce(answered_at, dequeued_at) AS left_at, answered_at IS NULL AND outcome = 'abandoned' AS lost,
               q.service_level_target_ms AS target, q.short_abandon_ms AS short
        FROM calls c JOIN queues q ON q.id = c.queue_id WHERE enqueued_at IS NOT NULL)
    SELECT count(*) FILTER (enqueued_at >= $start AND enqueued_at < $end) AS offered_count,
           count(*) FILTER (answered_at IS NOT NULL AND today) AS answered_count,
           count(*) FILTER (lost AND today) AS abandoned_count,
           count(*) FILTER (lost AND wait_ms < short AND today) AS short_abandoned_count,
           count(*) FILTER (answered_at IS NULL AND NOT lost AND today) AS flowed_out_count,
           count(*) FILTER (answered_at IS NOT NULL AND wait_ms <= target AND today) AS answered_in_target_count,
           coalesce(sum(wait_ms) FILTER (answered_at IS NOT NULL AND today), 0) AS average_speed_of_answer_sum_ms,
           coalesce(sum(wait_ms) FILTER (lost AND wait_ms >= short AND today), 0) AS average_time_to_abandon_sum_ms
    FROM (SELECT *, coalesce(left_at >= $start AND left_at < $end, false) AS today FROM visits)"""
OF_INTERVALS = """
    SELECT sum(offered_count) AS offered_count, sum(answered_count) AS answered_count, sum(abandoned_count) AS abandoned_count,
           sum(flowed_out_count) AS flowed_out_count, sum(handled_count) AS handled_count, sum(talk_sum_ms) AS talk_sum_ms,
           sum(hold_sum_ms) AS hold_sum_ms, sum(wrap_sum_ms) AS wrap_time_sum_ms, sum(handle_sum_ms) AS average_handle_time_sum_ms,
           sum(average_speed_of_answer_sum_ms) AS average_speed_of_answer_sum_ms
    FROM queue_intervals WHERE start >= $start AND start < $end"""


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def differences(warehouse: Warehouse, centre: ContactCentre, table: str, query: str, start: str, end: str) -> int:
    """Compares totals of a table with those that the contact centre gives for the moment at which the table was read."""
    seq = warehouse.kept(f"seq of {table}")
    told = centre.get("/v1/metrics/summary", **{"from": start, "to": end, "as_of_seq": seq})["total"]
    answer = warehouse.db.execute(query, {"start": start, "end": end})
    ours = dict(zip([column[0] for column in answer.description], answer.fetchall()[0]))
    wrong = {name: (value, told[name]) for name, value in ours.items() if int(value or 0) != told[name]}
    print(f"{table} at seq {seq}: {len(ours) - len(wrong)} totals equal to metrics, {len(wrong)} not {wrong or ''}")
    return len(wrong)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--day", type=date.fromisoformat, help="which day, by Sydney's clocks (default: today)")
parser.add_argument("--out", type=Path, default=Path("out"), help="where the warehouse and the picture are kept")
options = parser.parse_args()
centre, warehouse, zone = ContactCentre(timeout=120), Warehouse(options.out), ZoneInfo("Australia/Sydney")
now = datetime.fromisoformat(centre.get("/v1/calls", limit=1)["as_of"]["at"])
midnight = datetime.combine(options.day or now.astimezone(zone).date(), datetime.min.time(), zone)
start, end = iso(midnight), iso(midnight + timedelta(days=1))

again = warehouse.kept("day") == iso(midnight - EARLIER)
try:
    came = warehouse.load(centre, iso(midnight - EARLIER), end)
except Refused as refused:
    if refused.code != "changes_lost":
        raise
    again = False  # The cursor is too old, or the event log began anew: everything has to be read again.
    warehouse.db.execute("DELETE FROM kept")
    came = warehouse.load(centre, iso(midnight - EARLIER), end)
print("changed:" if again else "read:", ", ".join(f"{rows} {table}" for table, rows in came.items()))
wrong = differences(warehouse, centre, "calls", OF_CALLS, start, end)
wrong += differences(warehouse, centre, "queue_intervals", OF_INTERVALS, start, end)
dashboard.draw(warehouse.db, start, end, f"{midnight:%A, %d %B %Y}", options.out / "picture.png")
print(f"dashboard: {options.out / 'picture.png'}")
raise SystemExit(1 if wrong else 0)
