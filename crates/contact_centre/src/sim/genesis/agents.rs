use model::{Instant, TimeZone};

use super::names::{FIRST, LAST};
use crate::{
    id::AgentId,
    objects::{Agent, AgentStatus, Queue, Skill},
    sim::{Config, Draws},
};

/// Of ten agents: in which team they are, and which queues they serve, by their place in the list.
const TEAMS: [(&str, &[usize]); 10] = [
    ("Sales", &[0, 4]),
    ("Sales", &[0, 1]),
    ("Sales", &[0, 4, 5]),
    ("Service", &[1, 2]),
    ("Service", &[1, 0, 5]),
    ("Service", &[1, 2, 3]),
    ("Billing", &[2, 1]),
    ("Technical", &[3, 1]),
    ("Technical", &[3]),
    ("Outbound", &[4, 0]),
];

/// Agents, each with a few skills.
pub(super) fn made(config: &Config, queues: &[Queue], at: Instant) -> Vec<Agent> {
    (0..config.agents).map(|n| one(config, n, queues, at)).collect()
}

fn one(config: &Config, n: usize, queues: &[Queue], at: Instant) -> Agent {
    let mut draws = Draws::numbered(config.seed, "agent", n as u64);
    // Names differ for as long as there are names.
    let first = FIRST.get((n * 7 + 3) % FIRST.len()).copied().unwrap_or_default();
    let last = LAST.get((n * 11 + n / FIRST.len()) % LAST.len()).copied().unwrap_or_default();
    let (team, served) = TEAMS.get(n % TEAMS.len()).copied().unwrap_or_default();
    let skills = (0_u8..).zip(served).filter_map(|(rank, place)| {
        let level = 9_u8.saturating_sub(rank * 2).saturating_sub(u8::from(draws.chance(0.4)));
        queues.get(*place).map(|queue| Skill { queue_id: queue.id, level })
    });
    Agent {
        id: AgentId(config.seed.nth_id(at, "agent", n as u64)),
        display_name: format!("{first} {last}").into(),
        extension: format!("{}", 1001 + n).into(),
        email: format!("agent{}@contact-centre.example", 1001 + n).into(),
        timezone: "Australia/Sydney".parse().unwrap_or(TimeZone::UTC),
        team: team.into(),
        skills: skills.collect(),
        status: AgentStatus::OFFLINE,
        state_since: at,
        calls: Vec::new(),
        idle_since: at,
        stays: Vec::new(),
        subject_seq: 0,
        seq: 0,
        created_at: at,
        updated_at: at,
    }
}
