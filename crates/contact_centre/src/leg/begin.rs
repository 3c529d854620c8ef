use crate::{
    event::{Body, Event, NewCall, Subject},
    id::CallId,
    objects::{Call, Instants},
};

/// The leg that an event begins; none if it begins none.
pub fn begin(event: &Event) -> Option<Call> {
    match (event.subject, &event.body) {
        (Subject::Call(id), Body::Started(new)) => Some(made(id, new, event)),
        _ => None,
    }
}

fn made(id: CallId, new: &NewCall, event: &Event) -> Call {
    Call {
        id,
        root_id: new.root_id,
        parent_id: new.parent_id,
        relation: new.relation,
        direction: new.direction,
        from: new.from.clone(),
        to: new.to.clone(),
        queue_id: new.queue_id,
        agent_id: new.agent_id,
        contact_id: new.contact_id,
        campaign_id: new.campaign_id,
        lead_id: new.lead_id,
        state: new.state,
        outcome: None,
        abandoned_in: None,
        flowed_out_to: None,
        disconnected_by: None,
        cause_q850: None,
        instants: Instants { started_at: event.at, ..Instants::default() },
        holds: Vec::new(),
        offers: Vec::new(),
        consult_id: None,
        consults: 0,
        recording_id: None,
        wrap: None,
        revision: 0,
        patience_ms: new.patience_ms,
        led: new.led,
        closed_at: None,
        seq: event.seq,
        subject_seq: event.subject_seq,
        updated_at: event.at,
    }
}
