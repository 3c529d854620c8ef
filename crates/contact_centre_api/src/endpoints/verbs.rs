//! What is done to a call that goes on.

use contact_centre::{
    event::{Actor, TransferTarget},
    id::{AgentId, CallId, QueueId},
    world::{Refusal, TransferMode, World},
};
use serde::Deserialize;

use super::calls::shown;
use crate::{
    asked::{Asked, Id},
    protocol::{Answer, Problem, Sent},
};

/// For verbs that need to know no more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Where a customer goes, or that they go where the agent has asked already.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TransferForm {
    #[serde(default)]
    agent_id: Option<AgentId>,
    #[serde(default)]
    queue_id: Option<QueueId>,
    #[serde(default)]
    mode: Option<TransferMode>,
    /// Joins the customer with the colleague with whom the agent speaks.
    #[serde(default)]
    complete: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseForm {
    #[serde(default)]
    reason: String,
}

/// Does something to a call, once, in the name of whoever may act for its agent.
async fn act<E: Into<Problem>>(
    asked: Asked,
    id: CallId,
    sent: &Sent,
    act: impl FnOnce(&Asked, &mut World, &Actor) -> Result<(), E> + Send + 'static,
) -> Result<Answer, Problem> {
    asked.no_query()?;
    let done = asked.once_in_world(sent, move |asked, world| {
        let call = asked.call(world, id)?;
        match call.agent_id {
            Some(agent) => asked.may_act_for(agent)?,
            None if asked.session.is_some() => return Err(Refusal::WrongState(call.state).into()),
            None => {}
        }
        act(asked, world, &asked.actor()).map_err(Into::<Problem>::into)?;
        shown(asked, world, id)
    });
    done.await
}

/// Hangs up for the agent.
pub(crate) async fn hangup(asked: Asked, Id(id): Id<CallId>, sent: Sent) -> Result<Answer, Problem> {
    let Nothing {} = sent.read()?;
    act(asked, id, &sent, move |_, world, actor| world.hang_up(actor, id)).await
}

/// Puts the customer on hold.
pub(crate) async fn hold(asked: Asked, Id(id): Id<CallId>, sent: Sent) -> Result<Answer, Problem> {
    let Nothing {} = sent.read()?;
    act(asked, id, &sent, move |_, world, actor| world.hold(actor, id)).await
}

/// Takes the customer off hold.
pub(crate) async fn resume(asked: Asked, Id(id): Id<CallId>, sent: Sent) -> Result<Answer, Problem> {
    let Nothing {} = sent.read()?;
    act(asked, id, &sent, move |_, world, actor| world.resume_call(actor, id)).await
}

/// Passes the customer on.
pub(crate) async fn transfer(asked: Asked, Id(id): Id<CallId>, sent: Sent) -> Result<Answer, Problem> {
    let form = sent.read::<TransferForm>()?;
    let to = match (form.agent_id, form.queue_id, form.complete) {
        (None, None, true) if form.mode.is_none() => None,
        (Some(agent), None, false) => Some(TransferTarget::Agent(agent)),
        (None, Some(queue), false) => Some(TransferTarget::Queue(queue)),
        _ => return Err(Problem::field("agent_id", "or queue_id is required, one of both, or complete alone")),
    };
    if let Some(TransferTarget::Queue(queue)) = to {
        asked.may_see(queue)?;
    }
    let done = act(asked, id, &sent, move |asked, world, actor| -> Result<(), Problem> {
        if let Some(TransferTarget::Agent(colleague)) = to {
            asked.agent(world, colleague)?;
        }
        match to {
            Some(to) => world.transfer(actor, id, to, form.mode.unwrap_or(TransferMode::Blind)).map(drop)?,
            None => world.complete(actor, id)?,
        }
        Ok(())
    });
    done.await
}

/// Stops recording for a while.
pub(crate) async fn pause_recording(asked: Asked, Id(id): Id<CallId>, sent: Sent) -> Result<Answer, Problem> {
    let form = sent.read::<PauseForm>()?;
    act(asked, id, &sent, move |_, world, actor| world.pause_recording(actor, id, &form.reason)).await
}

/// Goes on with recording.
pub(crate) async fn resume_recording(asked: Asked, Id(id): Id<CallId>, sent: Sent) -> Result<Answer, Problem> {
    let Nothing {} = sent.read()?;
    act(asked, id, &sent, move |_, world, actor| world.resume_recording(actor, id)).await
}
