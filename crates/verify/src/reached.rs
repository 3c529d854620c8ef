//! Limits that refused a call, each once in its window: so that somebody can be told.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use model::{Environment, InstallationId, Instant, KeyId};

use crate::{LimitLabel, LimitOwner, LimitState, Record};

/// Windows that are told apart at once, and limits that wait to be told of. Of those beyond nobody is told.
const MOST: usize = 10_000;

/// A limit was reached: it refused a call for the first time in this window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitReached {
    /// Whose key.
    pub installation: InstallationId,
    /// The key whose call was refused.
    pub key: KeyId,
    /// Which data the key reaches.
    pub environment: Environment,
    /// Its Client Name.
    pub client_name: String,
    /// The limit.
    pub label: LimitLabel,
    /// Calls in a window or period.
    pub limit: u64,
    /// When the window or the period is over. Windows of rate limits are counted from 1970 on, so all nodes mean the same.
    pub until: Instant,
}

/// Which limit it is: of one owner they have names of their own. The ceiling of a client is told apart for each of its keys only
/// while nothing else is known of it.
type Which = (InstallationId, LimitOwner, KeyId, LimitLabel);

#[derive(Default)]
pub(crate) struct Reached(Mutex<State>);

#[derive(Default)]
struct State {
    windows: HashMap<Which, Instant>,
    waiting: Vec<LimitReached>,
}

impl Reached {
    pub(crate) fn note(&self, record: &Record, by: &LimitState, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = by.label.owner();
        let key = if owner == LimitOwner::Installation { KeyId(uuid::Uuid::nil()) } else { record.key_id() };
        let which = (record.installation(), owner, key, by.label);
        let State { windows, waiting } = &mut *state;
        if windows.get(&which).is_some_and(|until| *until > now) {
            return;
        }
        if windows.len() >= MOST {
            windows.retain(|_, until| *until > now);
        }
        if windows.len() >= MOST || waiting.len() >= MOST {
            return;
        }
        let until = by.window_end(now);
        windows.insert(which, until);
        waiting.push(LimitReached {
            installation: record.installation(),
            key: record.key_id(),
            environment: record.environment(),
            client_name: record.client_name().as_str().to_owned(),
            label: by.label,
            limit: by.limit,
            until,
        });
    }

    pub(crate) fn take(&self) -> Vec<LimitReached> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting)
    }
}
