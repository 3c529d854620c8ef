//! What is there at the beginning.

mod agents;
mod campaigns;
mod contacts;
mod names;
mod numbers;
mod queues;

pub use queues::WRAP_CODES;

pub(crate) use numbers::stranger;

use model::Instant;

use super::Config;
use crate::state::Genesis;

/// Queues, agents, contacts, campaigns and leads of a world that begins at an instant.
pub fn genesis(config: &Config, begins_at: Instant) -> Genesis {
    let queues = queues::made(config.seed, begins_at);
    let contacts = contacts::made(config, begins_at);
    let campaigns = campaigns::made(config.seed, begins_at);
    Genesis {
        agents: agents::made(config, &queues, begins_at),
        leads: campaigns::leads(config, &campaigns, &contacts, begins_at),
        queues,
        campaigns,
        contacts,
        at: begins_at,
        ..Genesis::default()
    }
}
