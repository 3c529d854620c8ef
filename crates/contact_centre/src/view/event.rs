use model::Instant;
use serde::Serialize;
use uuid::Uuid;

use super::{AgentView, CallView, ContactView, LeadView, QueueView, RecordingView, Rights, StatusView, WrapView};
use crate::{
    event::{Actor, Body, Event, EventType, Subject, SubjectKind, TransferTarget},
    id::CallId,
    log::Epoch,
    objects::Call,
    seed::{halves, mix, uuid_at},
    state::State,
};

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SubjectView {
    kind: SubjectKind,
    id: Uuid,
}

impl SubjectView {
    /// Of a subject.
    pub fn of(subject: Subject) -> Self {
        Self { kind: subject.kind(), id: subject.id() }
    }
}

/// An event, as streams, webhooks and pulls give it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventView<'a> {
    id: Uuid,
    epoch: &'a str,
    seq: u64,
    #[serde(rename = "type")]
    kind: EventType,
    timestamp: Instant,
    subject: SubjectView,
    subject_seq: u32,
    actor: Actor,
    data: Data<'a>,
}

/// The full new state of the subject, and what is peculiar to the event.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Data<'a> {
    /// Of a leg.
    Call {
        /// The leg as it was after the event.
        #[serde(flatten)]
        call: Box<CallView<'a>>,
        /// `call.transferred`: where it goes.
        #[serde(skip_serializing_if = "Option::is_none")]
        transferred_to: Option<TransferTarget>,
        /// `call.transferred`: the leg that begins.
        #[serde(skip_serializing_if = "Option::is_none")]
        child_id: Option<CallId>,
    },
    /// Of an agent.
    Agent {
        /// The agent as they were after the event.
        #[serde(flatten)]
        agent: Box<AgentView<'a>>,
        /// The leg that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        call_id: Option<CallId>,
        /// What held before.
        previous: StatusView,
    },
    /// Of a queue.
    Queue(Box<QueueView<'a>>),
    /// Of a recording.
    Recording(Box<RecordingView<'a>>),
    /// Of a contact.
    Contact(Box<ContactView<'a>>),
    /// Of a lead.
    Lead(Box<LeadView<'a>>),
    /// `wrap.written`.
    Wrap(Box<WrapView<'a>>),
    /// `interval.closed` and `interval.revised`.
    Interval {
        /// `queue` or `agent`.
        scope: SubjectKind,
        /// Its id.
        id: Uuid,
        /// When it began.
        start: Instant,
        /// How often it has been revised.
        revision: u32,
    },
    /// Of something that has been forgotten since.
    Forgotten {},
}

/// The id of an event: the same in every transport, at every try, and after a restart.
pub fn event_id(event: &Event) -> Uuid {
    let (high, low) = halves(event.subject.id());
    uuid_at(event.at, mix(mix(high ^ mix(u64::from(event.subject_seq))) ^ low))
}

impl<'a> EventView<'a> {
    /// An event, as a caller with these rights sees it. `call` is its leg as it was after the event, if it is about one.
    ///
    /// What it is about is as it was after the event, so it is the same whenever it is asked for.
    pub fn of(state: &'a State, epoch: &'a Epoch, event: &'a Event, call: Option<&'a Call>, rights: Rights) -> Self {
        Self {
            id: event_id(event),
            epoch: epoch.as_str(),
            seq: event.seq,
            kind: event.kind(),
            timestamp: event.at,
            subject: SubjectView::of(event.subject),
            subject_seq: event.subject_seq,
            actor: event.actor.as_deref().copied().unwrap_or(Actor::SYSTEM),
            data: data(state, event, call, rights).unwrap_or(Data::Forgotten {}),
        }
    }
}

fn data<'a>(state: &'a State, event: &'a Event, call: Option<&'a Call>, rights: Rights) -> Option<Data<'a>> {
    let interval =
        |start, revision| Data::Interval { scope: event.subject.kind(), id: event.subject.id(), start, revision };
    Some(match (event.subject, &event.body) {
        (_, Body::IntervalClosed { start, revision } | Body::IntervalRevised { start, revision }) => {
            interval(*start, *revision)
        }
        // Whoever may not see wraps learns that one was written, and no more.
        (Subject::Call(id), Body::WrapWritten(wrap)) if rights.wraps => {
            Data::Wrap(Box::new(WrapView::of(id, wrap, false)))
        }
        (Subject::Call(_), body) => {
            let (transferred_to, child_id) = match body {
                Body::Transferred { to, child_id } => (Some(*to), Some(*child_id)),
                _ => (None, None),
            };
            Data::Call { call: Box::new(CallView::without_comments(state, call?, rights)), transferred_to, child_id }
        }
        (Subject::Agent(id), Body::AgentChanged { now, previous, previous_since, call_id }) => {
            let word = |status: &crate::objects::AgentStatus| (status.state(), status.routing.reason());
            let since = if word(now) == word(previous) { *previous_since } else { event.at };
            Data::Agent {
                agent: Box::new(AgentView::after(state.agent(id)?, (*now, since), (event.seq, event.at))),
                call_id: *call_id,
                previous: StatusView::of(*previous, *previous_since),
            }
        }
        (Subject::Queue(id), _) => Data::Queue(Box::new(QueueView::after(state.queue(id)?, event))),
        (Subject::Recording(id), _) => {
            Data::Recording(Box::new(RecordingView::after(state, state.recording(id)?, event)))
        }
        (Subject::Contact(_), Body::ContactWritten(contact)) => {
            Data::Contact(Box::new(ContactView::after(contact, event, rights)))
        }
        (Subject::Lead(_), Body::LeadWritten(lead)) => {
            Data::Lead(Box::new(LeadView::after(state.campaign(lead.campaign_id), lead, event, rights)))
        }
        (Subject::Agent(_) | Subject::Contact(_) | Subject::Lead(_), _) => return None,
    })
}
