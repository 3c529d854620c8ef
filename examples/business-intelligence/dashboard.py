"""A dashboard of the day: one query for each picture."""

import matplotlib.pyplot as plt
import numpy as np

GREEN, PALE, RED, BLUE, AMBER, DARK = "#2f7d5b", "#a9d3bd", "#d9675f", "#5b9fd0", "#f2b950", "#1c2b4a"


def draw(db, start: str, end: str, day_name: str, path) -> None:
    def columns(query: str) -> list[list]:
        rows = db.execute(query, {"start": start, "end": end}).fetchall()
        return [list(column) for column in zip(*rows)] or [[] for _ in range(9)]

    hour = "date_part('hour', start AT TIME ZONE 'Australia/Sydney')"
    day = "start >= $start AND start < $end"
    plt.rcParams |= {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titleweight": "bold", "axes.titlelocation": "left"}
    figure, ((calls, levels), (time, codes)) = plt.subplots(2, 2, figsize=(12, 7.5), layout="constrained")

    hours, answered, abandoned, elsewhere = columns(f"""
        SELECT {hour}, sum(answered_count)::INT, sum(abandoned_count)::INT, sum(flowed_out_count)::INT FROM queue_intervals WHERE {day}
        GROUP BY 1 HAVING sum(offered_count) > 0 ORDER BY 1""")[:4]
    bottom = np.zeros(len(hours))
    for label, part, colour in ("answered", answered, GREEN), ("abandoned", abandoned, RED), ("sent elsewhere", elsewhere, AMBER):
        calls.bar(hours, part, 0.8, bottom, color=colour, label=label)
        bottom += part
    calls.set_title("Calls by hour")
    calls.legend(frameon=False)

    queues, at, share = columns(f"""
        SELECT queue_name, {hour}, 100 * sum(answered_in_target_count) / nullif(sum(answered_count + abandoned_count - short_abandoned_count), 0)
        FROM queue_intervals WHERE {day} AND offered_count > 0 GROUP BY ALL ORDER BY ALL""")[:3]
    names, span = sorted(set(queues)), range(int(min(at, default=0)), int(max(at, default=0)) + 1)
    grid = np.full((len(names), len(span)), np.nan)
    for queue, when, value in zip(queues, at, share):
        grid[names.index(queue), int(when) - span.start] = np.nan if value is None else value
    if names:
        shown = levels.imshow(grid, aspect="auto", cmap="RdYlGn", vmin=0, vmax=100, extent=(span.start - 0.5, span.stop - 0.5, len(names) - 0.5, -0.5))
        figure.colorbar(shown, ax=levels, label="%")
    levels.set_yticks(range(len(names)), names)
    levels.set_title("Service level by queue and hour")

    teams, *parts = columns(f"""
        SELECT team, sum(i.talk_ms) / 36e5, sum(i.hold_ms) / 36e5, sum(i.wrap_ms) / 36e5, sum(i.ready_ms + i.offered_ms) / 36e5, sum(i.not_ready_ms) / 36e5
        FROM agent_intervals i JOIN agents a ON a.id = i.agent_id WHERE {day} GROUP BY team ORDER BY team DESC""")[:6]
    left = np.zeros(len(teams))
    for label, part, colour in zip(("talking", "on hold", "wrapping", "ready", "not ready"), parts, (GREEN, DARK, BLUE, PALE, AMBER)):
        time.barh(teams, part, 0.7, left, color=colour, label=label)
        left += np.array(part, dtype=float)
    time.set_title("Hours of agents by team")
    time.legend(frameon=False, ncols=5, loc="upper center", bbox_to_anchor=(0.5, -0.08))

    labels, counts = columns("""
        SELECT replace(code, '_', ' '), count(*) FROM wraps w JOIN calls c ON c.id = w.call_id
        WHERE c.started_at >= $start AND c.started_at < $end GROUP BY 1 ORDER BY 2""")[:2]
    bars = codes.barh(labels, counts, 0.7, color=BLUE)
    codes.bar_label(bars, padding=3)
    codes.set_title("What calls came to")
    figure.suptitle(f"Contact centre, {day_name}", fontweight="bold", fontsize=13, x=0.01, ha="left")
    figure.savefig(path, dpi=110)
