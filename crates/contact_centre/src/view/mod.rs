//! What programs see: the forms of the wire. Names and units are those of the published design; fields follow the caller's rights.

mod agent;
mod call;
mod campaign;
mod contact;
mod event;
mod number;
mod queue;
mod recording;

pub use agent::{AgentView, StatusView, StayView};
pub use call::{CallView, OfferView, WrapView};
pub use campaign::{AttemptView, CampaignView, LeadView};
pub use contact::{ContactView, PhoneView};
pub use event::{Data, EventView, SubjectView, event_id};
pub use number::NumberView;
pub use queue::QueueView;
pub use recording::{PauseView, RecordingView};

use serde::Serialize;
use uuid::Uuid;

use crate::{
    id::{AgentId, QueueId},
    state::State,
};

/// What a caller may see beyond what the route says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rights {
    /// Wraps.
    pub wraps: bool,
    /// Whole numbers of customers.
    pub contacts: bool,
}

impl Rights {
    /// Everything.
    pub const ALL: Self = Self { wraps: true, contacts: true };
    /// Neither wraps nor whole numbers.
    pub const NONE: Self = Self { wraps: false, contacts: false };
}

/// An agent by id and name, as others name them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentName<'a> {
    id: AgentId,
    display_name: &'a str,
}

/// A queue by id and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueName<'a> {
    id: QueueId,
    name: &'a str,
}

fn agent_name(state: &State, id: Option<AgentId>) -> Option<AgentName<'_>> {
    let id = id?;
    Some(AgentName { id, display_name: state.agent(id).map_or("", |agent| &agent.display_name) })
}

fn queue_name(state: &State, id: Option<QueueId>) -> Option<QueueName<'_>> {
    let id = id?;
    Some(QueueName { id, name: state.queue(id).map_or("", |queue| &queue.name) })
}

/// Who wrote something: an agent, a program, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ByView {
    agent_id: Option<AgentId>,
    key_id: Option<Uuid>,
}
