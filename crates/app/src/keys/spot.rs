//! Where a person is on the page. What moves them is in `cursor.rs` and `focus.rs`.

use leptos::{html::Div, prelude::*};
use model::KeyId;
use send_wrapper::SendWrapper;
use web_sys::Element;

/// The place that takes the focus, and where Shift extends from.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    pub(super) row: RwSignal<usize>,
    pub(super) stop: RwSignal<&'static str>,
    /// The key of the row: it may move when the list changes.
    pub(super) key: StoredValue<Option<KeyId>>,
    pub(super) anchor: RwSignal<Option<usize>>,
    /// The person asked for the end of the list, and the rows before it are still coming.
    pub(super) to_end: StoredValue<bool>,
    /// The grid itself is given the focus until the row is there; the person does not ask to see the row.
    pub(super) resting: StoredValue<bool>,
    pub(super) grid: NodeRef<Div>,
}

impl Cursor {
    pub(super) fn new() -> Self {
        Self {
            row: RwSignal::new(0),
            stop: RwSignal::new("name"),
            key: StoredValue::new(None),
            anchor: RwSignal::new(None),
            to_end: StoredValue::new(false),
            resting: StoredValue::new(false),
            grid: NodeRef::new(),
        }
    }
}

/// What had the focus.
#[derive(Clone, Copy)]
pub(super) struct Focus {
    pub(super) last: StoredValue<Option<SendWrapper<Element>>>,
    /// The last outside of the messages.
    pub(super) outside: StoredValue<Option<SendWrapper<Element>>>,
}

impl Focus {
    pub(super) fn new() -> Self {
        Self { last: StoredValue::new(None), outside: StoredValue::new(None) }
    }
}
