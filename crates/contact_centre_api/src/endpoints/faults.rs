//! What goes wrong with calls because it was asked to, so that an integration can be tried against it.

use std::collections::BTreeMap;

use contact_centre::{
    event::Actor,
    objects::{Call, Wrap},
    shared::Shared,
    sim::WRAP_CODES,
    world::{World, WrapDraft},
};
use model::Instant;

use crate::{
    asked::Asked,
    kept::{FAULTS_MAX, Waiting},
    protocol::{Problem, kinds},
};

/// Has the next calls of the world be told that they are too many, and the next downloads of recordings that they are not ready.
///
/// # Errors
/// 422 of more than a thousand.
pub(crate) fn set(asked: &Asked, rate_limited: u32, slow_recordings: u32) -> Result<(), Problem> {
    for (field, count) in [("rate_limited", rate_limited), ("slow_recordings", slow_recordings)] {
        if count > FAULTS_MAX {
            return Err(Problem::field(field, "must be at most 1000"));
        }
    }
    let change = |waiting: &mut Waiting| *waiting = Waiting { rate_limited, slow_recordings };
    if asked.centre.faults().set(asked.caller.world.as_deref(), change) {
        return Ok(());
    }
    Err(Problem::new(&kinds::FULL))
}

/// Has somebody note something else of the last call that is over, as a colleague would. On a thread that may wait.
///
/// # Errors
/// 404 if no call is over yet.
pub(crate) fn late_wrap(asked: &Asked) -> Result<(), Problem> {
    note_late(&asked.world, asked.now, |_| true)
}

/// [`late_wrap`] of the last call of which something was noted that may be overwritten.
///
/// # Errors
/// 404 if there is none yet.
pub(crate) fn note_late(world: &Shared, now: Instant, may: impl Fn(&Wrap) -> bool) -> Result<(), Problem> {
    let _turn = world.turn_of_thread();
    world.with(now, |world: &mut World| -> Result<(), Problem> {
        let can = |call: &Call| {
            let noted = call.noted().is_none_or(&may);
            noted && call.closed_at.is_some() && call.has_wrap() && call.instants.answered_at.is_some()
        };
        let call = world.state().calls().rev().find(|call| can(call)).ok_or(Problem::not_found("call"))?;
        let (id, before) = (call.id, call.noted().map(|wrap| wrap.code.to_string()));
        let other = WRAP_CODES.iter().find(|code| before.as_deref() != Some(code.code));
        let draft = WrapDraft {
            code: other.map_or("other", |code| code.code).to_owned(),
            comments: Some("Noted late.".to_owned()),
            data: BTreeMap::new(),
            callback_at: None,
        };
        world.write_wrap(&Actor::SYSTEM, id, &draft, None)?;
        Ok(())
    })?
}
