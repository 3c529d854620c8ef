//! The acceptance cases of the contact centre's design, through the gateway: the real program, keys that were really made, and the world that they
//! share, whose clock the tests lead.

mod calls;
mod desk;
mod figures;
mod log;
mod things;
mod webhooks;
