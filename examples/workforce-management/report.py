"""The report: figures recomputed from calls beside those of the contact centre, and adherence to the schedule."""

import json
from datetime import UTC, datetime

import matplotlib.dates as dates
import matplotlib.pyplot as plt
import polars as pl

SUMS = ["offered_count", "answered_count", "abandoned_count", "short_abandoned_count", "answered_in_target_count", "handled_count",
        "average_speed_of_answer_sum_ms", "average_time_to_abandon_sum_ms", "call_time_sum_ms", "wrap_time_sum_ms"]
COLOURS = {"ready": "#b7e0c8", "offered": "#7cc39b", "wrapping": "#5b9fd0", "not_ready": "#f2b950", "offline": "none"}
BUSY, DARK = "#2f7d5b", "#1c2b4a"


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(of: pl.Expr) -> pl.Expr:
    return of.cast(pl.String).str.to_datetime(time_unit="ms", time_zone="UTC")


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
    legs = pl.DataFrame(legs, ["queue", "entered", "fate", "wait", "handled", "call", "wrap"], orient="row", infer_schema_length=None)
    return (
        legs.drop_nulls("queue").with_columns(entered=instant(pl.col("entered"))).sort("entered")
        # The settings of the queue that held when the caller entered.
        .join_asof(settings.sort("since"), left_on="entered", right_on="since", by="queue", check_sortedness=False)
        .group_by("queue", start=pl.col("entered").dt.truncate("15m"))
        .agg(offered_count=pl.col("fate").count(), answered_count=answered.sum(), abandoned_count=lost.sum(), short_abandoned_count=short.sum(),
             answered_in_target_count=(answered & (wait <= pl.col("service_level_target_ms"))).sum(), handled_count=handled.sum(),
             average_speed_of_answer_sum_ms=wait.filter(answered).sum(), average_time_to_abandon_sum_ms=wait.filter(lost & ~short).sum(),
             call_time_sum_ms=pl.col("call").filter(handled).sum(), wrap_time_sum_ms=pl.col("wrap").filter(handled).sum())
    )


def planned(path, midnight: datetime) -> pl.DataFrame:
    at = lambda name: pl.lit(midnight.date()).dt.combine(pl.col(name).str.to_time("%H:%M")).dt.replace_time_zone(str(midnight.tzinfo))
    return pl.read_csv(path, schema_overrides={"extension": pl.String}).with_columns(at("from").alias("from"), at("to").alias("to"))


def adherence(plan: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """How much of the time that was planned so far each agent spent as planned."""
    overlap = (pl.min_horizontal("to", "ended") - pl.max_horizontal("from", "began")).dt.total_milliseconds().clip(lower_bound=0)
    state, work = pl.col("state"), pl.col("planned") == "work"
    met = pl.when(work).then(~state.is_in(["not_ready", "offline"])).otherwise(state == "not_ready")
    of_agent = plan.with_columns(pl.col("from", "to").dt.convert_time_zone("UTC").dt.cast_time_unit("ms")).join(spans, on="extension").group_by("extension", "name")
    sums = of_agent.agg(planned=overlap.sum(), met=overlap.filter(met).sum(), there=overlap.filter(state != "offline").sum()).filter(pl.col("planned") > 0)
    said = pl.when(pl.col("there") > 0).then(pl.format("{} %", (100 * pl.col("met") / pl.col("planned")).round(1))).otherwise(pl.lit("absent"))
    return sums.with_columns(said=said).sort("extension")


def write(store, out, plan: pl.DataFrame, start: str, end: str, seq: int) -> int:
    rows = [json.loads(body) for body, in store.rows("SELECT body FROM intervals WHERE start >= ? AND start < ?", start, end)]
    told = pl.DataFrame([{"queue": row["queue"]["id"], **{name: row[name] for name in ["start", *SUMS]}} for row in rows]).with_columns(start=instant(pl.col("start")))
    settings = pl.DataFrame([{"queue": row["queue"]["id"], **one} for row in rows for one in row["settings"]]).unique().with_columns(since=instant(pl.col("since")))
    ours = recomputed([json.loads(body) for body, in store.rows("SELECT body FROM calls")], settings)
    both = told.join(ours, on=["queue", "start"], how="left", suffix="_of_calls").fill_null(0)
    wrong = both.filter(pl.any_horizontal(pl.col(name) != pl.col(f"{name}_of_calls") for name in SUMS))
    quarters = both.group_by("start").agg(pl.col(f"{name}_of_calls").sum().alias(name) for name in SUMS).sort("start")
    total = {name: quarters[name].sum() for name in SUMS}

    spans = pl.DataFrame(store.rows("SELECT extension, name, began, state FROM spans JOIN agents ON agent = id WHERE began < ? ORDER BY began", end),
                         ["extension", "name", "began", "state"], orient="row").with_columns(began=instant(pl.col("began")))
    spans = spans.with_columns(ended=pl.col("began").shift(-1).over("extension").fill_null(instant(pl.lit(end)))).filter(pl.col("ended") > instant(pl.lit(start)))
    agents = adherence(plan, spans)
    picture(out / "picture.png", quarters, plan, spans, agents)

    patient = total["abandoned_count"] - total["short_abandoned_count"]
    # The events of an agent are counted without a gap.
    pushed, twice, lost = store.rows("""SELECT total(n), total(twice), total(last - first + 1 - n) FROM (SELECT count(*) n, max(subject_seq) last,
        min(subject_seq) first, sum(stream > 0 AND webhook > 0) twice FROM events GROUP BY agent)""")[0]
    proof = f"{len(rows)} intervals at seq {seq}: {len(rows) - len(wrong)} equal to metrics, {len(wrong)} not"
    pushes = f"{pushed:.0f} agent events, {twice:.0f} of them by stream and webhook, {lost:.0f} lost"
    mean = lambda sum_of, count: f"{total[sum_of] / count / 1000:.1f} s of {count:,}" if count else "of none"
    lines = [f"# {start} to {end}", "![Service level, and what agents did](picture.png)", "| all queues | recomputed from calls |\n|---|---|",
             f"| Service level | {total['answered_in_target_count'] / max(total['answered_count'] + patient, 1):.1%} |",
             f"| Average speed of answer | {mean('average_speed_of_answer_sum_ms', total['answered_count'])} |",
             f"| Time to abandon | {mean('average_time_to_abandon_sum_ms', patient)} |",
             f"| Call time | {mean('call_time_sum_ms', total['handled_count'])} |", f"| Wrap time | {mean('wrap_time_sum_ms', total['handled_count'])} |",
             f"\n{proof}. {pushes}.\n", "| agent | hours planned | adherence |\n|---|---|---|"]
    lines += [f"| {row['name']} ({row['extension']}) | {row['planned'] / 3_600_000:.1f} | {row['said']} |" for row in agents.iter_rows(named=True)]
    (out / "report.md").write_text("\n".join(lines).replace(")\n|", ")\n\n|", 1) + "\n")
    print(*wrong.rows(named=True), proof, pushes, f"adherence of {len(agents)} agents: {out / 'report.md'}", sep="\n", flush=True)
    return 1 if len(wrong) or lost else 0


def picture(path, quarters: pl.DataFrame, plan: pl.DataFrame, spans: pl.DataFrame, agents: pl.DataFrame) -> None:
    plt.rcParams |= {"font.size": 9, "axes.spines.top": False, "axes.titleweight": "bold", "axes.titlelocation": "left", "timezone": "Australia/Sydney"}
    figure, (above, below) = plt.subplots(2, figsize=(11, 7.5), height_ratios=[3, 4], layout="constrained", sharex=True)
    answered, in_time, lost, short = (quarters[f"{name}_count"] for name in ("answered", "answered_in_target", "abandoned", "short_abandoned"))
    above.stackplot(quarters["start"], in_time, answered - in_time, lost, step="post", colors=[BUSY, "#a9d3bd", "#d9675f"],
                    labels=["answered in time", "later", "abandoned"])
    level = above.twinx()
    level.plot(quarters["start"], 100 * in_time / (answered + lost - short), color=DARK, linewidth=1.2, marker=".", label="service level, %")
    level.set(ylim=(0, 105), title="Calls and service level by quarter of an hour")
    for label, colour in ("talking", BUSY), *list(COLOURS.items())[:4]:
        below.barh(0, 0, color=colour, label=label.replace("_", " "))
    for place, agent in enumerate(agents["extension"]):
        for (state,), some in spans.filter(pl.col("extension") == agent).group_by("state"):
            below.broken_barh(list(zip(some["began"], some["ended"] - some["began"])), (place - 0.3, 0.6), color=COLOURS.get(state, BUSY), linewidth=0)
        for part in plan.filter(pl.col("extension") == agent).iter_rows(named=True):
            below.barh(place + 0.4, part["to"] - part["from"], 0.12, part["from"], color=DARK if part["planned"] == "work" else COLOURS["not_ready"])
    below.set_yticks(range(len(agents)), [f"{row['name']}  {row['said']}" for row in agents.iter_rows(named=True)])
    below.set(xlim=(plan["from"].min(), plan["to"].max()), ylim=(len(agents), -0.6), title="What agents did; the line below is what was planned")
    below.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    figure.legend(loc="outside lower center", ncols=9, frameon=False)
    figure.savefig(path, dpi=110)
