use std::sync::Arc;

use crate::{
    event::{Actor, Body, NewCall, Subject},
    id::CallId,
    leg::WrongState,
    objects::{Call, Direction, FlowedOutTo, LegState, OfferResult, PhoneNumber, Relation},
    sim::{Caller, Draws, stranger},
    world::World,
};

impl World {
    /// Somebody calls a queue.
    pub(in crate::world) fn arrive(&mut self, place: usize, n: usize) {
        let arrival = self.minutes.get(place).and_then(|minute| minute.get(n)).copied();
        let queue = self.queue_ids.get(place).and_then(|id| self.state.queue(*id));
        let (Some(arrival), Some(queue), true) = (arrival, queue, self.has_room()) else { return };
        let (queue_id, to) = (queue.id, queue.number.clone());
        let (from, contact_id) = match arrival.caller {
            Caller::Contact(which) => {
                let count = self.state.contact_count().min(self.config.contacts).max(1) as u64;
                let contact = self.state.nth_contact(usize::try_from(which % count).unwrap_or_default());
                let phones = contact.map(|contact| contact.phones.as_slice()).unwrap_or_default();
                let phone = phones.get(usize::try_from(which >> 32).unwrap_or_default() % phones.len().max(1));
                match phone {
                    Some(phone) => (phone.number.clone(), contact.map(|contact| contact.id)),
                    None => (Arc::new(PhoneNumber::withheld()), None),
                }
            }
            Caller::Stranger(which) => (stranger(Draws::numbered(self.seed(), "stranger", which)), None),
            Caller::Withheld => (Arc::new(PhoneNumber::withheld()), None),
        };
        let root_id = self.next_call_id();
        let new = NewCall {
            root_id,
            parent_id: None,
            relation: Relation::None,
            direction: Direction::Inbound,
            from,
            to,
            queue_id: Some(queue_id),
            agent_id: None,
            contact_id,
            campaign_id: None,
            lead_id: None,
            state: LegState::Ivr,
            patience_ms: None,
            led: false,
        };
        self.begin_leg(new, None);
    }

    /// The menu is over: the caller enters the queue, unless nobody works there now.
    pub(super) fn end_menu(&mut self, call: &Call) -> Result<(), WrongState> {
        match call.queue_id.and_then(|id| self.state.queue(id)) {
            Some(queue) if queue.open => {
                let queue = queue.id;
                self.emit(None, Subject::Call(call.id), Body::Queued(queue))
            }
            _ => self.flow_out(call, FlowedOutTo::Closed),
        }
    }

    /// The agent did not take the offer. A leg without a queue has nowhere else to ring.
    pub(super) fn miss(&mut self, call: &Call, result: OfferResult) -> Result<(), WrongState> {
        self.emit(None, Subject::Call(call.id), Body::OfferEnded(result))?;
        if call.instants.enqueued_at.is_some() {
            return Ok(());
        }
        self.emit(None, Subject::Call(call.id), Body::FlowedOut(FlowedOutTo::Voicemail))?;
        self.emit(None, Subject::Call(call.id), Body::Closed)
    }

    /// Both speak, and what they say is recorded, unless it is between colleagues.
    pub(in crate::world) fn answer(&mut self, call: &Call, actor: Option<&Actor>) -> Result<(), WrongState> {
        let recorded = call.relation != Relation::Consult;
        self.emit(actor, Subject::Call(call.id), Body::Answered { recorded })?;
        if recorded {
            self.begin_recording(call.id);
        }
        self.end_attempt(call.id);
        Ok(())
    }

    fn begin_recording(&mut self, call: CallId) {
        let id = self.state.call(call).and_then(|call| call.recording_id);
        if let Some(id) = id {
            let _ = self.emit(None, Subject::Recording(id), Body::RecordingStarted(call));
        }
    }
}
