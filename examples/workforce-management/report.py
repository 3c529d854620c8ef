"""The report: figures recomputed from calls beside those of the contact centre, and adherence to the schedule."""

import json
from datetime import UTC, datetime

import matplotlib.dates as dates
import matplotlib.pyplot as plt
import polars as pl

SUMS = ["offered_count", "answered_count", "abandoned_count", "short_abandoned_count", "answered_in_target_count", "handled_count",
        "average_speed_of_answer_sum_ms", "average_time_to_abandon_sum_ms", "call_time_sum_ms", "wrap_time_sum_ms"]
COLOURS = {"ready": "#b7e0c8", "talking": "#2f7d5b", "held": "#2f7d5b", "dialing": "#2f7d5b", "consulting": "#2f7d5b",
           "offered": "#7cc39b", "wrapping": "#5b9fd0", "not_ready": "#f2b950"}
INSTANT = pl.Datetime("ms", "UTC")


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def visit(call: dict, calls: dict[str, dict]) -> tuple[dict | None, str]:
    """The queue in which a leg counts, and when its caller entered: one that was transferred belongs where the leg before it does."""
    leg, queue = call, call["queue"]
    while not leg["instants"]["enqueued_at"]:
        parent = calls.get(leg["parent_id"]) if leg["relation"] == "transfer" else None
        if not parent or (queue and parent["queue"] != queue):
            return queue, call["instants"]["started_at"]
        leg, queue = parent, queue or parent["queue"]
    return queue, leg["instants"]["enqueued_at"]


def recomputed(calls: list[dict], settings: pl.DataFrame) -> pl.DataFrame:
    """The figures of each queue and quarter of an hour, of nothing but calls."""
    by_id, legs = {call["id"]: call for call in calls}, []
    for call in calls:
        (queue, entered), at, took = visit(call, by_id), call["instants"], call["durations"]
        handled = call["relation"] != "consult" and at["wrap_ended_at"] is not None and took["handle_ms"] is not None
        fate = at["enqueued_at"] and ("answered" if at["answered_at"] else call["outcome"] or "waiting")
        legs.append((queue and queue["id"], entered, fate, took["wait_ms"], handled, (took["talk_ms"] or 0) + (took["hold_ms"] or 0), took["wrap_ms"]))
    answered, lost, wait = pl.col("fate") == "answered", pl.col("fate") == "abandoned", pl.col("wait")
    short, handled = lost & (wait < pl.col("short_abandon_ms")), pl.col("handled")
    return (
        pl.DataFrame(legs, ["queue", "entered", "fate", "wait", "handled", "call", "wrap"], orient="row", infer_schema_length=None)
        .drop_nulls("queue").with_columns(pl.col("entered").cast(pl.String).str.to_datetime(time_unit="ms", time_zone="UTC")).sort("entered")
        # The settings of the queue that held when the caller entered.
        .join_asof(settings.sort("since"), left_on="entered", right_on="since", by="queue", check_sortedness=False)
        .group_by("queue", start=pl.col("entered").dt.truncate("15m"))
        .agg(offered_count=pl.col("fate").count(), answered_count=answered.sum(), abandoned_count=lost.sum(), short_abandoned_count=short.sum(),
             answered_in_target_count=(answered & (wait <= pl.col("service_level_target_ms"))).sum(), handled_count=handled.sum(),
             average_speed_of_answer_sum_ms=wait.filter(answered).sum(), average_time_to_abandon_sum_ms=wait.filter(lost & ~short).sum(),
             call_time_sum_ms=pl.col("call").filter(handled).sum(), wrap_time_sum_ms=pl.col("wrap").filter(handled).sum())
    )


def schedule(path, midnight: datetime) -> pl.DataFrame:
    """What each agent is to do when, on the day that begins at midnight."""
    at = lambda name: pl.lit(midnight.date()).dt.combine(pl.col(name).str.to_time("%H:%M")).dt.replace_time_zone(str(midnight.tzinfo)).cast(INSTANT)
    plan = pl.read_csv(path, schema_overrides={"extension": pl.String})
    return plan.with_columns(at("from").alias("from"), at("to").alias("to"))


def adherence(plan: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """How much of the time that was planned so far each agent spent as planned."""
    overlap = (pl.min_horizontal("to", "ended") - pl.max_horizontal("from", "began")).dt.total_milliseconds().clip(lower_bound=0)
    rest, away = pl.col("planned") != "work", pl.col("state").is_in(["not_ready", "offline"])
    met = pl.when(rest).then(pl.col("state") == "not_ready").otherwise(~away)
    return (plan.join(spans, on="extension").group_by("extension")
            .agg(name=pl.col("name").first(), planned=overlap.sum(), met=overlap.filter(met).sum(), there=overlap.filter(pl.col("state") != "offline").sum())
            .filter(pl.col("planned") > 0).with_columns(ratio=pl.col("met") / pl.col("planned")).sort("extension"))


def write(store, out, plan: pl.DataFrame, start: str, end: str, seq: int) -> int:
    rows = [json.loads(body) for body, in store.rows("SELECT body FROM intervals WHERE start >= ? AND start < ? ORDER BY start, queue", start, end)]
    told = pl.DataFrame([(row["queue"]["id"], row["start"], *(row[name] for name in SUMS)) for row in rows], ["queue", "start", *SUMS], orient="row")
    told = told.with_columns(pl.col("start").str.to_datetime(time_unit="ms", time_zone="UTC"))
    settings = pl.DataFrame([{"queue": row["queue"]["id"], **one} for row in rows for one in row["settings"]]).unique()
    settings = settings.with_columns(pl.col("since").str.to_datetime(time_unit="ms", time_zone="UTC"))
    ours = recomputed([json.loads(body) for body, in store.rows("SELECT body FROM calls")], settings)
    both = told.join(ours, on=["queue", "start"], how="left", suffix=" of calls").fill_null(0)
    wrong = both.filter(pl.any_horizontal(pl.col(name) != pl.col(f"{name} of calls") for name in SUMS))
    with pl.Config(tbl_cols=-1):
        print(wrong) if len(wrong) else None
    quarters = both.group_by("start").agg(pl.col(f"{name} of calls").sum().alias(name) for name in SUMS).sort("start")
    total = quarters.sum()

    spans = pl.DataFrame(store.rows("SELECT extension, name, began, state FROM spans JOIN agents ON agent = id ORDER BY began"),
                         ["extension", "name", "began", "state"], orient="row")
    instant = lambda text: pl.lit(text).str.to_datetime(time_unit="ms", time_zone="UTC")
    spans = spans.with_columns(pl.col("began").str.to_datetime(time_unit="ms", time_zone="UTC"))
    spans = spans.with_columns(ended=pl.col("began").shift(-1).over("extension").fill_null(instant(end))).with_columns(pl.min_horizontal("ended", instant(end)))
    kept = adherence(plan, spans)
    picture(out / "picture.png", quarters, plan, spans, kept)

    def mean(sum_of: str, *counts: str) -> str:
        count = total[counts[0]][0] - sum(total[name][0] for name in counts[1:])
        return f"{total[sum_of][0] / count / 1000:.1f} s of {count:,}" if count else "of none"

    tried = total["answered_count"][0] + total["abandoned_count"][0] - total["short_abandoned_count"][0]
    pushed, by_both, lost = store.rows("""
        SELECT coalesce(sum(n), 0), coalesce(sum(both), 0), coalesce(sum(last - first + 1 - n), 0) FROM (SELECT count(*) n,
        sum(stream > 0 AND webhook > 0) both, max(subject_seq) last, min(subject_seq) first FROM events GROUP BY agent)""")[0]
    proof = f"{len(rows)} intervals at seq {seq}: {len(rows) - len(wrong)} equal to metrics, {len(wrong)} not"
    pushes = f"{pushed} agent events, {by_both} of them by stream and webhook, {lost} lost"
    lines = [f"# {start} to {end}", "", "![Service level by quarter of an hour, and what agents did](picture.png)", "",
             "| all queues | recomputed from calls |", "|---|---|",
             f"| Service level | {total['answered_in_target_count'][0] / max(tried, 1):.1%} of {tried:,} |",
             f"| Average speed of answer | {mean('average_speed_of_answer_sum_ms', 'answered_count')} |",
             f"| Time to abandon | {mean('average_time_to_abandon_sum_ms', 'abandoned_count', 'short_abandoned_count')} |",
             f"| Call time | {mean('call_time_sum_ms', 'handled_count')} |", f"| Wrap time | {mean('wrap_time_sum_ms', 'handled_count')} |",
             "", f"{proof}. {pushes}.", "", "| agent | planned | adherence |", "|---|---|---|"]
    lines += [f"| {row['name']} ({row['extension']}) | {row['planned'] / 3_600_000:.1f} h | {format(row['ratio'], '.1%') if row['there'] else 'absent'} |" for row in kept.iter_rows(named=True)]
    (out / "report.md").write_text("\n".join(lines) + "\n")
    print(proof, pushes, f"adherence of {len(kept)} agents", out / "report.md", sep="\n", flush=True)
    return 1 if len(wrong) or lost else 0


def picture(path, quarters: pl.DataFrame, plan: pl.DataFrame, spans: pl.DataFrame, kept: pl.DataFrame) -> None:
    plt.rcParams |= {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titleweight": "bold", "axes.titlelocation": "left",
                     "timezone": "Australia/Sydney"}
    figure, (above, below) = plt.subplots(2, figsize=(11, 7.5), height_ratios=[3, 4], layout="constrained", sharex=True)
    answered, in_target = quarters["answered_count"], quarters["answered_in_target_count"]
    bottom = pl.zeros(len(quarters), eager=True)
    for label, part, colour in (("answered in time", in_target, "#2f7d5b"), ("answered later", answered - in_target, "#a9d3bd"), ("abandoned", quarters["abandoned_count"], "#d9675f")):
        above.bar(quarters["start"], part, 0.0094, bottom, align="edge", color=colour, label=label)
        bottom += part
    tried = quarters.filter(pl.col("answered_count") + pl.col("abandoned_count") > pl.col("short_abandoned_count"))
    level = above.twinx()
    level.plot(tried["start"], 100 * tried["answered_in_target_count"] / (tried["answered_count"] + tried["abandoned_count"] - tried["short_abandoned_count"]),
               color="#1c2b4a", linewidth=1.3, marker=".", label="service level, %")
    level.set_ylim(0, 105)
    above.set_title("Calls and service level by quarter of an hour")
    figure.legend(loc="outside upper right", ncols=4, frameon=False)
    for place, agent in enumerate(kept.iter_rows(named=True)):
        for span in spans.filter((pl.col("extension") == agent["extension"]) & pl.col("state").is_in(list(COLOURS))).iter_rows(named=True):
            below.barh(place, span["ended"] - span["began"], 0.55, span["began"], color=COLOURS[span["state"]])
        for part in plan.filter(pl.col("extension") == agent["extension"]).iter_rows(named=True):
            below.barh(place + 0.38, part["to"] - part["from"], 0.12, part["from"], color="#1c2b4a" if part["planned"] == "work" else "#f2b950")
    below.set_yticks(range(len(kept)), [f"{row['name']}  {row['ratio']:.0%}" if row["there"] else f"{row['name']}  absent" for row in kept.iter_rows(named=True)])
    below.invert_yaxis()
    below.set_title("What agents did, and below each what was planned")
    below.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    figure.savefig(path, dpi=110)
