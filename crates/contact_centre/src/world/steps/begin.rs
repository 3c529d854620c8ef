use crate::{
    event::{Actor, Body, NewCall, Subject},
    id::CallId,
    world::World,
};

impl World {
    /// Begins a leg. Its id follows from its number, so that the next world of this seed gives it the same.
    pub(in crate::world) fn begin_leg(&mut self, new: NewCall, actor: Option<&Actor>) -> CallId {
        let id = self.next_call_id();
        // Only what is about a leg that is there can be refused.
        let _ = self.emit(actor, Subject::Call(id), Body::Started(Box::new(new)));
        id
    }

    /// The id of the leg that begins next.
    pub(in crate::world) fn next_call_id(&self) -> CallId {
        CallId(self.seed().id(self.now, "call", self.state.calls_started()))
    }

    /// Whether another leg may begin.
    pub(in crate::world) fn has_room(&self) -> bool {
        self.state.live_count() < self.config.bounds.live_calls_max
    }
}
