"""Reads legs as they were exported, checks them, and computes service levels by hand-written SQL.

Takes the export as NDJSON, the same as Parquet, a file to write, and the settings of queues: a JSON object of ids, each with its service level target and its bound of
short abandons in milliseconds. Writes the legs in the form that `recomputed.py` of the contact centre reads. Prints one JSON document: how many legs there were, the ids
of those whose durations are not the differences of their instants, and of each queue the five service levels.
"""

import json
import sys

import duckdb

NDJSON, PARQUET, LEGS, SETTINGS = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])

INSTANTS = ["started_at", "enqueued_at", "dequeued_at", "answered_at", "disconnected_at", "wrap_ended_at"]
DURATIONS = ["wait_ms", "dial_ms", "talk_ms", "hold_ms", "wrap_ms", "handle_ms"]

db = duckdb.connect()
db.execute(
    f"""
    CREATE TABLE exported AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {{
        id: 'VARCHAR', parent_id: 'VARCHAR', relation: 'VARCHAR', direction: 'VARCHAR', queue: 'STRUCT(id VARCHAR)', outcome: 'VARCHAR',
        flowed_out_to: 'VARCHAR', instants: 'STRUCT({", ".join(f"{name} TIMESTAMP" for name in INSTANTS)})',
        durations: 'STRUCT({", ".join(f"{name} BIGINT" for name in DURATIONS)})',
        holds: 'STRUCT(held_at TIMESTAMP, resumed_at TIMESTAMP)[]', offers: 'STRUCT(result VARCHAR, ended_at TIMESTAMP)[]'}})
    """,
    [NDJSON],
)
db.execute(
    f"""
    CREATE TABLE leg AS SELECT id, parent_id, relation, direction, queue.id AS queue_id, outcome, flowed_out_to,
        {", ".join(f"epoch_ms(instants.{name}) AS {name}" for name in INSTANTS)},
        coalesce(list_sum([epoch_ms(hold.resumed_at) - epoch_ms(hold.held_at) FOR hold IN holds]), 0)::BIGINT AS hold_ms,
        [epoch_ms(offer.ended_at) FOR offer IN offers IF offer.result IN ('no_answer', 'rejected')] AS missed_at
    FROM exported
    """
)
db.execute("COPY leg TO '" + LEGS.replace("'", "''") + "' (FORMAT json)")

# Told of a leg, as NDJSON and as Parquet have it.
db.execute(
    f"""
    CREATE VIEW told AS
    SELECT id, direction, {", ".join(f"epoch_ms(instants.{name}) AS {name}" for name in INSTANTS)}, {", ".join(f"durations.{name}" for name in DURATIONS)}
    FROM exported
    UNION ALL
    SELECT id, direction, {", ".join(f"epoch_ms({name}) AS {name}" for name in INSTANTS)}, {", ".join(DURATIONS)}
    FROM read_parquet('{PARQUET.replace("'", "''")}')
    """
)
wrong = db.execute(
    """
    SELECT DISTINCT id FROM told WHERE
        wait_ms IS DISTINCT FROM dequeued_at - enqueued_at
        OR talk_ms + hold_ms IS DISTINCT FROM disconnected_at - answered_at
        OR wrap_ms IS DISTINCT FROM wrap_ended_at - disconnected_at
        OR dial_ms IS DISTINCT FROM if(direction = 'outbound', coalesce(answered_at, disconnected_at) - started_at, NULL)
        OR (wrap_ended_at IS NOT NULL AND answered_at IS NOT NULL
            AND handle_ms IS DISTINCT FROM if(direction = 'outbound', dial_ms, 0) + talk_ms + hold_ms + wrap_ms)
    UNION
    -- The two forms have the same.
    SELECT id FROM (SELECT DISTINCT * FROM told) GROUP BY id HAVING count(*) <> 1
    UNION
    SELECT id FROM told GROUP BY id HAVING count(*) <> 2
    UNION
    -- What was on hold is what its spans say.
    SELECT exported.id FROM exported JOIN leg USING (id) WHERE durations.hold_ms <> leg.hold_ms
    """
).fetchall()

levels = {}
for queue, (target_ms, short_ms) in SETTINGS.items():
    row = db.execute(
        """
        WITH visit AS (
            SELECT dequeued_at - enqueued_at AS wait_ms, answered_at IS NOT NULL AS a, dequeued_at IS NOT NULL AND answered_at IS NULL AND outcome = 'abandoned' AS b,
                dequeued_at IS NOT NULL AND answered_at IS NULL AND outcome <> 'abandoned' AS f
            FROM leg WHERE queue_id = $queue AND enqueued_at IS NOT NULL
        ), of AS (
            SELECT count(*) FILTER (a) AS a, count(*) FILTER (b) AS b, count(*) FILTER (f) AS f, count(*) FILTER (b AND wait_ms < $short) AS s,
                count(*) FILTER (a AND wait_ms <= $target) AS a_t, count(*) FILTER (b AND wait_ms <= $target) AS b_t
            FROM visit
        )
        SELECT a_t / nullif(a + b - s, 0), a_t / nullif(a + b + f, 0), a_t / nullif(a + b + f - b_t, 0), (a_t + b_t) / nullif(a + b + f, 0), a_t / nullif(a, 0) FROM of
        """,
        {"queue": queue, "target": target_ms, "short": short_ms},
    ).fetchone()
    names = ["answered_and_abandoned", "all_resolved", "ignore_abandoned_within", "abandoned_within_met", "answered_only"]
    levels[queue] = dict(zip(names, row))

legs = db.execute("SELECT count(*) FROM leg").fetchone()[0]
print(json.dumps({"legs": legs, "wrong": [id for (id,) in wrong], "service_levels": levels}))
