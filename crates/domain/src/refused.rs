//! What strangers cause without end is no audit entry, since the log would be a way to fill the disk: it is a line of the log.

use model::Actor;

use crate::{Keydesk, Via, lines::Refused};

impl Keydesk {
    /// Writes a refusal to the log, unless there were many like it in this second. `actor`: who was refused, if that is known.
    pub fn tell_refused(&self, kind: Refused, actor: Option<Actor>, code: &'static str, via: &Via) {
        let Some(left_out) = self.inner.lines.admit(kind, self.now()) else { return };
        let (key, administrator) = match actor {
            Some(Actor::Key { id }) => (Some(id), None),
            Some(Actor::Administrator { id }) => (None, Some(id)),
            _ => (None, None),
        };
        tracing::info!(
            target: "keydesk::refused",
            code,
            key = key.map(tracing::field::display),
            administrator = administrator.map(tracing::field::display),
            address = via.address.map(tracing::field::display),
            request_id = via.request_id.map(tracing::field::display),
            left_out = (left_out > 0).then_some(left_out),
            "{}", kind.message()
        );
    }
}
