use std::{
    collections::{BinaryHeap, HashMap},
    path::Path,
};

use model::Instant;

use super::{
    Clock, Loss, Touched, World,
    record::{Head, Opened, Record},
};
use crate::{
    id::CallId,
    log::{Epoch, Journal, JournalError, Mark, Tail, Window},
    objects::Call,
    sim::Config,
    state::{Genesis, State},
};

/// A world can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its journal says why.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What a file told so far.
#[derive(Default)]
struct Loading {
    head: Option<Box<Head>>,
    genesis: Genesis,
    bases: HashMap<CallId, Call>,
    past: Vec<crate::event::Event>,
    ready: Option<(State, Window)>,
    clock: Option<Clock>,
    opened: Option<Opened>,
    closed: bool,
}

impl World {
    /// Opens the world that a file holds, or begins it: with 30 days that have passed, and from now on by the machine's time.
    ///
    /// A file of another configuration, or one that lies too far back to catch up with, is replaced. If events may have been lost, the
    /// epoch is another, and [`Self::loss`] says why.
    ///
    /// # Errors
    /// [`OpenError`] if the file can't be read or written, or is in use.
    pub fn open(config: Config, path: &Path, real: Instant) -> Result<Self, OpenError> {
        let mut loading = Loading::default();
        let bounds = config.bounds;
        let (journal, tail) = Journal::open(path, |record| loading.take(record, &bounds))?;
        let boot = boot();
        let kept = loading.into_kept(&config, real);
        let Some(Kept { state, window, clock, opened, closed }) = kept else {
            let had = !journal.is_empty() || journal.cut() > 0;
            // The lock goes with the old file.
            drop(journal);
            let mut world = Self::ephemeral(config, real);
            world.keep_in(path, boot)?;
            world.loss = had.then_some(Loss::Replaced);
            return Ok(world);
        };
        // The operating system keeps what was handed to it, unless the machine itself went down.
        let same_boot = opened.boot.is_some() && opened.boot == boot;
        let mark = Mark::beside(path)?;
        // A file that was cut off looks as one that a killed process has left. What was told beyond its end is lost.
        let all_told = mark.told()?.is_some_and(|told| told.epoch == opened.epoch && told.seq <= state.seq());
        let loss = match tail {
            Tail::Broken => Some(Loss::Broken { cut: journal.cut() }),
            _ if !all_told => Some(Loss::Short),
            _ if !closed && !same_boot => Some(Loss::MachineWentDown),
            Tail::Whole | Tail::Unfinished => None,
        };
        let epoch = if loss.is_some() { Epoch::beginning(config.seed, real) } else { opened.epoch };
        let mut world = Self::of(config, state, window, epoch, clock);
        world.loss = loss;
        let mut journal = journal;
        journal.add(&Record::Opened(Opened { epoch: world.epoch.clone(), boot }))?;
        journal.flush()?;
        world.journal = Some(journal);
        world.mark = Some(mark);
        world.mark_told(world.told)?;
        Ok(world)
    }

    /// A world of parts.
    pub(super) fn of(config: Config, state: State, window: Window, epoch: Epoch, clock: Clock) -> Self {
        let queue_ids: Vec<_> = state.queues().map(|queue| queue.id).collect();
        let mut world = Self {
            now: state.at(),
            told: state.seq(),
            minutes: vec![Vec::new(); queue_ids.len()],
            config,
            state,
            window,
            epoch,
            journal: None,
            mark: None,
            loss: None,
            clock,
            timers: BinaryHeap::new(),
            queue_ids,
            batch: Vec::new(),
            touched: Touched::default(),
        };
        world.set_all();
        world
    }

    /// Writes everything down and lets the file go. What is closed so has lost nothing, whatever becomes of the machine.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn close(mut self) -> Result<(), JournalError> {
        self.seal()?;
        self.flush()?;
        if let Some(journal) = &mut self.journal {
            let path = journal.path().to_owned();
            let failed = |source| JournalError::Io { path, what: "written", source };
            journal.handle().and_then(|file| file.sync_all()).map_err(failed)?;
            // Without it, what was closed would look as if it had been cut off.
            self.mark.as_ref().map_or(Ok(()), Mark::sync)?;
            journal.add(&Record::Closed)?;
            journal.flush()?;
        }
        Ok(())
    }
}

/// A world that a file held.
struct Kept {
    state: State,
    window: Window,
    clock: Clock,
    opened: Opened,
    closed: bool,
}

impl Loading {
    /// Takes a line in. Says whether it was in its place.
    fn take(&mut self, record: Record<'static>, bounds: &crate::sim::Bounds) -> bool {
        self.closed = false;
        match record {
            Record::Head(head) if self.head.is_none() && head.format == Head::FORMAT => {
                self.genesis.calls_started = head.calls_started;
                self.genesis.seq = head.seq;
                self.genesis.at = head.at;
                self.clock = Some(head.clock);
                self.head = Some(head);
            }
            _ if self.head.is_none() => return false,
            Record::Ready if self.ready.is_none() => self.begin(bounds),
            Record::Events(events) => return self.happen(events),
            Record::Clock(clock) if self.ready.is_some() => self.clock = Some(clock),
            Record::Opened(opened) if self.ready.is_some() => self.opened = Some(opened),
            Record::Closed if self.ready.is_some() => self.closed = true,
            _ if self.ready.is_some() => return false,
            Record::Queue(queue) => self.genesis.queues.push(queue.into_owned()),
            Record::Agent(agent, stays) => {
                let mut agent = agent.into_owned();
                agent.stays = stays.into_owned();
                self.genesis.agents.push(agent);
            }
            Record::Campaign(campaign) => self.genesis.campaigns.push(campaign.into_owned()),
            Record::Contact(contact) => self.genesis.contacts.push(contact.into_owned()),
            Record::Lead(lead) => self.genesis.leads.push(lead.into_owned()),
            Record::Call(call) => self.genesis.calls.push(call.into_owned()),
            Record::Recording(recording) => self.genesis.recordings.push(recording.into_owned()),
            Record::Revised(subject, start, revised) => {
                self.genesis.revisions.put(subject, Instant::from_millis(start), revised);
            }
            Record::Callback(call, since) => self.genesis.callbacks.push((call, since)),
            Record::Base(call) => {
                self.bases.insert(call.id, call.into_owned());
            }
            Record::Past(event) => self.past.push(event.into_owned()),
            Record::Head(_) | Record::Ready | Record::Clock(_) | Record::Opened(_) | Record::Closed => return false,
        }
        true
    }

    fn begin(&mut self, bounds: &crate::sim::Bounds) {
        let genesis = std::mem::take(&mut self.genesis);
        let before = genesis.seq - (self.past.len() as u64).min(genesis.seq);
        let mut window = Window::after(before, bounds.events_max, bounds.events_ms, bounds.events_bytes);
        for event in std::mem::take(&mut self.past) {
            window.restore(event, &mut self.bases);
        }
        self.ready = Some((State::new(bounds.keep, genesis), window));
    }

    fn happen(&mut self, events: Vec<crate::event::Event>) -> bool {
        let Some((state, window)) = &mut self.ready else { return false };
        for event in events {
            if event.seq != state.seq() + 1 {
                return false;
            }
            let before = match event.subject {
                crate::event::Subject::Call(id) => state.call(id),
                _ => None,
            };
            window.push(event.clone(), before);
            state.apply(&event);
        }
        true
    }

    /// What a file held, if it is a world of this configuration that can still catch up.
    fn into_kept(self, config: &Config, real: Instant) -> Option<Kept> {
        let (state, window) = self.ready?;
        let (clock, opened) = (self.clock?, self.opened?);
        let had = Config { bounds: config.bounds, ..self.head?.config };
        let behind = clock.at(real).as_millis() - state.at().as_millis();
        (had == *config && behind <= Clock::JUMP_MAX_MS).then_some(Kept {
            state,
            window,
            clock,
            opened,
            closed: self.closed,
        })
    }
}

/// The run of the machine, where its system gives it a name.
pub(super) fn boot() -> Option<Box<str>> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().into())
}
