//! What goes wrong because it was asked to, so that an integration can be tried against it.

use contact_centre::{
    event::Actor,
    id::CallId,
    objects::Call,
    sim::WRAP_CODES,
    world::{AsOf, World, WrapDraft},
};
use serde::{Deserialize, Serialize};

use super::sandbox::own_world;
use crate::{
    asked::Asked,
    kept::{FAULTS_MAX, Waiting},
    protocol::{Answer, Problem, Sent, json, kinds},
};

/// A fault.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum FaultForm {
    /// The next calls are answered 429.
    RateLimited { count: u32 },
    /// The next downloads of recordings are answered 409.
    SlowRecording { count: u32 },
    /// Somebody notes something of a call that is over, this one or the last.
    LateWrap {
        #[serde(default)]
        call_id: Option<CallId>,
    },
}

#[derive(Serialize)]
struct Faults {
    rate_limited: u32,
    slow_recordings: u32,
    /// The leg that was noted late.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<CallId>,
    as_of: AsOf,
}

/// Has something go wrong.
pub(crate) async fn post(asked: Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let form = sent.read::<FaultForm>()?;
    own_world(&asked)?;
    asked.once(&sent, || {
        asked.world(|world| match form {
            FaultForm::RateLimited { count } => {
                let count = counted(count)?;
                told(world, set(&asked, |waiting| waiting.rate_limited = count)?, None)
            }
            FaultForm::SlowRecording { count } => {
                let count = counted(count)?;
                told(world, set(&asked, |waiting| waiting.slow_recordings = count)?, None)
            }
            FaultForm::LateWrap { call_id } => {
                let id = late_wrap(world, call_id)?;
                told(world, asked.centre.faults().of(asked.caller.world.as_deref()), Some(id))
            }
        })
    })
}

fn counted(count: u32) -> Result<u32, Problem> {
    if count > FAULTS_MAX {
        return Err(Problem::field("count", "must be between 0 and 1000"));
    }
    Ok(count)
}

fn set(asked: &Asked, change: impl FnOnce(&mut Waiting)) -> Result<Waiting, Problem> {
    asked.centre.faults().set(asked.caller.world.as_deref(), change).ok_or(Problem::new(&kinds::FULL))
}

fn told(world: &World, waiting: Waiting, call_id: Option<CallId>) -> Result<Answer, Problem> {
    let Waiting { rate_limited, slow_recordings } = waiting;
    json(&Faults { rate_limited, slow_recordings, call_id, as_of: world.as_of() })
}

/// Notes something else of a call that is over, as a colleague would.
fn late_wrap(world: &mut World, id: Option<CallId>) -> Result<CallId, Problem> {
    let can = |call: &Call| call.closed_at.is_some() && call.has_wrap() && call.instants.answered_at.is_some();
    let call = match id {
        Some(id) => world.state().call(id),
        None => world.state().calls().rev().find(|call| can(call)),
    };
    let call = call.ok_or(Problem::not_found("call"))?;
    let (id, before) = (call.id, call.noted().map(|wrap| wrap.code.to_string()));
    let other = WRAP_CODES.iter().find(|code| before.as_deref() != Some(code.code)).map_or("other", |code| code.code);
    let comments = Some("Noted late.".to_owned());
    let draft =
        WrapDraft { code: other.to_owned(), comments, data: std::collections::BTreeMap::new(), callback_at: None };
    world.write_wrap(&Actor::SYSTEM, id, &draft, None)?;
    Ok(id)
}
