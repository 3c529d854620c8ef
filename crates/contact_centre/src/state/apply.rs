use super::{State, revisions::Revised};
use crate::{
    event::{Body, Event, Subject},
    objects::{Lead, LeadStatus, Pause, Queue, Recording, RecordingStatus, SettingsSince},
    staff,
};

impl State {
    /// Makes an event's change. An event about something that is not there changes nothing.
    pub fn apply(&mut self, event: &Event) {
        self.seq = event.seq;
        self.at = self.at.max(event.at);
        match event.subject {
            Subject::Call(id) => self.apply_to_call(id, event),
            Subject::Agent(id) => {
                if let Some(agent) = self.agents.get_mut(&id) {
                    staff::apply(agent, event);
                    Self::forget_stays(agent, event.at.plus_millis(-self.keep.history_ms));
                }
            }
            Subject::Queue(id) => {
                if let Some(queue) = self.queues.get_mut(&id) {
                    apply_to_queue(queue, event);
                }
            }
            Subject::Recording(id) => {
                if let Body::RecordingStarted(call_id) = event.body {
                    self.begin_recording(id, call_id, event);
                } else if let Some(recording) = self.recordings.get_mut(&id) {
                    apply_to_recording(recording, event);
                }
            }
            Subject::Contact(_) => {
                if let Body::ContactWritten(contact) = &event.body {
                    let mut contact = (**contact).clone();
                    contact.seq = event.seq;
                    contact.subject_seq = event.subject_seq;
                    self.contacts_made += u64::from(self.contacts.put(contact));
                }
            }
            Subject::Lead(_) => {
                if let Body::LeadWritten(lead) = &event.body {
                    debug_assert!(lead.status != LeadStatus::Due, "due is derived by now");
                    self.leads.put(Lead {
                        seq: event.seq,
                        subject_seq: event.subject_seq,
                        updated_at: event.at,
                        ..(**lead).clone()
                    });
                }
            }
        }
        if let Body::IntervalRevised { start, revision } = event.body {
            self.revisions.put(event.subject, start, Revised { revision, seq: event.seq, at: event.at });
        }
    }
}

fn apply_to_queue(queue: &mut Queue, event: &Event) {
    match &event.body {
        Body::QueueOpened => queue.open = true,
        Body::QueueClosed => queue.open = false,
        Body::QueueUpdated(settings) => {
            if queue.settings.len() >= Queue::SETTINGS_MAX {
                queue.settings.remove(0);
            }
            queue.settings.push(SettingsSince { since: event.at, settings: **settings });
        }
        _ => {}
    }
    queue.seq = event.seq;
    queue.subject_seq = event.subject_seq;
    queue.updated_at = event.at;
}

fn apply_to_recording(recording: &mut Recording, event: &Event) {
    match &event.body {
        Body::RecordingPaused(reason) => {
            recording.pauses.push(Pause { from: event.at, to: None, reason: reason.clone() });
        }
        Body::RecordingResumed => recording.end_pause(event.at),
        Body::RecordingAvailable(until) => {
            recording.status = RecordingStatus::Available;
            recording.retain_until = Some(*until);
        }
        Body::RecordingDeleted => recording.status = RecordingStatus::Deleted,
        _ => {}
    }
    recording.seq = event.seq;
    recording.subject_seq = event.subject_seq;
    recording.updated_at = event.at;
}
