use std::collections::BTreeMap;

use model::Instant;

use super::{Refusal, bounds::json_bytes};
use crate::{
    event::{Actor, Body, Subject},
    id::CallId,
    leg::WrongState,
    metrics,
    objects::{Call, LegState, Wrap, WrittenBy},
    sim::WRAP_CODES,
    world::World,
};

/// What is to be noted of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct WrapDraft {
    /// One of the wrap codes.
    pub code: String,
    /// At most 4000 characters.
    pub comments: Option<String>,
    /// At most 32 fields of at most 256 characters, and together 6 KiB of JSON.
    pub data: BTreeMap<String, String>,
    /// When the customer wants to be called again.
    pub callback_at: Option<Instant>,
}

impl WrapDraft {
    /// # Errors
    /// [`Refusal::Invalid`] names the field that can't be so.
    fn check(&self) -> Result<(), Refusal> {
        let invalid = |field, problem| Err(Refusal::Invalid { field, problem });
        if !WRAP_CODES.iter().any(|known| known.code == self.code) {
            return invalid("code", "is not one of the wrap codes");
        }
        if self.comments.as_ref().is_some_and(|comments| comments.chars().count() > Wrap::COMMENTS_MAX) {
            return invalid("comments", "has more than 4000 characters");
        }
        if self.data.len() > Wrap::DATA_MAX {
            return invalid("data", "has more than 32 fields");
        }
        let long = |text: &String| text.chars().count() > Wrap::FIELD_MAX;
        if self.data.iter().any(|(name, value)| long(name) || long(value)) {
            return invalid("data", "has a field of more than 256 characters");
        }
        if json_bytes(&self.data) > Wrap::DATA_BYTES_MAX {
            return invalid("data", "has more than 6 KiB of JSON");
        }
        Ok(())
    }

    fn is_written(&self, wrap: &Wrap) -> bool {
        self.code == *wrap.code
            && self.comments.as_deref() == wrap.comments.as_deref()
            && self.callback_at == wrap.callback_at
            && self.data == wrap.data.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }
}

impl World {
    /// Notes what a call came to. While the agent wraps, that ends the wrapping. After the leg was closed it is late: it raises the
    /// revision of the leg and of the intervals that it is counted in. To write what is written changes nothing.
    ///
    /// `if_revision` is the revision that the writer has read, where that matters to them.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::WrongState`] of a leg that nobody has answered or that is a consultation,
    /// [`Refusal::Invalid`], [`Refusal::Changed`], and [`Refusal::Full`] of a wrap that was changed a hundred times.
    pub fn write_wrap(
        &mut self,
        actor: &Actor,
        id: CallId,
        draft: &WrapDraft,
        if_revision: Option<u32>,
    ) -> Result<(), Refusal> {
        draft.check()?;
        let call = self.found(id)?;
        let noted = call.wrap.as_deref();
        if if_revision.is_some_and(|read| noted.map(|wrap| wrap.revision) != Some(read)) {
            return Err(Refusal::Changed);
        }
        if noted.is_some_and(|wrap| draft.is_written(wrap)) && call.state != LegState::Wrapping {
            return Ok(());
        }
        if noted.is_some_and(|wrap| wrap.revision >= Wrap::REVISIONS_MAX) {
            return Err(Refusal::Full("changes of this wrap"));
        }
        let late = call.closed_at.is_some();
        let boxed = |text: &String| text.as_str().into();
        let wrap = Wrap {
            code: boxed(&draft.code),
            comments: draft.comments.as_ref().map(boxed),
            data: draft.data.iter().map(|(name, value)| (boxed(name), boxed(value))).collect(),
            callback_at: draft.callback_at,
            by: WrittenBy { agent_id: actor.agent_id, key_id: actor.key_id },
            late,
            revision: noted.map_or(0, |wrap| wrap.revision + 1),
            created_at: noted.map_or(self.now(), |wrap| wrap.created_at),
            written_at: self.now(),
        };
        self.act(actor, |world| world.wrap_up(&call, wrap, actor))
    }

    fn wrap_up(&mut self, call: &Call, wrap: Wrap, actor: &Actor) -> Result<(), WrongState> {
        self.emit(Some(actor), Subject::Call(call.id), Body::WrapWritten(Box::new(wrap)))?;
        if call.state == LegState::Wrapping {
            return self.finish_wrap(call, Some(actor));
        }
        if call.closed_at.is_some() {
            self.emit(Some(actor), Subject::Call(call.id), Body::Corrected)?;
            self.revise_intervals(call, actor);
        }
        Ok(())
    }

    /// Raises the revision of the intervals whose figures a correction of the leg changes, also of one that goes on: so do their rows, which
    /// count the corrections of legs.
    fn revise_intervals(&mut self, call: &Call, actor: &Actor) {
        let touched = metrics::revised_by(&metrics::Leg::new(call, |id| self.state().call(id)));
        for (subject, start) in touched {
            let revision = self.state().revisions().get(subject, start).map_or(1, |last| last.revision + 1);
            let _ = self.emit(Some(actor), subject, Body::IntervalRevised { start, revision });
        }
    }
}
