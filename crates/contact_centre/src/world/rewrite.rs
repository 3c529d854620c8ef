use std::{borrow::Cow, path::Path};

use super::{
    World,
    record::{Head, Opened, Record},
};
use crate::log::{Journal, JournalError};

/// Bytes that wait for the file before they are written, while everything is.
const WRITE_AT: usize = 1 << 20;

impl World {
    /// Writes everything into a new file, which takes the place of what is at `path`.
    pub(super) fn written_to(&self, path: &Path, boot: Option<Box<str>>) -> Result<Journal, JournalError> {
        let mut journal = Journal::anew(path)?;
        for record in self.records() {
            journal.add(&record)?;
            if journal.waiting() >= WRITE_AT {
                journal.flush()?;
            }
        }
        journal.add(&Record::Opened(Opened { epoch: self.epoch.clone(), boot }))?;
        journal.replace(path)
    }

    fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let state = &self.state;
        let head = Head {
            format: Head::FORMAT,
            config: self.config.clone(),
            clock: self.clock,
            calls_started: state.calls_started(),
            seq: state.seq(),
            at: state.at(),
        };
        let agents = state.agents().map(|agent| Record::Agent(Cow::Borrowed(agent), Cow::Borrowed(&agent.stays)));
        let revised = state.revisions().all();
        std::iter::once(Record::Head(Box::new(head)))
            .chain(state.queues().map(|queue| Record::Queue(Cow::Borrowed(queue))))
            .chain(agents)
            .chain(state.campaigns().map(|campaign| Record::Campaign(Cow::Borrowed(campaign))))
            .chain(state.contacts().map(|contact| Record::Contact(Cow::Borrowed(contact))))
            .chain(state.leads().map(|lead| Record::Lead(Cow::Borrowed(lead))))
            .chain(state.calls().map(|call| Record::Call(Cow::Borrowed(call))))
            .chain(state.recordings().map(|recording| Record::Recording(Cow::Borrowed(recording))))
            .chain(revised.map(|(subject, start, revised)| Record::Revised(subject, start.as_millis(), revised)))
            .chain(state.callbacks().map(|(call, since)| Record::Callback(call, since.as_millis())))
            .chain(self.window.bases().map(|call| Record::Base(Cow::Borrowed(call))))
            .chain(self.window.events().map(|event| Record::Past(Cow::Borrowed(event))))
            .chain(std::iter::once(Record::Ready))
    }

    /// Writes the file anew when it has become too long: what happened long ago is in what holds.
    pub(super) fn keep_journal_short(&mut self) -> Result<(), JournalError> {
        let Some(journal) = &self.journal else { return Ok(()) };
        if journal.grown() < self.config.bounds.journal_bytes || journal.waiting() > 0 {
            return Ok(());
        }
        let path = journal.path().to_owned();
        self.journal = Some(self.written_to(&path, super::load::boot())?);
        Ok(())
    }
}
