//! Legs that are told event by event, as the log tells them.

use std::{collections::BTreeMap, sync::Arc};

use contact_centre::{
    event::{Body, Ending, Event, NewCall, Subject},
    id::{AgentId, CallId, QueueId},
    leg,
    metrics::Leg,
    objects::{
        Call, Direction, DisconnectedBy, LegState, OpeningHours, Outcome, PhoneNumber, Queue, QueueSettings, Relation,
        SettingsSince,
    },
};
use model::{Instant, TimeZone};
use uuid::Uuid;

pub(crate) const SALES: QueueId = QueueId(Uuid::from_u128(0x51));
pub(crate) const ANNA: AgentId = AgentId(Uuid::from_u128(0xa));
pub(crate) const BEN: AgentId = AgentId(Uuid::from_u128(0xb));
pub(crate) const CARA: AgentId = AgentId(Uuid::from_u128(0xc));

pub(crate) fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub(crate) fn call_id(n: u128) -> CallId {
    CallId(Uuid::from_u128(n))
}

/// Takes 20 s for a good wait and 5 s for a short one.
pub(crate) fn sales() -> Queue {
    let since = at("2026-01-01T00:00:00Z");
    Queue {
        id: SALES,
        name: "Sales".into(),
        number: Arc::new(PhoneNumber::valid("+61280001000")),
        timezone: TimeZone::UTC,
        hours: OpeningHours { weekdays: (8, 20), saturday: None, sunday: None },
        open: true,
        settings: vec![SettingsSince { since, settings: QueueSettings::DEFAULT }],
        subject_seq: 0,
        seq: 0,
        created_at: since,
        updated_at: since,
    }
}

/// What an inbound leg of Sales begins as.
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

/// What the leg of an agent begins as to whom another leg is transferred.
pub(crate) fn transferred(parent: CallId, to: AgentId) -> NewCall {
    NewCall { parent_id: Some(parent), relation: Relation::Transfer, agent_id: Some(to), ..inbound(parent) }
}

pub(crate) fn completed() -> Body {
    Body::Ended(Ending { outcome: Outcome::Completed, by: DisconnectedBy::Customer, cause: 16 })
}

/// What happened, in the order in which it is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script(pub(crate) Vec<(Instant, CallId, Body)>);

impl Script {
    pub(crate) fn tell(&mut self, id: CallId, at: Instant, bodies: impl IntoIterator<Item = Body>) -> &mut Self {
        self.0.extend(bodies.into_iter().map(|body| (at, id, body)));
        self
    }

    /// The legs as they are at an instant. Every event must be possible.
    pub(crate) fn legs_at(&self, now: Instant) -> BTreeMap<CallId, Call> {
        let mut events: Vec<_> = self.0.iter().filter(|(at, ..)| *at <= now).collect();
        // Of the same instant in the order in which they were told.
        events.sort_by_key(|(at, ..)| *at);
        let mut legs = BTreeMap::new();
        for (place, (at, id, body)) in events.into_iter().enumerate() {
            let event = Event {
                seq: place as u64 + 1,
                at: *at,
                subject: Subject::Call(*id),
                subject_seq: 1,
                actor: None,
                body: body.clone(),
            };
            if let Some(call) = leg::begin(&event) {
                legs.insert(*id, call);
            } else {
                let call: &mut Call = legs.get_mut(id).unwrap();
                leg::check(call, body).unwrap_or_else(|wrong| panic!("{id} {at} {body:?}: {wrong}"));
                leg::apply(call, &event);
            }
        }
        legs
    }
}

/// Legs as figures see them.
pub(crate) fn seen(calls: &BTreeMap<CallId, Call>) -> Vec<Leg<'_>> {
    calls.values().map(|call| Leg::new(call, |id| calls.get(&id))).collect()
}
