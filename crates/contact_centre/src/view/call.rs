use std::collections::BTreeMap;

use model::Instant;
use serde::Serialize;

use super::{AgentName, ByView, NumberView, QueueName, Rights, agent_name, queue_name};
use crate::{
    id::{CallId, CampaignId, ContactId, LeadId, RecordingId},
    objects::{
        Call, Direction, DisconnectedBy, Durations, FlowedOutTo, LegState, OfferResult, Outcome, PhoneNumber, Relation,
        Wrap,
    },
    state::State,
};

/// When what happened to a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
struct InstantsView {
    started_at: Instant,
    ivr_ended_at: Option<Instant>,
    enqueued_at: Option<Instant>,
    dequeued_at: Option<Instant>,
    offered_at: Option<Instant>,
    answered_at: Option<Instant>,
    disconnected_at: Option<Instant>,
    wrap_ended_at: Option<Instant>,
}

/// An offer to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfferView<'a> {
    agent: Option<AgentName<'a>>,
    offered_at: Instant,
    ended_at: Option<Instant>,
    result: Option<OfferResult>,
}

/// A span on hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct HoldView {
    held_at: Instant,
    resumed_at: Option<Instant>,
}

/// What was noted of a leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrapView<'a> {
    call_id: CallId,
    code: &'a str,
    comments: Option<&'a str>,
    data: &'a BTreeMap<Box<str>, Box<str>>,
    callback_at: Option<Instant>,
    by: ByView,
    late: bool,
    revision: u32,
    created_at: Instant,
    updated_at: Instant,
}

impl<'a> WrapView<'a> {
    /// The wrap of a leg. In an event its comments are left out: they may be long, and are read by the leg's id.
    pub fn of(call_id: CallId, wrap: &'a Wrap, comments: bool) -> Self {
        Self {
            call_id,
            code: &wrap.code,
            comments: wrap.comments.as_deref().filter(|_| comments),
            data: &wrap.data,
            callback_at: wrap.callback_at,
            by: ByView { agent_id: wrap.by.agent_id, key_id: wrap.by.key_id },
            late: wrap.late,
            revision: wrap.revision,
            created_at: wrap.created_at,
            updated_at: wrap.written_at,
        }
    }
}

/// One leg.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallView<'a> {
    id: CallId,
    root_id: CallId,
    parent_id: Option<CallId>,
    relation: Relation,
    direction: Direction,
    from: NumberView<'a>,
    to: NumberView<'a>,
    queue: Option<QueueName<'a>>,
    agent: Option<AgentName<'a>>,
    contact_id: Option<ContactId>,
    campaign_id: Option<CampaignId>,
    lead_id: Option<LeadId>,
    state: LegState,
    outcome: Option<Outcome>,
    abandoned_in: Option<LegState>,
    flowed_out_to: Option<FlowedOutTo>,
    disconnected_by: Option<DisconnectedBy>,
    cause_q850: Option<u8>,
    instants: InstantsView,
    durations: Durations,
    offers: Vec<OfferView<'a>>,
    holds: Vec<HoldView>,
    recording_ids: Vec<RecordingId>,
    /// Left out for whoever may not see wraps.
    #[serde(skip_serializing_if = "Option::is_none")]
    wrap: Option<Option<WrapView<'a>>>,
    revision: u32,
    created_at: Instant,
    updated_at: Instant,
    seq: u64,
}

impl<'a> CallView<'a> {
    /// A leg, as a caller with these rights sees it.
    pub fn of(state: &'a State, call: &'a Call, rights: Rights) -> Self {
        Self::with_comments(state, call, rights, true)
    }

    /// The same without the comments of its wrap, as events and snapshots of streams have it.
    pub fn without_comments(state: &'a State, call: &'a Call, rights: Rights) -> Self {
        Self::with_comments(state, call, rights, false)
    }

    fn with_comments(state: &'a State, call: &'a Call, rights: Rights, comments: bool) -> Self {
        let customer_calls = call.direction == Direction::Inbound;
        // Extensions of colleagues and numbers of queues are no customers'.
        let seen = |number: &'a PhoneNumber, customers: bool| {
            if rights.contacts || !customers { NumberView::whole(number) } else { NumberView::masked(number) }
        };
        let of = &call.instants;
        Self {
            id: call.id,
            root_id: call.root_id,
            parent_id: call.parent_id,
            relation: call.relation,
            direction: call.direction,
            from: seen(&call.from, customer_calls),
            to: seen(&call.to, call.direction == Direction::Outbound),
            queue: queue_name(state, call.queue_id),
            agent: agent_name(state, call.agent_id),
            contact_id: call.contact_id,
            campaign_id: call.campaign_id,
            lead_id: call.lead_id,
            state: call.state,
            outcome: call.outcome,
            abandoned_in: call.abandoned_in,
            flowed_out_to: call.flowed_out_to,
            disconnected_by: call.disconnected_by,
            cause_q850: call.cause_q850,
            instants: InstantsView {
                started_at: of.started_at,
                ivr_ended_at: of.ivr_ended_at,
                enqueued_at: of.enqueued_at,
                dequeued_at: of.dequeued_at,
                offered_at: of.offered_at,
                answered_at: of.answered_at,
                disconnected_at: of.disconnected_at,
                wrap_ended_at: of.wrap_ended_at,
            },
            durations: call.durations(),
            offers: call
                .offers
                .iter()
                .map(|offer| OfferView {
                    agent: agent_name(state, Some(offer.agent_id)),
                    offered_at: offer.offered_at,
                    ended_at: offer.ended_at,
                    result: offer.result,
                })
                .collect(),
            holds: call
                .holds
                .iter()
                .map(|hold| HoldView { held_at: hold.held_at, resumed_at: hold.resumed_at })
                .collect(),
            recording_ids: call.recording_id.into_iter().collect(),
            wrap: rights.wraps.then(|| call.wrap.as_deref().map(|wrap| WrapView::of(call.id, wrap, comments))),
            revision: call.revision,
            created_at: of.started_at,
            updated_at: call.updated_at,
            seq: call.seq,
        }
    }
}
