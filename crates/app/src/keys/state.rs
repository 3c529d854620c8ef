use std::collections::{HashMap, HashSet};

use leptos::prelude::*;
use model::{Instant, KeyId, KeyStatus, Selection};

use super::{
    api::{KeyList, key_activity, list_keys, switch_keys},
    connection::Connection,
    created::CreatedKey,
    dom,
    filter::Filter,
    key_row::KeyRow,
    labels,
    open::Open,
    sparkline,
};
use crate::ApiError;

/// Keys on the first page: as many as a tall screen shows.
pub(super) const FIRST_PAGE: u32 = 50;
/// Keys on each further page.
const FURTHER_PAGE: u32 = 200;

/// A message about something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toast {
    pub(super) text: String,
    /// The changes that Undo takes back; empty: it can't be undone.
    pub(super) undo: Vec<i64>,
}

/// The live state of the page, which all its parts share.
#[derive(Clone, Copy)]
pub(super) struct KeysState {
    pub(super) filter: Memo<Filter>,
    /// The loaded ones, from the first.
    pub(super) rows: RwSignal<Vec<KeyRow>>,
    pub(super) next: RwSignal<Option<String>>,
    pub(super) total: RwSignal<u64>,
    pub(super) at_least: RwSignal<bool>,
    pub(super) may_change: RwSignal<bool>,
    /// Whether they may have the secret of the Default API Key.
    pub(super) may_use_default: RwSignal<bool>,
    /// Why there is no list.
    pub(super) failure: RwSignal<Option<ApiError>>,
    /// Another list is on its way.
    pub(super) searching: RwSignal<bool>,
    loading: RwSignal<bool>,
    pub(super) selected: RwSignal<HashSet<KeyId>>,
    /// All that match are selected, also those that are not loaded.
    pub(super) all: RwSignal<bool>,
    /// Secrets that a person asked to see, for a minute at most.
    pub(super) revealed: RwSignal<HashMap<KeyId, String>>,
    /// Drawn lines of the keys that were used.
    pub(super) activity: RwSignal<HashMap<KeyId, String>>,
    /// The first row in the document, and how many there are.
    pub(super) start: RwSignal<usize>,
    pub(super) count: RwSignal<usize>,
    /// Rows that a screen takes; none until it is measured.
    pub(super) screen: StoredValue<usize>,
    pub(super) open: RwSignal<Option<Open>>,
    /// A key that was made although its dialog was closed before; it is shown once no dialog is open.
    pub(super) made: RwSignal<Option<CreatedKey>>,
    pub(super) toast: RwSignal<Option<Toast>>,
    /// Announced to screen readers.
    pub(super) announced: RwSignal<String>,
    /// The browser's clock in Unix milliseconds, ticking; `None` until the page is hydrated.
    pub(super) now: RwSignal<Option<i64>>,
    /// How often the list was to be loaded again.
    pub(super) reloads: RwSignal<u32>,
    pub(super) connection: Connection,
}

impl KeysState {
    /// Whether the person may have the secret of this row's key.
    pub(super) fn may_have_secret(self, row: &KeyRow) -> bool {
        let may = if row.default { self.may_use_default } else { self.may_change };
        may.get_untracked()
    }

    pub(super) fn new(filter: Memo<Filter>, open: Option<Open>) -> Self {
        Self {
            filter,
            rows: RwSignal::default(),
            next: RwSignal::default(),
            total: RwSignal::default(),
            at_least: RwSignal::default(),
            may_change: RwSignal::default(),
            may_use_default: RwSignal::default(),
            failure: RwSignal::default(),
            searching: RwSignal::default(),
            loading: RwSignal::default(),
            selected: RwSignal::default(),
            all: RwSignal::default(),
            revealed: RwSignal::default(),
            activity: RwSignal::default(),
            start: RwSignal::default(),
            count: RwSignal::new(FIRST_PAGE as usize),
            screen: StoredValue::new(0),
            open: RwSignal::new(open),
            made: RwSignal::default(),
            toast: RwSignal::default(),
            announced: RwSignal::default(),
            now: RwSignal::default(),
            reloads: RwSignal::default(),
            connection: Connection::new(),
        }
    }

    /// Shows the first page of a list in place of the earlier rows.
    pub(super) fn receive(self, answer: Result<KeyList, ApiError>) {
        match answer {
            Ok(list) => {
                self.fill(list);
                self.failure.set(None);
            }
            Err(error) => self.failure.set(Some(error)),
        }
    }

    /// Loads the list that the address asks for, from its beginning.
    pub(super) fn reload(self) {
        let wanted = (self.filter.get_untracked(), self.reloads.get_untracked());
        self.searching.set(true);
        leptos::task::spawn_local(async move {
            let filter = wanted.0.clone();
            let answer = self.connection.ask(move || list_keys(filter.clone(), None, FIRST_PAGE)).await;
            // Meanwhile the person may have asked for something else, whose answer comes by itself.
            if self.wants() != Some(wanted) {
                return;
            }
            self.searching.set(false);
            let ids = answer.iter().flat_map(|list| list.rows.iter().map(|row| row.id)).collect();
            // The visible rows come first; the window grows again once they are painted.
            if let screen @ 1.. = self.screen.get_value() {
                self.start.set(0);
                self.count.set(screen);
            }
            self.receive(answer);
            self.load_activity(ids);
        });
    }

    /// The list that is asked for now; `None` when the page was left.
    fn wants(self) -> Option<(Filter, u32)> {
        Some((self.filter.try_get_untracked()?, self.reloads.try_get_untracked()?))
    }

    fn fill(self, list: KeyList) {
        self.total.set(list.total);
        self.at_least.set(list.at_least);
        self.may_change.set(list.may_change);
        self.may_use_default.set(list.may_use_default);
        self.next.set(list.next);
        self.revealed.set(HashMap::new());
        self.rows.set(list.rows);
    }

    /// Asks for the list again, from its beginning.
    pub(super) fn refresh(self) {
        self.reloads.update(|reloads| *reloads += 1);
    }

    /// Loads the next page, unless that is under way or there is none.
    pub(super) fn load_more(self) {
        let Some(cursor) = self.next.get_untracked() else { return };
        if self.loading.get_untracked() {
            return;
        }
        self.loading.set(true);
        let wanted = (self.filter.get_untracked(), self.reloads.get_untracked());
        leptos::task::spawn_local(async move {
            let filter = wanted.0.clone();
            let answer =
                self.connection.ask(move || list_keys(filter.clone(), Some(cursor.clone()), FURTHER_PAGE)).await;
            self.loading.set(false);
            // Meanwhile the person may have asked for something else.
            if self.wants() != Some(wanted) {
                return;
            }
            match answer {
                Ok(list) => {
                    let ids = list.rows.iter().map(|row| row.id).collect();
                    self.next.set(list.next);
                    self.rows.update(|rows| rows.extend(list.rows));
                    self.load_activity(ids);
                }
                Err(error) => self.announce(error.to_string()),
            }
        });
    }

    /// Loads the numbers that the sparklines of these keys are drawn from.
    pub(super) fn load_activity(self, ids: Vec<KeyId>) {
        leptos::task::spawn_local(async move {
            // A line is an ornament beside `Last used`: without it nothing is missing, so it is not asked for again.
            let answer = key_activity(ids).await;
            if let Ok(activity) = answer
                && !activity.is_empty()
            {
                self.activity.update(|lines| {
                    lines.extend(activity.into_iter().map(|of| (of.id, sparkline::path(&of.days))));
                });
            }
        });
    }

    /// Replaces the row of a key.
    pub(super) fn put(self, key: KeyRow) {
        self.rows.update(|rows| {
            if let Some(row) = rows.iter_mut().find(|row| row.id == key.id) {
                *row = key;
            }
        });
    }

    /// Takes keys off the list.
    pub(super) fn take(self, gone: impl Fn(&KeyId) -> bool) {
        let before = self.rows.with_untracked(Vec::len);
        self.rows.update(|rows| rows.retain(|row| row.default || !gone(&row.id)));
        let taken = before - self.rows.with_untracked(Vec::len);
        self.total.update(|total| *total = total.saturating_sub(taken as u64));
        self.clear_selection();
    }

    /// Switches keys on or off, and shows their new state.
    pub(super) fn switch(self, selection: Selection, enabled: bool) {
        let token = dom::token();
        leptos::task::spawn_local(async move {
            match self.connection.ask(move || switch_keys(selection.clone(), enabled, token.clone())).await {
                Ok(changed) => {
                    self.clear_selection();
                    self.refresh();
                    let done = if enabled { "Enabled" } else { "Disabled" };
                    self.notify(format!("{done} {}", labels::keys(changed)), Vec::new());
                }
                Err(error) => self.notify(error.to_string(), Vec::new()),
            }
        });
    }

    pub(super) fn clear_selection(self) {
        self.all.set(false);
        self.selected.set(HashSet::new());
    }

    /// How many keys are selected.
    pub(super) fn count_selected(self) -> u64 {
        if self.all.get() {
            let default = self.rows.with(|rows| rows.first().is_some_and(|row| row.default));
            self.total.get().saturating_sub(u64::from(default))
        } else {
            self.selected.with(HashSet::len) as u64
        }
    }

    pub(super) fn selection(self) -> Selection {
        if self.all.get_untracked() {
            let Filter { search, environment, status, preset, expiring, .. } = self.filter.get_untracked();
            // The server says what is soon: this clock may be wrong.
            let expiring_before = expiring.then(|| Instant::from_millis(0));
            let status = if expiring { Some(KeyStatus::Active) } else { status };
            Selection::Matching { search, environment, status, preset, expiring_before }
        } else {
            Selection::Ids(self.selected.with_untracked(|ids| ids.iter().copied().collect()))
        }
    }

    /// Selects a key, or takes it out of the selection.
    pub(super) fn select(self, id: KeyId, on: bool) {
        if self.all.get_untracked() {
            self.all.set(false);
            self.selected.set(self.selectable());
        }
        self.selected.update(|ids| _ = if on { ids.insert(id) } else { ids.remove(&id) });
    }

    /// Selects the loaded keys.
    pub(super) fn select_loaded(self) {
        self.selected.set(self.selectable());
    }

    fn selectable(self) -> HashSet<KeyId> {
        self.rows.with_untracked(|rows| rows.iter().filter(|row| !row.default).map(|row| row.id).collect())
    }

    pub(super) fn is_selected(self, id: KeyId) -> bool {
        self.all.get() || self.selected.with(|ids| ids.contains(&id))
    }

    /// Shows a message about what was done.
    pub(super) fn notify(self, text: String, undo: Vec<i64>) {
        self.toast.set(Some(Toast { text, undo }));
    }

    /// Announces something to screen readers.
    pub(super) fn announce(self, text: String) {
        self.announced.set(text);
    }
}
