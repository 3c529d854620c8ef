//! The acceptance cases of the contact centre's design, through the gateway: the real program, keys that were really made, and the world that they
//! share, whose clock the tests lead.

mod calls;
mod changes;
mod desk;
mod figures;
mod golden;
#[path = "../../../../contact_centre_api/tests/door/golden_day.rs"]
mod golden_day;
mod kinds;
mod led;
mod log;
mod recomputed;
mod things;
mod webhooks;
