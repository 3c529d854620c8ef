"""Computes the figures of a queue anew, in SQL, from exported legs: an independent second answer.

Takes the id of the queue, and its settings in milliseconds. Reads a file of legs, one JSON document a line, with instants in milliseconds. Prints one JSON document for each basis, quarter of an
hour and figure that is not zero: `[basis, start, name, value]`.
"""

import json
import sys

import duckdb

LEGS, QUEUE, TARGET_MS, SHORT_MS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

db = duckdb.connect()
db.execute(
    """
    CREATE TABLE leg AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {
        id: 'VARCHAR', parent_id: 'VARCHAR', relation: 'VARCHAR', direction: 'VARCHAR', queue_id: 'VARCHAR', outcome: 'VARCHAR', flowed_out_to: 'VARCHAR',
        started_at: 'BIGINT', enqueued_at: 'BIGINT', dequeued_at: 'BIGINT', answered_at: 'BIGINT', disconnected_at: 'BIGINT',
        wrap_ended_at: 'BIGINT', hold_ms: 'BIGINT', missed_at: 'BIGINT[]'})
    """,
    [LEGS],
)
db.execute(
    """
    CREATE TABLE visit AS
    WITH RECURSIVE root(id, queue_id, visit_at) AS (
        -- Who is called back for a queue enters none. What is passed on of that belongs to the queue too, and begins with itself.
        SELECT id, queue_id, enqueued_at FROM leg WHERE enqueued_at IS NOT NULL OR (relation <> 'transfer' AND queue_id IS NOT NULL)
        UNION ALL
        SELECT leg.id, root.queue_id, root.visit_at FROM leg JOIN root ON leg.parent_id = root.id
        WHERE leg.enqueued_at IS NULL AND leg.relation = 'transfer' AND coalesce(leg.queue_id, root.queue_id) = root.queue_id
    )
    SELECT leg.*, coalesce(root.visit_at, leg.started_at) AS visit_at, leg.dequeued_at - leg.enqueued_at AS wait_ms,
        CASE WHEN leg.enqueued_at IS NULL THEN NULL
             WHEN leg.answered_at IS NOT NULL THEN 'answered'
             WHEN leg.dequeued_at IS NULL THEN 'waiting'
             WHEN leg.outcome = 'abandoned' THEN 'abandoned'
             ELSE 'flowed_out' END AS fate
    FROM leg LEFT JOIN root ON leg.id = root.id
    WHERE coalesce(leg.queue_id, root.queue_id) = ?
    """,
    [QUEUE],
)
# Name, value, condition, and the instant at which it is counted by the basis `event`.
FIGURES = [
    ("offered", "1", "enqueued_at IS NOT NULL", "enqueued_at"),
    ("answered", "1", "fate = 'answered'", "answered_at"),
    ("answered_in_target", "1", f"fate = 'answered' AND wait_ms <= {TARGET_MS}", "answered_at"),
    ("answered_wait_ms", "wait_ms", "fate = 'answered'", "answered_at"),
    ("answered_within_90", "1", "fate = 'answered' AND wait_ms <= 90000", "answered_at"),
    ("abandoned", "1", "fate = 'abandoned'", "disconnected_at"),
    ("abandoned_in_target", "1", f"fate = 'abandoned' AND wait_ms <= {TARGET_MS}", "disconnected_at"),
    ("abandoned_wait_ms", "wait_ms", "fate = 'abandoned'", "disconnected_at"),
    ("abandoned_within_90", "1", "fate = 'abandoned' AND wait_ms <= 90000", "disconnected_at"),
    ("short_abandoned", "1", f"fate = 'abandoned' AND wait_ms < {SHORT_MS}", "disconnected_at"),
    ("flowed_out", "1", "fate = 'flowed_out'", "dequeued_at"),
    ("voicemail", "1", "fate = 'flowed_out' AND flowed_out_to = 'voicemail'", "dequeued_at"),
    ("callback_in_target", "1", f"fate = 'flowed_out' AND flowed_out_to = 'callback' AND wait_ms <= {TARGET_MS}", "dequeued_at"),
    ("handled", "1", "wrap_ended_at IS NOT NULL AND relation <> 'consult'", "wrap_ended_at"),
    ("hold_ms", "hold_ms", "wrap_ended_at IS NOT NULL AND relation <> 'consult'", "wrap_ended_at"),
    ("dial_ms", "answered_at - started_at", "wrap_ended_at IS NOT NULL AND direction = 'outbound' AND relation <> 'consult'", "wrap_ended_at"),
    # Dialling is part of handling, ringing is not.
    ("handle_ms", "wrap_ended_at - if(direction = 'outbound', started_at, answered_at)", "wrap_ended_at IS NOT NULL AND relation <> 'consult'", "wrap_ended_at"),
    ("wrap_ms", "wrap_ended_at - disconnected_at", "wrap_ended_at IS NOT NULL AND relation <> 'consult'", "wrap_ended_at"),
]
for basis in ("event", "offered"):
    parts = [
        f"SELECT {at if basis == 'event' else 'visit_at'} AS counted_at, '{name}' AS name, {value} AS value FROM visit WHERE {condition}"
        for name, value, condition, at in FIGURES
    ]
    missed = "missed.ended_at" if basis == "event" else "visit_at"
    parts.append(
        f"SELECT {missed} AS counted_at, 'offers_not_answered' AS name, 1 AS value FROM visit, unnest(missed_at) AS missed(ended_at)"
    )
    rows = db.execute(
        f"""
        SELECT counted_at - counted_at % 900000 AS begins, name, sum(value)::BIGINT AS value FROM ({" UNION ALL ".join(parts)})
        GROUP BY ALL HAVING sum(value) <> 0 ORDER BY ALL
        """
    ).fetchall()
    for row in rows:
        print(json.dumps([basis, *row]))
