//! The golden example of the design, section 2.5, as a journal that was written by hand: by no route is it made to the millisecond, since
//! when agents answer is the simulation's to say.
//!
//! After it the clock stands at ten. Where the queue and the agents are it is the middle of the night then, so until four in the afternoon
//! nobody calls and nobody comes or goes: what happens is what somebody asks for.

use std::{collections::HashMap, path::Path, sync::Arc};

use contact_centre::{
    event::{Body, Ending, Event, NewCall, Subject, TransferTarget},
    id::{AgentId, CallId, QueueId},
    log::{Epoch, Journal},
    objects::{
        Activity, Agent, AgentStatus, Direction, DisconnectedBy, FlowedOutTo, LegState, OfferResult, OpeningHours,
        Outcome, PhoneNumber, Queue, QueueSettings, Relation, RoutingState, SettingsSince, Skill,
    },
    sim::Config,
};
use model::Instant;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const SALES: QueueId = QueueId(Uuid::from_u128(0x0199_c7a0_0000_7000_8000_0000_0000_0051));
const ANNA: AgentId = AgentId(Uuid::from_u128(0x0199_c7a0_0000_7000_8000_0000_0000_000a));
pub(crate) const BEN: AgentId = AgentId(Uuid::from_u128(0x0199_c7a0_0000_7000_8000_0000_0000_000b));
const CARA: AgentId = AgentId(Uuid::from_u128(0x0199_c7a0_0000_7000_8000_0000_0000_000c));
/// Ten hours behind UTC, all year.
const ZONE: &str = "Pacific/Honolulu";

/// `09:00:10` of the day.
pub(crate) fn clock(time: &str) -> Instant {
    format!("2026-03-02T{time}Z").parse().unwrap()
}

/// The `n`th leg, which begins at a time.
pub(crate) fn call(n: u8, time: &str) -> CallId {
    let millis = u64::try_from(clock(time).as_millis()).unwrap();
    CallId(uuid::Builder::from_unix_timestamp_millis(millis, &[n; 10]).into_uuid())
}

/// What a leg of a caller begins as.
pub(crate) fn inbound(root: CallId) -> NewCall {
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

/// The customer hangs up.
pub(crate) fn ended() -> Body {
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
    tell(Subject::Queue(SALES), "10:00:00", vec![Body::IntervalClosed { start: clock("09:45:00"), revision: 0 }]);
    // Of the same instant in the order in which it is told.
    told.sort_by_key(|(at, ..)| *at);
    told
}

/// Events that follow `seq`, in their order. `counts` has how many there were before of subjects of which there were some.
pub(crate) fn numbered(seq: u64, mut counts: HashMap<Subject, u32>, told: Vec<(Instant, Subject, Body)>) -> Vec<Event> {
    (seq + 1..)
        .zip(told)
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
        timezone: ZONE.parse().unwrap(),
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
        timezone: ZONE.parse().unwrap(),
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

/// The clock of a journal, which stands.
pub(crate) fn stands(at: Instant) -> Value {
    json!({"real": at.as_millis(), "world": at.as_millis(), "permille": 0, "resumes_at": 1000})
}

/// Writes the journal of the day for a world of this configuration, with its clock standing at ten.
pub(crate) fn keep(path: &Path, config: &Config) {
    let now = clock("10:00:00");
    let (mut journal, _) = Journal::open::<Value>(path, |_| true).unwrap();
    let head = json!({"format": 2, "config": config, "clock": stands(now), "calls_started": 0, "seq": 0, "at": clock("00:00:00").as_millis()});
    let stays: [Value; 0] = [];
    let mut lines = vec![json!({"head": head}), json!({"queue": sales()})];
    lines.extend(
        [(ANNA, "Anna"), (BEN, "Ben"), (CARA, "Cara")].map(|(id, name)| json!({"agent": [agent(id, name), stays]})),
    );
    lines.push(json!("ready"));
    lines.push(json!({"events": numbered(0, HashMap::new(), told())}));
    lines.push(json!({"opened": {"epoch": Epoch::beginning(config.seed, now), "boot": null}}));
    lines.push(json!("closed"));
    for line in &lines {
        journal.add(line).unwrap();
    }
    journal.flush().unwrap();
}
