use contact_centre::{id::AgentId, world::World};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    asked::{Asked, Id},
    kept::Session,
    protocol::{Answer, Problem, Sent, json, kinds},
};

/// Minutes of a session.
const MINUTES_MAX: u32 = 480;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionForm {
    agent_id: AgentId,
    minutes: u32,
}

#[derive(Serialize)]
struct Begun {
    session_id: Uuid,
    agent_id: AgentId,
    token: String,
    expires_at: model::Instant,
}

/// Signs in as a proxy for an agent. The token is told once, and goes with the key that asked for it.
pub(crate) async fn begin(asked: Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let SessionForm { agent_id, minutes } = sent.read()?;
    if !(1..=MINUTES_MAX).contains(&minutes) {
        return Err(Problem::field("minutes", "must be between 1 and 480"));
    }
    if asked.session.is_some() {
        return Err(Problem::invalid("A proxy session begins no other: send the key alone."));
    }
    asked.may_act_for(agent_id)?;
    asked.once_in_world(&sent, move |asked, world| begun(asked, world, agent_id, minutes)).await
}

fn begun(asked: &Asked, world: &World, agent_id: AgentId, minutes: u32) -> Result<Answer, Problem> {
    if world.state().agent(agent_id).is_none() {
        return Err(Problem::not_found("agent"));
    }
    let (token, session_id) = (asked.centre.secret(), asked.centre.id());
    let session = Session {
        id: session_id,
        key_id: asked.caller.key_id,
        world: asked.caller.world.clone(),
        agent_id,
        created_at: asked.now,
        expires_at: asked.now.plus_millis(i64::from(minutes) * 60_000),
    };
    let expires_at = session.expires_at;
    if !asked.centre.sessions().begin(&token, session, asked.now) {
        return Err(Problem::new(&kinds::FULL).detail("There are too many proxy sessions."));
    }
    let answer = json(&Begun { session_id, agent_id, token, expires_at })?.status(StatusCode::CREATED);
    Ok(answer.with(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// Ends a session of the key.
pub(crate) async fn end(asked: Asked, Id(id): Id<Uuid>) -> Result<Answer, Problem> {
    asked.no_query()?;
    if asked.centre.sessions().end(id, asked.caller.key_id, asked.now) {
        Ok(Answer::nothing())
    } else {
        Err(Problem::not_found("proxy session"))
    }
}
