//! A contact centre that is alive: its state, its log, its clock, and what happens next.

mod advance;
mod as_of;
mod clock;
mod create;
mod emit;
mod history;
mod load;
mod loss;
mod record;
mod rewrite;
mod settle;
mod steps;
mod timers;
mod verbs;

pub use as_of::AsOf;
pub use clock::{Clock, ClockError};
pub use load::OpenError;
pub use loss::Loss;
pub use verbs::{Arriving, ContactDraft, Dialled, LeadDraft, Refusal, TransferMode, WrapDraft};

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

use model::Instant;

use crate::{
    event::Event,
    id::{AgentId, CallId, QueueId, RecordingId},
    log::{Epoch, Journal, Mark, Window},
    seed::Seed,
    sim::{Arrival, Config},
    state::State,
};

use timers::Timer;

/// One contact centre. Whoever asks it something first has it catch up with the time ([`World::advance`]).
#[derive(Debug)]
pub struct World {
    config: Config,
    state: State,
    window: Window,
    epoch: Epoch,
    journal: Option<Journal>,
    /// Beside the journal: how far was told.
    mark: Option<Mark>,
    /// What was lost of its file when it was opened.
    loss: Option<Loss>,
    clock: Clock,
    /// Up to when everything has happened.
    now: Instant,
    timers: BinaryHeap<Reverse<Timer>>,
    /// By their places, the order of queues: who calls in the present minute.
    minutes: Vec<Vec<Arrival>>,
    queue_ids: Vec<QueueId>,
    /// Events of the present instant, which are written as one line.
    batch: Vec<Event>,
    touched: Touched,
    /// The last event that may be told of: it is written.
    told: u64,
}

/// What changed and has to be looked at before the present instant is over.
#[derive(Debug, Default)]
struct Touched {
    calls: BTreeSet<CallId>,
    agents: BTreeSet<AgentId>,
    recordings: BTreeSet<RecordingId>,
    /// Agents who did not answer.
    missed: BTreeSet<AgentId>,
    /// Whether a call waits or an agent is free who was not before.
    route: bool,
}

impl World {
    /// What it is made of.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What holds.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The events that can be read again.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// The stretch of the log in which nothing was lost.
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Up to when everything has happened.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The last event that may be told of. What comes after it is not written yet.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// The file that survives the process.
    pub fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// What was lost of its file when it was opened, for whoever tells the operator; none where nothing was, or there was no file.
    pub fn loss(&self) -> Option<Loss> {
        self.loss
    }

    fn seed(&self) -> Seed {
        self.config.seed
    }
}
