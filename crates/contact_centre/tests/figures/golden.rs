//! The golden example of the design, section 2.5: seven legs whose figures are known.

use std::collections::BTreeMap;

use contact_centre::{
    event::{Body, Ending, TransferTarget},
    id::CallId,
    metrics::{
        Basis, QueueRow, ServiceLevel, ShortAbandons, Summary, Terms, agent_rows, agent_times, intervals, queue_rows,
        span, summary,
    },
    objects::{
        Activity, Agent, AgentStatus, Call, DisconnectedBy, FlowedOutTo, OfferResult, Outcome, RoutingState, Stay,
    },
    reports::{abandon_profile, wrap_codes},
};
use model::{Instant, IntervalLength, PeriodBounds, TimeZone};
use serde_json::json;

use crate::script::{ANNA, BEN, CARA, Script, at, call_id, completed, inbound, sales, seen, transferred};

/// `09:00:10` of the day.
fn clock(time: &str) -> Instant {
    at(&format!("2026-03-02T{time}Z"))
}

fn script() -> Script {
    let mut script = Script::default();
    let queued = |script: &mut Script, n: u128, time: &str| {
        let id = call_id(n);
        let bodies = [Body::Started(Box::new(inbound(id))), Body::Queued(crate::script::SALES)];
        script.tell(id, clock(time), bodies);
        id
    };
    let closed = [Body::Wrapped, Body::Closed];

    let c1 = queued(&mut script, 1, "09:00:10");
    script
        .tell(c1, clock("09:00:12"), [Body::Offered(ANNA)])
        .tell(c1, clock("09:00:18"), [Body::Answered { recorded: false }])
        .tell(c1, clock("09:02:00"), [Body::Held])
        .tell(c1, clock("09:02:30"), [Body::Resumed])
        .tell(c1, clock("09:04:18"), [completed()])
        .tell(c1, clock("09:04:58"), closed.clone());

    let c2 = queued(&mut script, 2, "09:05:00");
    script.tell(c2, clock("09:05:03"), [Body::Abandoned, Body::Closed]);
    let c3 = queued(&mut script, 3, "09:06:00");
    script.tell(c3, clock("09:06:45"), [Body::Abandoned, Body::Closed]);

    let c4 = queued(&mut script, 4, "09:14:50");
    script
        .tell(c4, clock("09:14:55"), [Body::Offered(ANNA)])
        .tell(c4, clock("09:15:15"), [Body::OfferEnded(OfferResult::NoAnswer), Body::Offered(BEN)])
        .tell(c4, clock("09:15:30"), [Body::Answered { recorded: false }])
        .tell(c4, clock("09:29:00"), [completed()])
        .tell(c4, clock("09:30:20"), closed.clone());

    let c5 = queued(&mut script, 5, "09:16:00");
    script.tell(c5, clock("09:18:00"), [Body::FlowedOut(FlowedOutTo::Voicemail), Body::Closed]);

    let c6 = queued(&mut script, 6, "09:20:00");
    let c6b = call_id(7);
    let ended = Ending { outcome: Outcome::Transferred, by: DisconnectedBy::Agent, cause: 16 };
    script
        .tell(c6, clock("09:20:05"), [Body::Offered(ANNA)])
        .tell(c6, clock("09:20:15"), [Body::Answered { recorded: false }])
        .tell(
            c6,
            clock("09:21:15"),
            [Body::Transferred { to: TransferTarget::Agent(CARA), child_id: c6b }, Body::Ended(ended)],
        )
        .tell(c6b, clock("09:21:15"), [Body::Started(Box::new(transferred(c6, CARA))), Body::Offered(CARA)])
        .tell(c6b, clock("09:21:20"), [Body::Answered { recorded: false }])
        .tell(c6, clock("09:21:45"), closed.clone())
        .tell(c6b, clock("09:26:20"), [completed()])
        .tell(c6b, clock("09:27:20"), closed);
    script
}

fn legs() -> BTreeMap<CallId, Call> {
    script().legs_at(clock("10:00:00"))
}

fn quarters() -> Vec<PeriodBounds> {
    intervals(&TimeZone::UTC, IntervalLength::Quarter, clock("09:00:00"), clock("09:45:00")).collect()
}

fn by(basis: Basis) -> Terms {
    Terms { basis, ..Terms::default() }
}

/// A whole hour as one row.
fn with_total<T>(terms: &Terms, check: impl FnOnce(&Summary<'_>) -> T) -> T {
    let (queue, calls) = (sales(), legs());
    let hour = span(clock("09:00:00"), clock("10:00:00"));
    check(&summary([&queue], &seen(&calls), hour, terms, clock("10:00:00")))
}

#[test]
fn totals_are_the_same_by_both_bases() {
    for basis in [Basis::Event, Basis::Offered] {
        with_total(&by(basis), |summary| {
            let of = &summary.total.figures;
            assert_eq!((of.offered, of.answered, of.abandoned, of.short_abandoned, of.flowed_out), (6, 3, 2, 1, 1));
            assert_eq!((of.handled, of.handle_ms), (4, 1_620_000));
            assert_eq!(summary.total.average_handle_time().ms(), Some(405_000));
            assert_eq!(summary.total.average_speed_of_answer().ms(), Some(21_000));
            assert_eq!(summary.total.average_time_to_abandon().ms(), Some(45_000));
            assert_eq!(summary.total.abandon_ratio(), Some(0.25));
            assert_eq!(of.offers_not_answered, 1);
            assert_eq!(summary.queues[0].figures, summary.total.figures);
        });
    }
    let include = Terms { short_abandons: ShortAbandons::Include, ..Terms::default() };
    with_total(&include, |summary| assert_eq!(summary.total.average_time_to_abandon().ms(), Some(24_000)));
}

#[test]
fn all_five_service_levels_are_told_by_name() {
    with_total(&Terms::default(), |summary| {
        assert_eq!(
            ServiceLevel::of(&summary.total.figures),
            ServiceLevel {
                answered_and_abandoned: Some(2.0 / 4.0),
                all_resolved: Some(2.0 / 6.0),
                ignore_abandoned_within: Some(2.0 / 5.0),
                abandoned_within_met: Some(3.0 / 6.0),
                answered_only: Some(2.0 / 3.0),
            }
        );
    });
}

/// O, A, B, F, waiting at the end, handled and what it took.
fn told(row: &QueueRow<'_>) -> [i64; 7] {
    let of = &row.figures;
    let counts = [of.offered, of.answered, of.abandoned, of.flowed_out, row.waiting_end, of.handled];
    let [o, a, b, f, w, handled] = counts.map(|count| i64::try_from(count).unwrap());
    [o, a, b, f, w, handled, of.handle_ms / 1_000]
}

#[test]
fn rows_are_those_of_the_table() {
    let (queue, calls) = (sales(), legs());
    let rows = |terms: &Terms| {
        queue_rows(&queue, seen(&calls), &quarters(), terms, clock("10:00:00")).iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(rows(&by(Basis::Event)), [[4, 1, 2, 0, 1, 1, 280], [2, 2, 0, 1, 0, 2, 450], [0, 0, 0, 0, 0, 1, 890]]);
    // The child leg is handled where the caller came in.
    assert_eq!(rows(&by(Basis::Offered)), [[4, 2, 2, 0, 1, 2, 1_170], [2, 1, 0, 1, 0, 2, 450], [0, 0, 0, 0, 0, 0, 0]]);
}

#[test]
fn a_row_is_final_when_nothing_that_counts_in_it_is_open() {
    let queue = sales();
    let finality = |time: &str| {
        let calls = script().legs_at(clock(time));
        let terms = Terms::default();
        queue_rows(&queue, seen(&calls), &quarters(), &terms, clock(time))
            .iter()
            .map(|row| (row.finality.is_final, row.finality.open_calls))
            .collect::<Vec<_>>()
    };
    // c4 came in the first and was answered in the second; it is wrapped in the third.
    assert_eq!(finality("09:30:00"), [(false, 1), (false, 1), (false, 0)]);
    assert_eq!(finality("09:30:20"), [(true, 0), (true, 0), (false, 0)]);
    assert_eq!(finality("09:45:00"), [(true, 0), (true, 0), (true, 0)]);
}

#[test]
fn a_row_is_published_with_its_names() {
    let (queue, calls) = (sales(), legs());
    let terms = Terms { timezone: "Australia/Adelaide".parse().unwrap(), ..Terms::default() };
    let rows = queue_rows(&queue, seen(&calls), &quarters(), &terms, clock("10:00:00"));
    let row = serde_json::to_value(&rows[0]).unwrap();
    let expected = json!({
        "queue": { "id": queue.id, "name": "Sales" },
        "start": "2026-03-02T09:00:00.000Z",
        "end": "2026-03-02T09:15:00.000Z",
        "local_start": "2026-03-02T19:30:00.000+10:30",
        "basis": "event",
        "offered_count": 4,
        "answered_count": 1,
        "abandoned_count": 2,
        "short_abandoned_count": 1,
        "flowed_out_count": 0,
        "waiting_start_count": 0,
        "waiting_end_count": 1,
        "handled_count": 1,
        "offers_not_answered_count": 0,
        "answered_in_target_count": 1,
        "abandoned_in_target_count": 1,
        "callback_in_target_count": 0,
        "flowed_out_to": { "voicemail": 0, "callback": 0, "overflow": 0, "closed": 0, "external": 0 },
        "average_speed_of_answer_ms": 8_000,
        "average_speed_of_answer_count": 1,
        "average_speed_of_answer_sum_ms": 8_000,
        "short_abandons": "exclude",
        "average_time_to_abandon_ms": 45_000,
        "average_time_to_abandon_count": 1,
        "average_time_to_abandon_sum_ms": 45_000,
        "abandon_ratio": 0.5,
        "abandon_of_offered_ratio": 0.5,
        "service_level": {
            "answered_and_abandoned": 0.5,
            "all_resolved": 1.0 / 3.0,
            "ignore_abandoned_within": 0.5,
            "abandoned_within_met": 2.0 / 3.0,
            "answered_only": 1.0,
        },
        "call_time_ms": 240_000,
        "call_time_count": 1,
        "call_time_sum_ms": 240_000,
        "wrap_time_ms": 40_000,
        "wrap_time_count": 1,
        "wrap_time_sum_ms": 40_000,
        "average_handle_time_ms": 280_000,
        "average_handle_time_count": 1,
        "average_handle_time_sum_ms": 280_000,
        "talk_sum_ms": 210_000,
        "hold_sum_ms": 30_000,
        "dial_sum_ms": 0,
        "answered_within": within([1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        "abandoned_within": within([1, 1, 1, 1, 2, 2, 2, 2, 2, 2]),
        "settings": [{ "since": "2026-01-01T00:00:00.000Z", "service_level_target_ms": 20_000, "short_abandon_ms": 5_000 }],
        "final": true,
        "revision": 0,
        "changed_at": "2026-03-02T09:30:20.000Z",
        "open_calls": 0,
    });
    assert_eq!(row, expected);
}

fn within(counts: [u64; 10]) -> serde_json::Value {
    let steps = [10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 90_000, 120_000, 180_000, 300_000];
    steps.iter().zip(counts).map(|(threshold, count)| json!({ "threshold_ms": threshold, "count": count })).collect()
}

/// What Ben did: he took c4.
fn stays_of_ben() -> Vec<Stay> {
    let ready = |activity| AgentStatus { routing: RoutingState::Ready, activity, pending: None };
    [
        ("09:00:00", Activity::Idle),
        ("09:15:15", Activity::Offered),
        ("09:15:30", Activity::Talking),
        ("09:29:00", Activity::Wrapping),
        ("09:30:20", Activity::Idle),
    ]
    .map(|(time, activity)| Stay { since: clock(time), status: ready(activity) })
    .to_vec()
}

#[test]
fn an_agents_time_is_split_by_the_clock() {
    let times = agent_times(&stays_of_ben(), &quarters(), clock("10:00:00"));
    let told: Vec<_> =
        times.iter().map(|time| (time.talk_ms, time.wrap_ms, time.offered_ms, time.total_ms())).collect();
    assert_eq!(told, [(0, 0, 0, 900_000), (810_000, 60_000, 15_000, 900_000), (0, 20_000, 0, 900_000)]);
}

#[test]
fn an_agents_calls_are_counted_by_the_basis() {
    let calls = legs();
    let agent = |id, stays: Vec<Stay>| Agent {
        id,
        display_name: "Ben".into(),
        extension: "201".into(),
        email: "ben@example.com".into(),
        timezone: TimeZone::UTC,
        team: "North".into(),
        skills: Vec::new(),
        status: AgentStatus::OFFLINE,
        state_since: clock("09:00:00"),
        calls: Vec::new(),
        idle_since: clock("09:00:00"),
        stays,
        subject_seq: 0,
        seq: 0,
        created_at: clock("09:00:00"),
        updated_at: clock("09:00:00"),
    };
    let (anna, ben) = (agent(ANNA, Vec::new()), agent(BEN, stays_of_ben()));
    let rows = |basis| {
        let terms = by(basis);
        let rows = agent_rows([&anna, &ben], seen(&calls), &quarters(), &terms, clock("10:00:00"));
        rows.iter().map(|row| (row.offers, row.offers_not_answered, row.answered, row.handled)).collect::<Vec<_>>()
    };
    // Anna took c1, missed c4 and took c6; Ben took c4.
    assert_eq!(
        rows(Basis::Event),
        [(1, 0, 1, 1), (2, 1, 1, 1), (0, 0, 0, 0), (0, 0, 0, 0), (1, 0, 1, 0), (0, 0, 0, 1)]
    );
    assert_eq!(
        rows(Basis::Offered),
        [(2, 1, 1, 1), (1, 0, 1, 1), (0, 0, 0, 0), (1, 0, 1, 1), (0, 0, 0, 0), (0, 0, 0, 0)]
    );
    let terms = Terms::default();
    let all = agent_rows([&ben], seen(&calls), &quarters(), &terms, clock("10:00:00"));
    let row = serde_json::to_value(&all[1]).unwrap();
    assert_eq!(row["time"]["talk_ms"], 810_000);
    assert_eq!(row["occupancy_ratio"], json!(870_000.0 / 885_000.0));
    assert_eq!(row["agent"]["display_name"], "Ben");
}

#[test]
fn callers_give_up_after_waits_that_are_told() {
    let (queue, calls) = (sales(), legs());
    let profile = abandon_profile(&queue, seen(&calls), span(clock("09:00:00"), clock("10:00:00")));
    assert_eq!((profile.abandoned_count, profile.abandoned_ringing_count, profile.answered_count), (2, 0, 3));
    let told: Vec<_> = profile.steps.iter().map(|step| (step.abandoned_count, step.answered_count)).collect();
    // 3 s and 45 s; 8 s, 40 s and 15 s.
    assert_eq!(told, [(1, 1), (0, 1), (0, 0), (0, 0), (1, 1), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0)]);
    assert_eq!(
        (profile.steps[0].from_ms, profile.steps[10].from_ms, profile.steps[10].to_ms),
        (None, Some(300_000), None)
    );
    let morning = abandon_profile(&queue, seen(&calls), span(clock("09:00:00"), clock("09:06:00")));
    assert_eq!((morning.abandoned_count, morning.answered_count), (1, 1));
}

#[test]
fn calls_of_which_nothing_was_noted_are_a_row_too() {
    let calls = legs();
    let rows = wrap_codes(seen(&calls), span(clock("09:00:00"), clock("09:30:00")));
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    // The direct transfer counts in the queue that it came from.
    assert_eq!((row.queue_id, row.code.as_deref()), (Some(crate::script::SALES), None));
    assert_eq!((row.handled_count, row.late_count, row.handle_sum_ms), (3, 0, 730_000));
}
