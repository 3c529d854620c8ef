"""Computes the figures of agents anew, in SQL, from exported legs and states: an independent second answer.

Takes a file of legs, one of states, and from when until when, at full quarters and in milliseconds. Each line of a file is a JSON document, with instants in milliseconds. Prints one JSON document
for each agent, quarter of an hour and figure that is not zero: `[agent, start, name, value]`. Names are those of states, with the reason where there is one, and of what a handled leg took.
"""

import json
import sys

import duckdb

LEGS, STATES, FROM_MS, TO_MS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

db = duckdb.connect()
db.execute(
    """
    CREATE TABLE leg AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {
        agent_id: 'VARCHAR', relation: 'VARCHAR', direction: 'VARCHAR', started_at: 'BIGINT', answered_at: 'BIGINT', disconnected_at: 'BIGINT',
        wrap_ended_at: 'BIGINT', hold_ms: 'BIGINT'})
    """,
    [LEGS],
)
db.execute(
    """
    CREATE TABLE agent_state AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {
        agent_id: 'VARCHAR', number: 'BIGINT', since_ms: 'BIGINT', routing: 'VARCHAR', reason: 'VARCHAR', activity: 'VARCHAR'})
    """,
    [STATES],
)
# A state lasts until the next. What the system has somebody do goes before what they want, and nobody was there before their first.
db.execute(
    f"""
    CREATE TABLE span AS
    SELECT agent_id, since_ms AS begins, lead(since_ms, 1, {TO_MS}) OVER (PARTITION BY agent_id ORDER BY number) AS ends,
        if(activity = 'idle', routing, activity) AS state, reason
    FROM agent_state
    UNION ALL
    SELECT agent_id, {FROM_MS}, min(since_ms), 'offline', NULL FROM agent_state GROUP BY agent_id HAVING min(since_ms) > {FROM_MS}
    """
)
db.execute(
    f"""
    CREATE TABLE part AS
    SELECT agent_id, quarter.range AS begins, state, reason, least(ends, quarter.range + 900000) - greatest(span.begins, quarter.range) AS ms
    FROM span JOIN range({FROM_MS}, {TO_MS}, 900000) AS quarter ON span.begins < quarter.range + 900000 AND span.ends > quarter.range
    """
)
db.execute(
    f"""
    CREATE TABLE handled AS
    SELECT *, wrap_ended_at - wrap_ended_at % 900000 AS begins FROM leg
    WHERE wrap_ended_at >= {FROM_MS} AND wrap_ended_at < {TO_MS} AND relation <> 'consult' AND agent_id IS NOT NULL
    """
)
rows = db.execute(
    """
    SELECT agent_id, begins, name, sum(value)::BIGINT AS value FROM (
        SELECT agent_id, begins, state AS name, ms AS value FROM part
        UNION ALL SELECT agent_id, begins, 'not_ready ' || reason, ms FROM part WHERE state = 'not_ready'
        UNION ALL SELECT agent_id, begins, 'handled', 1 FROM handled
        UNION ALL SELECT agent_id, begins, 'outbound', 1 FROM handled WHERE direction = 'outbound'
        UNION ALL SELECT agent_id, begins, 'call_ms', disconnected_at - answered_at FROM handled
        UNION ALL SELECT agent_id, begins, 'hold_ms', hold_ms FROM handled
        UNION ALL SELECT agent_id, begins, 'wrap_ms', wrap_ended_at - disconnected_at FROM handled
        -- Dialling is part of handling, ringing is not.
        UNION ALL SELECT agent_id, begins, 'handle_ms', wrap_ended_at - if(direction = 'outbound', started_at, answered_at) FROM handled
    ) GROUP BY ALL HAVING sum(value) <> 0 ORDER BY ALL
    """
).fetchall()
for row in rows:
    print(json.dumps(row))
