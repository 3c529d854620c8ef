//! What a form on the page of a key has done, by the name that the address has after it.

use model::{Key, KeyId, KeyStatus};

use super::tab::Tab;

/// Something that was done.
#[derive(Debug)]
pub(super) struct Done {
    /// Its name in the address.
    pub(super) name: &'static str,
    /// Where it is told.
    tab: Tab,
    /// A sentence.
    pub(super) text: &'static str,
    /// Whether it is still so: an address may be opened later.
    pub(super) holds: fn(&Key) -> bool,
    /// The form that takes it back.
    pub(super) undo: Option<&'static str>,
    /// The element that has the focus afterwards: where the person was.
    pub(super) focus: &'static str,
}

impl Done {
    /// What an address names.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        DONE.iter().find(|done| done.name == name)
    }

    /// Where something that was done to a key is told.
    pub(super) fn address(name: &str, key: KeyId) -> String {
        let tab = Self::named(name).map(|done| done.tab).unwrap_or_default();
        format!("{}?done={name}", tab.address(key))
    }
}

static DONE: [Done; 10] = [
    Done {
        name: "found",
        tab: Tab::Settings,
        text: "This is the key that you looked up.",
        holds: |_| true,
        undo: None,
        focus: "key-title",
    },
    Done { name: "saved", tab: Tab::Settings, text: "Saved.", holds: |_| true, undo: None, focus: "save" },
    Done {
        name: "disabled",
        tab: Tab::Settings,
        text: "Disabled. Every call with this key is refused from now on.",
        holds: |key| key.status == KeyStatus::Disabled,
        undo: Some("enable"),
        focus: "enable",
    },
    Done {
        name: "enabled",
        tab: Tab::Settings,
        text: "Enabled.",
        holds: |key| key.settings.enabled,
        undo: None,
        focus: "open-disable",
    },
    Done {
        name: "deleted",
        tab: Tab::Settings,
        text: DELETED,
        holds: is_deleted,
        undo: Some("restore"),
        focus: "restore",
    },
    // Whoever comes from the list sees which key it was.
    Done {
        name: "deleted-in-list",
        tab: Tab::Settings,
        text: DELETED,
        holds: is_deleted,
        undo: Some("restore"),
        focus: "key-title",
    },
    Done {
        name: "ended",
        tab: Tab::Activity,
        text: "The overlap has ended. Only the current secret works.",
        holds: |_| true,
        undo: None,
        focus: "secrets-title",
    },
    Done {
        name: "restored",
        tab: Tab::Settings,
        text: "Restored.",
        holds: |key| key.status != KeyStatus::Revoked,
        undo: None,
        focus: "open-delete",
    },
    Done {
        name: "withdrawn",
        tab: Tab::Activity,
        text: "The hand-over link is withdrawn. It no longer works.",
        holds: |_| true,
        undo: None,
        focus: "hand-over-title",
    },
    Done {
        name: "unchanged",
        tab: Tab::Settings,
        text: "Nothing was changed.",
        holds: |_| true,
        undo: None,
        focus: "key-title",
    },
];

const DELETED: &str = "Deleted. Every call with this key is refused from now on.";

fn is_deleted(key: &Key) -> bool {
    key.status == KeyStatus::Revoked
}
