//! The golden example of the design, section 2.5, in a world whose log was written by hand.

use std::sync::Arc;

use contact_centre::{
    event::{Body, Ending, Event, NewCall, Subject, TransferTarget},
    id::{AgentId, CallId, QueueId},
    log::{Epoch, Journal},
    objects::{
        Activity, Agent, AgentStatus, Direction, DisconnectedBy, FlowedOutTo, LegState, OfferResult, OpeningHours,
        Outcome, PhoneNumber, Queue, QueueSettings, Relation, RoutingState, SettingsSince, Skill,
    },
    seed::Seed,
    sim::Config,
    world::World,
};
use model::{Instant, TimeZone};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{ALL, BI, Door, WFM};

const SALES: QueueId = QueueId(Uuid::from_u128(0x51));
const ANNA: AgentId = AgentId(Uuid::from_u128(0xa));
const BEN: AgentId = AgentId(Uuid::from_u128(0xb));
const CARA: AgentId = AgentId(Uuid::from_u128(0xc));

/// `09:00:10` of the day.
fn clock(time: &str) -> Instant {
    format!("2026-03-02T{time}Z").parse().unwrap()
}

fn call(n: u8, time: &str) -> CallId {
    let millis = u64::try_from(clock(time).as_millis()).unwrap();
    CallId(uuid::Builder::from_unix_timestamp_millis(millis, &[n; 10]).into_uuid())
}

fn inbound(root: CallId) -> NewCall {
    NewCall {
        root_id: root,
        parent_id: None,
        relation: Relation::None,
        direction: Direction::Inbound,
        from: Arc::new(PhoneNumber::valid("+61491570006")),
        to: Arc::new(PhoneNumber::valid("+61280001000")),
        queue_id: None,
        agent_id: None,
        contact_id: None,
        campaign_id: None,
        lead_id: None,
        state: LegState::Ivr,
        patience_ms: None,
        led: false,
    }
}

fn ended() -> Body {
    Body::Ended(Ending { outcome: Outcome::Completed, by: DisconnectedBy::Customer, cause: 16 })
}

/// What happened, in no order.
fn told() -> Vec<(Instant, Subject, Body)> {
    let mut told = Vec::new();
    let mut tell = |subject, time: &str, bodies: Vec<Body>| {
        told.extend(bodies.into_iter().map(|body| (clock(time), subject, body)));
    };
    let closed = || vec![Body::Wrapped, Body::Closed];
    let calls = [(1, "09:00:10"), (2, "09:05:00"), (3, "09:06:00"), (4, "09:14:50"), (5, "09:16:00"), (6, "09:20:00")];
    for (n, time) in calls {
        let id = call(n, time);
        tell(Subject::Call(id), time, vec![Body::Started(Box::new(inbound(id))), Body::Queued(SALES)]);
    }
    let [c1, c2, c3, c4, c5, c6] = calls.map(|(n, time)| Subject::Call(call(n, time)));
    tell(c1, "09:00:12", vec![Body::Offered(ANNA)]);
    tell(c1, "09:00:18", vec![Body::Answered { recorded: false }]);
    tell(c1, "09:02:00", vec![Body::Held]);
    tell(c1, "09:02:30", vec![Body::Resumed]);
    tell(c1, "09:04:18", vec![ended()]);
    tell(c1, "09:04:58", closed());
    tell(c2, "09:05:03", vec![Body::Abandoned, Body::Closed]);
    tell(c3, "09:06:45", vec![Body::Abandoned, Body::Closed]);
    tell(c4, "09:14:55", vec![Body::Offered(ANNA)]);
    tell(c4, "09:15:15", vec![Body::OfferEnded(OfferResult::NoAnswer), Body::Offered(BEN)]);
    tell(c4, "09:15:30", vec![Body::Answered { recorded: false }]);
    tell(c4, "09:29:00", vec![ended()]);
    tell(c4, "09:30:20", closed());
    tell(c5, "09:18:00", vec![Body::FlowedOut(FlowedOutTo::Voicemail), Body::Closed]);
    let root = call(6, "09:20:00");
    let child = call(7, "09:21:15");
    let c6b = Subject::Call(child);
    tell(c6, "09:20:05", vec![Body::Offered(ANNA)]);
    tell(c6, "09:20:15", vec![Body::Answered { recorded: false }]);
    let passed_on = Ending { outcome: Outcome::Transferred, by: DisconnectedBy::Agent, cause: 16 };
    let to = TransferTarget::Agent(CARA);
    tell(c6, "09:21:15", vec![Body::Transferred { to, child_id: child }, Body::Ended(passed_on)]);
    let new = NewCall { parent_id: Some(root), relation: Relation::Transfer, agent_id: Some(CARA), ..inbound(root) };
    tell(c6b, "09:21:15", vec![Body::Started(Box::new(new)), Body::Offered(CARA)]);
    tell(c6b, "09:21:20", vec![Body::Answered { recorded: false }]);
    tell(c6, "09:21:45", closed());
    tell(c6b, "09:26:20", vec![ended()]);
    tell(c6b, "09:27:20", closed());
    let mut before = (AgentStatus::OFFLINE, clock("09:00:00"));
    for (time, activity) in
        [("09:15:30", Activity::Talking), ("09:29:00", Activity::Wrapping), ("09:30:20", Activity::Idle)]
    {
        let now = AgentStatus { routing: RoutingState::Ready, activity, pending: None };
        let changed = Body::AgentChanged { now, previous: before.0, previous_since: before.1, call_id: None };
        tell(Subject::Agent(BEN), time, vec![changed]);
        before = (now, clock(time));
    }
    // Everything until then has happened.
    tell(Subject::Queue(SALES), "10:00:00", vec![Body::IntervalClosed(clock("09:45:00"))]);
    // Of the same instant in the order in which it is told.
    told.sort_by_key(|(at, ..)| *at);
    told
}

fn events() -> Vec<Event> {
    let mut counts = std::collections::HashMap::new();
    (1..)
        .zip(told())
        .map(|(seq, (at, subject, body))| {
            let count = counts.entry(subject).or_insert(0);
            *count += 1;
            Event { seq, at, subject, subject_seq: *count, actor: None, body }
        })
        .collect()
}

fn sales() -> Queue {
    let since = clock("00:00:00");
    Queue {
        id: SALES,
        name: "Sales".into(),
        number: Arc::new(PhoneNumber::valid("+61280001000")),
        timezone: TimeZone::UTC,
        hours: OpeningHours { weekdays: (0, 24), saturday: None, sunday: None },
        open: true,
        settings: vec![SettingsSince { since, settings: QueueSettings::DEFAULT }],
        subject_seq: 0,
        seq: 0,
        created_at: since,
        updated_at: since,
    }
}

fn agent(id: AgentId, name: &str) -> Agent {
    let since = clock("00:00:00");
    Agent {
        id,
        display_name: name.into(),
        extension: name.into(),
        email: format!("{name}@example.com").into(),
        timezone: TimeZone::UTC,
        team: "Sales".into(),
        skills: vec![Skill { queue_id: SALES, level: 5 }],
        status: AgentStatus::OFFLINE,
        state_since: since,
        calls: Vec::new(),
        idle_since: since,
        stays: Vec::new(),
        subject_seq: 0,
        seq: 0,
        created_at: since,
        updated_at: since,
    }
}

/// The world at ten, with its clock standing.
fn door(folder: &tempfile::TempDir) -> Door {
    let path = folder.path().join("journal");
    let mut config = Config::new(1);
    (config.agents, config.contacts, config.leads, config.calls_per_day) = (3, 0, 0, 0);
    let now = clock("10:00:00");
    let (mut journal, _) = Journal::open::<Value>(&path, |_| true).unwrap();
    let clock = json!({"real": now.as_millis(), "world": now.as_millis(), "permille": 0, "resumes_at": 1000});
    let head = json!({"format": 1, "config": config, "clock": clock, "calls_started": 0, "seq": 0, "at": self::clock("00:00:00").as_millis()});
    let stays: [Value; 0] = [];
    let mut lines = vec![json!({"head": head}), json!({"queue": sales()})];
    lines.extend(
        [(ANNA, "Anna"), (BEN, "Ben"), (CARA, "Cara")].map(|(id, name)| json!({"agent": [agent(id, name), stays]})),
    );
    lines.push(json!("ready"));
    lines.push(json!({"events": events()}));
    lines.push(json!({"opened": {"epoch": Epoch::beginning(Seed(1), now), "boot": null}}));
    lines.push(json!("closed"));
    for line in &lines {
        journal.add(line).unwrap();
    }
    journal.flush().unwrap();
    drop(journal);
    let world = World::open(config, &path, now).unwrap();
    assert_eq!(world.state().calls().count(), 7, "the journal was not understood, and another world began");
    Door::of(world, now)
}

/// Counts of a row, in the order of the design's tables.
fn counts(row: &Value, names: &[&str]) -> Vec<i64> {
    names.iter().map(|name| row[name].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_golden_example_gives_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let door = door(&folder);
    let of = async |basis: &str| {
        let path = format!(
            "/metrics/queues?queue=Sales&from=2026-03-02T09:00:00Z&to=2026-03-02T09:45:00Z&length=15m&basis={basis}"
        );
        door.get(WFM, &path).await["items"].as_array().unwrap().clone()
    };
    let names = [
        "offered_count",
        "answered_count",
        "abandoned_count",
        "flowed_out_count",
        "waiting_end_count",
        "handled_count",
        "average_handle_time_sum_ms",
    ];
    let event: Vec<_> = of("event").await.iter().map(|row| counts(row, &names)).collect();
    assert_eq!(event, [[4, 1, 2, 0, 1, 1, 280_000], [2, 2, 0, 1, 0, 2, 450_000], [0, 0, 0, 0, 0, 1, 890_000]]);
    let offered: Vec<_> = of("offered").await.iter().map(|row| counts(row, &names[..4])).collect();
    assert_eq!(offered, [[4, 2, 2, 0], [2, 1, 0, 1], [0, 0, 0, 0]]);
    assert!(of("event").await.iter().all(|row| row["final"] == true && row["revision"] == 0));
}

#[tokio::test]
async fn the_golden_example_gives_its_totals() {
    let folder = tempfile::tempdir().unwrap();
    let door = door(&folder);
    let path = "/metrics/summary?from=2026-03-02T09:00:00Z&to=2026-03-02T10:00:00Z";
    let total = door.get(WFM, path).await["total"].clone();
    let names = [
        "offered_count",
        "answered_count",
        "abandoned_count",
        "short_abandoned_count",
        "flowed_out_count",
        "handled_count",
    ];
    assert_eq!(counts(&total, &names), [6, 3, 2, 1, 1, 4]);
    assert_eq!(total["average_speed_of_answer_ms"], 21_000);
    assert_eq!(total["average_time_to_abandon_ms"], 45_000);
    assert_eq!(total["average_handle_time_ms"], 405_000);
    assert_eq!((&total["abandon_ratio"], &total["abandon_of_offered_ratio"]), (&json!(0.25), &json!(2.0 / 6.0)));
    assert_eq!(
        total["service_level"],
        json!({
            "answered_and_abandoned": 0.5,
            "answered_only": 2.0 / 3.0,
            "all_resolved": 2.0 / 6.0,
            "ignore_abandoned_within": 0.4,
            "abandoned_within_met": 0.5,
        })
    );
    let short = door.get(WFM, &format!("{path}&short_abandons=include")).await;
    assert_eq!(short["total"]["average_time_to_abandon_ms"], 24_000);
}

#[tokio::test]
async fn the_golden_example_splits_time_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let door = door(&folder);
    let path = format!("/metrics/agents?agent_id={BEN}&from=2026-03-02T09:15:00Z&to=2026-03-02T09:45:00Z");
    let rows = door.get(WFM, &path).await;
    let time = |row: usize, name: &str| rows["items"][row]["time"][name].as_i64().unwrap();
    assert_eq!((time(0, "talk_ms"), time(0, "wrap_ms"), time(1, "wrap_ms")), (810_000, 60_000, 20_000));
}

#[tokio::test]
async fn the_golden_example_is_exported_as_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let door = door(&folder);
    let legs = door.get(ALL, "/calls?from=2026-03-02T09:00:00Z&to=2026-03-02T10:00:00Z").await;
    let told = door.ask(BI, "GET", "/data/calls").send().await;
    let lines: Vec<Value> = told.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(lines), legs["items"]);
    assert!(lines.iter().filter(|leg| crate::calls::check_durations(leg)).count() > 0);
    let wait = |n: usize| lines[n]["durations"]["wait_ms"].as_i64();
    assert_eq!([0, 1, 2, 3, 4, 5].map(wait), [8, 3, 45, 40, 120, 15].map(|s| Some(s * 1_000)));
}
