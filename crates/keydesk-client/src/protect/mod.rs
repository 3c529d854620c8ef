//! A `tower` layer that lets through what Keydesk allows.

mod cache;
mod caller;
mod layer;
mod presented;
mod refusal;
mod rules;
mod service;

pub use caller::Caller;
pub use layer::Protect;
pub use service::Protected;
