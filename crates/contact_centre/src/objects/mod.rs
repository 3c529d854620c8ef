//! What the contact centre is made of. Plain data: how it changes is decided by `leg` and `staff`.
//!
//! These are the forms of memory and journal. What programs see is made of them by `view`.

mod agent;
mod call;
mod campaign;
mod contact;
mod number;
mod offer;
mod queue;
mod recording;
mod wrap;

pub use agent::{Activity, Agent, AgentState, AgentStatus, Reason, RoutingState, Skill, Stay};
pub use call::{Call, Direction, DisconnectedBy, Durations, FlowedOutTo, Hold, Instants, LegState, Outcome, Relation};
pub use campaign::{Attempt, Campaign, DiallingHours, DiallingMode, Lead, LeadStatus};
pub use contact::{Contact, ContactPhone, PhoneType};
pub use number::{PhoneNumber, Presentation};
pub use offer::{Offer, OfferResult};
pub use queue::{OpeningHours, Queue, QueueSettings, SettingsSince};
pub use recording::{Pause, Recording, RecordingStatus};
pub use wrap::{Wrap, WrapCode, WrittenBy};
