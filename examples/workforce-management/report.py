"""The report: figures recomputed from calls beside those of the contact centre, and adherence to the schedule."""

import json

import matplotlib.pyplot as plt
import polars as pl

answered, lost, wait, handled = pl.col("fate") == "answered", pl.col("fate") == "abandoned", pl.col("wait"), pl.col("handled")
short, in_target = lost & (wait < pl.col("short_abandon_ms")), answered & (wait <= pl.col("service_level_target_ms"))
# What is added up, of the legs of each queue and quarter of an hour.
SUMS = {"offered_count": pl.col("fate").count(), "answered_count": answered.sum(), "answered_in_target_count": in_target.sum(),
        "abandoned_count": lost.sum(), "short_abandoned_count": short.sum(), "handled_count": handled.sum(),
        "average_speed_of_answer_sum_ms": wait.filter(answered).sum(), "average_time_to_abandon_sum_ms": wait.filter(lost & ~short).sum(),
        "call_time_sum_ms": pl.col("call").filter(handled).sum(), "wrap_time_sum_ms": pl.col("wrap").filter(handled).sum()}
COLOURS = {"talking": "#2f7d5b", "ready": "#b7e0c8", "offered": "#7cc39b", "wrapping": "#5b9fd0", "not_ready": "#f2b950"}
DARK = "#1c2b4a"


def instant(of: pl.Expr) -> pl.Expr:
    return of.cast(pl.String).str.to_datetime(time_unit="ms", time_zone="UTC")


def entry(call: dict, calls: dict[str, dict]) -> tuple[dict | None, str | None]:
    """The queue in which a leg counts, and when its caller entered it: one that was transferred belongs where the leg before it does."""
    queue, entered = call["queue"], call["instants"]["enqueued_at"]
    before = calls.get(call["parent_id"]) if call["relation"] == "transfer" and not entered else None
    return entry(before, calls) if before and queue in (None, before["queue"]) else (queue, entered)


def recomputed(calls: list[dict], settings: pl.DataFrame) -> pl.DataFrame:
    """The figures of each queue and quarter of an hour, of nothing but calls."""
    by_id, legs = {call["id"]: call for call in calls}, []
    for call in calls:
        (queue, entered), at, took = entry(call, by_id), call["instants"], call["durations"]
        handled = call["relation"] != "consult" and at["wrap_ended_at"] is not None and took["handle_ms"] is not None
        fate = at["enqueued_at"] and ("answered" if at["answered_at"] else call["outcome"] or "waiting")
        talk = (took["talk_ms"] or 0) + (took["hold_ms"] or 0)
        legs.append((queue and queue["id"], entered or at["started_at"], fate, took["wait_ms"], handled, talk, took["wrap_ms"]))
    legs = pl.DataFrame(legs, ["queue", "entered", "fate", "wait", "handled", "call", "wrap"], orient="row", infer_schema_length=None)
    legs = legs.drop_nulls("queue").with_columns(entered=instant(pl.col("entered"))).sort("entered")
    # The settings of the queue that held when the caller entered.
    legs = legs.join_asof(settings.sort("since"), left_on="entered", right_on="since", by="queue", check_sortedness=False)
    return legs.group_by("queue", start=pl.col("entered").dt.truncate("15m")).agg(**SUMS)


def planned(path, midnight, agents: list[dict]) -> pl.DataFrame:
    """The plan of a day, of those agents whom it names by their extensions."""
    named = pl.DataFrame([(agent["extension"], agent["id"], agent["display_name"]) for agent in agents], ["extension", "agent", "name"], orient="row")
    plan = pl.read_csv(path, schema_overrides={"extension": pl.String}).join(named, on="extension")
    instants = pl.col("from", "to").str.replace("^", f"{midnight:%Y-%m-%d} ").str.to_datetime("%F %R", time_unit="ms", time_zone=str(midnight.tzinfo))
    return plan.with_columns(instants.dt.convert_time_zone("UTC"))


def adherence(plan: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """How much of the time that was planned so far each agent spent as planned."""
    overlap = (pl.min_horizontal("to", "ended") - pl.max_horizontal("from", "began")).dt.total_milliseconds().clip(lower_bound=0)
    state, work = pl.col("state"), pl.col("planned") == "work"
    met = pl.when(work).then(~state.is_in(["not_ready", "offline"])).otherwise(state == "not_ready")
    sums = plan.join(spans, on="agent").group_by("agent", "extension", "name").agg(
        planned=overlap.sum(), met=overlap.filter(met).sum(), there=overlap.filter(state != "offline").sum()).filter(pl.col("planned") > 0)
    said = pl.when(pl.col("there") > 0).then(pl.format("{} %", (100 * pl.col("met") / pl.col("planned")).round(1))).otherwise(pl.lit("absent"))
    return sums.with_columns(said=said).sort("extension")


def write(store, out, plan: pl.DataFrame, start: str, end: str, seq: int) -> int:
    rows = [json.loads(body) for body, in store.rows("SELECT body FROM intervals WHERE start >= ? AND start < ?", start, end)]
    told = pl.DataFrame([{"queue": row["queue"]["id"]} | {name: row[name] for name in ["start", *SUMS]} for row in rows])
    settings = pl.DataFrame([{"queue": row["queue"]["id"]} | one for row in rows for one in row["settings"]]).unique()
    settings = settings.with_columns(since=instant(pl.col("since")))
    ours = recomputed([json.loads(body) for body, in store.rows("SELECT body FROM calls")], settings)
    both = told.with_columns(start=instant(pl.col("start"))).join(ours, on=["queue", "start"], how="left", suffix="_of_calls").fill_null(0)
    wrong = both.filter(pl.any_horizontal(pl.col(name) != pl.col(f"{name}_of_calls") for name in SUMS))
    quarters = both.group_by("start").agg(pl.col(f"{name}_of_calls").sum().alias(name) for name in SUMS).sort("start")
    total = {name: quarters[name].sum() for name in SUMS}

    spans = store.rows("SELECT agent, began, lead(began, 1, ?) OVER (PARTITION BY agent ORDER BY began), state FROM spans WHERE began < ?", end, end)
    spans = pl.DataFrame(spans, ["agent", "began", "ended", "state"], orient="row").with_columns(instant(pl.col("began", "ended")))
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
    plt.rcParams |= {"font.size": 9, "axes.spines.top": False, "axes.titlelocation": "left", "date.converter": "concise", "timezone": "Australia/Sydney"}
    figure, (above, below) = plt.subplots(2, figsize=(11, 7.5), height_ratios=[3, 4], layout="constrained", sharex=True)
    answered, in_time, lost, short = (quarters[f"{name}_count"] for name in ("answered", "answered_in_target", "abandoned", "short_abandoned"))
    above.stackplot(quarters["start"], in_time, answered - in_time, lost, step="post", colors=["#2f7d5b", "#a9d3bd", "#d9675f"],
                    labels=["answered in time", "later", "abandoned"])
    level = above.twinx()
    level.plot(quarters["start"], 100 * in_time / (answered + lost - short), color=DARK, marker=".", label="service level, %")
    level.set(ylim=(0, 105), title="Calls and service level by quarter of an hour")
    did, meant = (some.join(agents.with_row_index("place"), on="agent") for some in (spans, plan))
    for state, colour in COLOURS.items():
        some = did.filter(pl.col("state").replace(["held", "consulting", "dialing"], "talking") == state)
        below.barh(some["place"], some["ended"] - some["began"], 0.6, some["began"], color=colour, label=state.replace("_", " "))
    work = [DARK if planned == "work" else COLOURS["not_ready"] for planned in meant["planned"]]
    below.barh(meant["place"] + 0.4, meant["to"] - meant["from"], 0.12, meant["from"], color=work)
    below.set_yticks(range(len(agents)), [f"{row['name']}  {row['said']}" for row in agents.iter_rows(named=True)])
    below.set(xlim=(plan["from"].min(), plan["to"].max()), ylim=(len(agents), -0.6), title="What agents did; the line below is what was planned")
    figure.legend(loc="outside lower center", ncols=9, frameon=False)
    figure.savefig(path, dpi=110)
