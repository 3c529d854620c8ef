use std::collections::{HashMap, HashSet};

use leptos::prelude::*;
use model::{Instant, KeyId, KeyStatus, Selection};

use super::{
    api::switch_keys,
    columns::Columns,
    connection::Connection,
    created::CreatedKey,
    dom,
    filter::Filter,
    key_row::KeyRow,
    messages::{self, Toast},
    open::Open,
    spot::{Cursor, Focus},
    stop::{Done, Undo},
};
use crate::ApiError;

/// Keys on the first page: as many as a tall screen shows.
pub(super) const FIRST_PAGE: u32 = 50;

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
    /// Allowed calls are not recorded.
    pub(super) not_recorded: RwSignal<bool>,
    /// Why there is no list.
    pub(super) failure: RwSignal<Option<ApiError>>,
    /// Another list is on its way.
    pub(super) searching: RwSignal<bool>,
    /// Further rows are on their way.
    pub(super) loading: RwSignal<bool>,
    /// Rows that should be loaded: as far as the person has gone.
    pub(super) wanted: StoredValue<usize>,
    /// The filter of the rows.
    pub(super) listed: StoredValue<Filter>,
    pub(super) selected: RwSignal<HashSet<KeyId>>,
    /// All that match are selected, also those that are not loaded.
    pub(super) all: RwSignal<bool>,
    /// The person has selected all that were loaded then, and nothing less since.
    pub(super) every: RwSignal<bool>,
    /// Secrets that a person asked to see, for a minute at most.
    pub(super) revealed: RwSignal<HashMap<KeyId, String>>,
    /// Drawn lines of the keys that were used.
    pub(super) activity: RwSignal<HashMap<KeyId, String>>,
    /// The keys whose lines were asked for.
    pub(super) asked: StoredValue<HashSet<KeyId>>,
    /// The first row in the document, and how many there are.
    pub(super) start: RwSignal<usize>,
    pub(super) count: RwSignal<usize>,
    /// Rows that a screen takes; none until it is measured.
    pub(super) screen: StoredValue<usize>,
    /// The page is being printed, with all loaded rows in the document.
    pub(super) printing: StoredValue<bool>,
    /// The columns that the person wants to see.
    pub(super) columns: RwSignal<Columns>,
    pub(super) open: RwSignal<Option<Open>>,
    /// A key that was made although its dialog was closed before; it is shown once no dialog is open.
    pub(super) made: RwSignal<Option<CreatedKey>>,
    /// Messages about what was done, the newest last.
    pub(super) toasts: RwSignal<Vec<Toast>>,
    /// Announced to screen readers.
    pub(super) announced: RwSignal<String>,
    /// The browser's clock in Unix milliseconds, ticking; `None` until the page is hydrated.
    pub(super) now: RwSignal<Option<i64>>,
    /// How often the list was to be loaded again.
    pub(super) reloads: RwSignal<u32>,
    pub(super) connection: Connection,
    pub(super) cursor: Cursor,
    pub(super) focus: Focus,
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
            not_recorded: RwSignal::default(),
            failure: RwSignal::default(),
            searching: RwSignal::default(),
            loading: RwSignal::default(),
            wanted: StoredValue::default(),
            listed: StoredValue::default(),
            selected: RwSignal::default(),
            all: RwSignal::default(),
            every: RwSignal::default(),
            revealed: RwSignal::default(),
            activity: RwSignal::default(),
            asked: StoredValue::default(),
            start: RwSignal::default(),
            count: RwSignal::new(FIRST_PAGE as usize),
            screen: StoredValue::new(0),
            printing: StoredValue::new(false),
            columns: RwSignal::new(Columns::of_browser()),
            open: RwSignal::new(open),
            made: RwSignal::default(),
            toasts: RwSignal::default(),
            announced: RwSignal::default(),
            now: RwSignal::default(),
            reloads: RwSignal::default(),
            connection: Connection::new(),
            cursor: Cursor::new(),
            focus: Focus::new(),
        }
    }

    /// Replaces the row of a key, which may then belong elsewhere in the list, or no longer in it.
    pub(super) fn put(self, key: KeyRow) {
        self.rows.update(|rows| {
            if let Some(row) = rows.iter_mut().find(|row| row.id == key.id) {
                *row = key;
            }
        });
        self.refresh();
    }

    /// Takes keys off the list.
    pub(super) fn take(self, gone: impl Fn(&KeyId) -> bool) {
        let before = self.rows.with_untracked(Vec::len);
        self.rows.update(|rows| rows.retain(|row| row.default || !gone(&row.id)));
        let taken = before - self.rows.with_untracked(Vec::len);
        self.total.update(|total| *total = total.saturating_sub(taken as u64));
        self.clear_selection();
    }

    /// Switches keys on, and shows their new state.
    pub(super) fn enable(self, selection: Selection) {
        let token = dom::token();
        leptos::task::spawn_local(async move {
            match self.connection.ask(move || switch_keys(selection.clone(), true, token.clone())).await {
                Ok(switched) => {
                    self.clear_selection();
                    self.refresh();
                    self.tell(Done::switched(switched, true), None);
                }
                Err(error) => self.notify(error.to_string(), Vec::new()),
            }
        });
    }

    pub(super) fn clear_selection(self) {
        self.all.set(false);
        self.every.set(false);
        self.selected.set(HashSet::new());
    }

    /// How many keys are selected.
    pub(super) fn count_selected(self) -> u64 {
        if self.all.get() { self.selectable_total() } else { self.selected.with(HashSet::len) as u64 }
    }

    /// How many of the keys that match can be selected.
    pub(super) fn selectable_total(self) -> u64 {
        self.total.get().saturating_sub(u64::from(self.has_default()))
    }

    /// How many of the loaded keys can be selected.
    pub(super) fn selectable_loaded(self) -> usize {
        self.rows.with(Vec::len) - usize::from(self.has_default())
    }

    /// The Default API Key is the first or is not listed.
    fn has_default(self) -> bool {
        self.rows.with(|rows| rows.first().is_some_and(|row| row.default))
    }

    pub(super) fn selection(self) -> Selection {
        if self.all.get_untracked() {
            let Filter { search, environment, status, preset, expiring, attention, .. } = self.filter.get_untracked();
            // The server says what is soon: this clock may be wrong.
            let expiring_before = expiring.then(|| Instant::from_millis(0));
            let status = if expiring { Some(KeyStatus::Active) } else { status };
            Selection::Matching { search, environment, status, preset, expiring_before, attention }
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
        if !on {
            self.every.set(false);
        }
        self.selected.update(|ids| _ = if on { ids.insert(id) } else { ids.remove(&id) });
    }

    /// Selects the loaded keys.
    pub(super) fn select_loaded(self) {
        self.selected.set(self.selectable());
        self.every.set(true);
    }

    fn selectable(self) -> HashSet<KeyId> {
        self.rows.with_untracked(|rows| rows.iter().filter(|row| !row.default).map(|row| row.id).collect())
    }

    pub(super) fn is_selected(self, id: KeyId) -> bool {
        self.all.get() || self.selected.with(|ids| ids.contains(&id))
    }

    /// Shows a message about what was done. What `deletions` deleted can be undone.
    pub(super) fn notify(self, text: String, deletions: Vec<i64>) {
        self.offer(text, (!deletions.is_empty()).then_some(Undo::Delete(deletions)));
    }

    /// Shows what was done to a selection of which `shown` keys were announced.
    pub(super) fn tell(self, done: Done, shown: Option<u64>) {
        let text = done.told(shown);
        self.offer(text, Some(done.undo).filter(|undo| !undo.is_empty()));
    }

    /// Shows a message, with what it offers to undo.
    pub(super) fn offer(self, text: String, undo: Option<Undo>) {
        self.toasts.update(|toasts| messages::push(toasts, text, undo));
    }

    /// Announces something to screen readers.
    pub(super) fn announce(self, text: String) {
        self.announced.set(text);
    }
}
