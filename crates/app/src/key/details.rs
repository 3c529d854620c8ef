use std::{borrow::Cow, net::IpAddr};

use domain::{Caller, History, LimitState};
use model::{
    Handover, HandoverId, Instant, Key, KeyActivity, KeyKind, KeyLife, KeyStatus, Permission, SecretInfo, TimeZone,
    Trial, WhatBreaks,
};

use super::{done::Done, span::Span, tab::Tab, token_form::TokenForm};
use crate::{
    ApiError, FieldProblem,
    ui::{FirstCall, key_settings::SettingsForm, labels::is_default},
};

/// What the button that copies the key sends. Without scripts it reveals the key.
pub(super) const COPY: &str = "copy";

/// What a form on this page has just done, or why it was refused.
#[derive(Clone, Debug)]
pub(super) enum Flash {
    /// It was done.
    Done(&'static Done),
    /// It gave something that is shown for some minutes.
    Shown(Shown),
    /// What it gave is no longer shown: a sentence.
    Over(String),
    /// Another page has filled the form in: a sentence.
    Proposed(String),
    /// The form was refused.
    Refused(ApiError),
}

/// What a change gave.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) given: Given,
    /// The secret or the link in full.
    pub(super) text: String,
}

/// By what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// The key is new.
    Created,
    /// The key has a new secret.
    Rotated,
    /// The secret is revealed, as asked.
    Revealed,
    /// A hand-over link was made, which opens until then.
    HandOver(Instant),
    /// A derived token was made, which works until then.
    Token(Instant),
}

/// Which part of the page is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Opened {
    #[default]
    Nothing,
    /// The settings, which are filled in or were refused.
    Edit,
    Rotate,
    EndOverlap,
    HandOver,
    Token,
    /// The link.
    Withdraw(HandoverId),
    Disable,
    Delete,
}

impl Opened {
    const DIALOGS: [(Self, &str); 6] = [
        (Self::Rotate, "rotate"),
        (Self::EndOverlap, "end-overlap"),
        (Self::HandOver, "hand-over"),
        (Self::Token, "token"),
        (Self::Disable, "disable"),
        (Self::Delete, "delete"),
    ];

    /// The dialog of this name, which is also that of the form in it; `handover` is the link that it is about.
    pub(super) fn named(name: &str, handover: Option<HandoverId>) -> Self {
        if let ("withdraw", Some(handover)) = (name, handover) {
            return Self::Withdraw(handover);
        }
        Self::DIALOGS.iter().find(|(_, dialog)| *dialog == name).map_or(Self::Nothing, |(dialog, _)| *dialog)
    }

    /// Its name in an address; empty: it is no dialog.
    fn name(self) -> &'static str {
        match self {
            Self::Withdraw(_) => "withdraw",
            _ => Self::DIALOGS.iter().find(|(dialog, _)| *dialog == self).map_or("", |(_, name)| *name),
        }
    }

    /// The dialog's heading, which is its name.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Rotate => "Rotate API key",
            Self::EndOverlap => "End overlap",
            Self::HandOver => "Hand over API key",
            Self::Token => "Make a token",
            Self::Withdraw(_) => "Withdraw hand-over link",
            Self::Disable => "Disable API keys",
            Self::Delete => "Delete API keys",
            Self::Edit | Self::Nothing => "",
        }
    }

    /// The element that opens it, by its id.
    pub(super) fn opener(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Rotate => "open-rotate",
            Self::EndOverlap => "open-end-overlap",
            Self::HandOver => "open-hand-over",
            Self::Token => "open-token",
            Self::Withdraw(handover) => return Cow::Owned(format!("open-withdraw-{handover}")),
            Self::Disable => "open-disable",
            Self::Delete => "open-delete",
            Self::Edit | Self::Nothing => "",
        })
    }

    /// The page on which its form stands.
    pub(super) const fn tab(self) -> Tab {
        match self {
            Self::EndOverlap | Self::Withdraw(_) => Tab::Activity,
            _ => Tab::Settings,
        }
    }

    /// Whether it asks before something stops working.
    pub(super) const fn asks(self) -> bool {
        self.stops_key() || matches!(self, Self::EndOverlap | Self::Withdraw(_))
    }

    /// Whether that is the whole key.
    pub(super) const fn stops_key(self) -> bool {
        matches!(self, Self::Disable | Self::Delete)
    }

    /// Whether it says what the key is used for.
    pub(super) const fn says_what_breaks(self) -> bool {
        self.stops_key() || matches!(self, Self::Rotate)
    }
}

/// Everything that the page of a key shows.
#[derive(Clone, Debug)]
pub(super) struct KeyDetails {
    pub(super) key: Key,
    pub(super) secrets: Vec<SecretInfo>,
    pub(super) handovers: Vec<Handover>,
    /// Allowed calls of each of the last 30 days, today last.
    pub(super) days: Vec<u32>,
    /// Whether allowed calls are recorded.
    pub(super) recorded: bool,
    /// What the key is used for, where a dialog says so.
    pub(super) breaks: Option<WhatBreaks>,
    /// Where the key stands within its limits and ceilings; `None`: that can't be told now.
    pub(super) limits: Option<Vec<LimitState>>,
    /// The restriction of it that is tried now.
    pub(super) tried: Option<Trial>,
    pub(super) may_change: bool,
    /// Whether the person may have its secret: reveal and rotate it.
    pub(super) may_rotate: bool,
    /// Within how long the installation lets a key end.
    pub(super) longest_life: Option<KeyLife>,
    /// The installation keeps sealed copies, so a secret can be shown again.
    pub(super) recoverable: bool,
    /// What its client calls first.
    pub(super) call: FirstCall,
    pub(super) now: Instant,
    pub(super) flash: Option<Flash>,
    pub(super) open: Opened,
    /// The overlap that was chosen in a form that comes back, in seconds.
    pub(super) overlap: Option<u32>,
    /// The values of the dialog that makes a token.
    pub(super) token: TokenForm,
    /// What the tab of activity shows; `None`: the other tab is open.
    pub(super) activity: Option<ActivityDetails>,
    /// The values of the settings.
    pub(super) form: SettingsForm,
    /// Whether the form has what somebody typed, which is nowhere kept.
    pub(super) typed: bool,
    /// What is wrong with the form.
    pub(super) problems: Vec<FieldProblem>,
    /// What the change would refuse: sentences, and their names for the form. It was not made for that.
    pub(super) narrows: Option<(Vec<String>, String)>,
    /// How somebody else's version differs from the form: the label, their value, the form's value.
    pub(super) differences: Vec<(&'static str, String, String)>,
    /// The Client Name as typed.
    pub(super) name: String,
    /// The version that the form changes, where that is not the key's own.
    pub(super) version: Option<i64>,
    pub(super) catalogue: model::Catalogue,
    /// From where the person reads this.
    pub(super) reader_address: Option<IpAddr>,
}

/// What the key was used for, and what was done to it.
#[derive(Clone, Debug)]
pub(super) struct ActivityDetails {
    pub(super) activity: KeyActivity,
    pub(super) span: &'static Span,
    pub(super) zone: TimeZone,
    /// `None`: the person may not read the audit log.
    pub(super) history: Option<History>,
    /// The history does not begin with the newest entry.
    pub(super) earlier: bool,
}

impl KeyDetails {
    /// The tab that is open.
    pub(super) fn tab(&self) -> Tab {
        if self.activity.is_some() { Tab::Activity } else { Tab::Settings }
    }

    /// How far back its activity goes, where that was chosen.
    pub(super) fn range(&self) -> Option<&'static str> {
        let span = self.activity.as_ref()?.span;
        (span != Span::named("")).then_some(span.name)
    }

    /// The page as it is, without what is open or given on it.
    pub(super) fn address(&self) -> String {
        let address = self.tab().address(self.key.id);
        self.range().map_or_else(|| address.clone(), |range| format!("{address}?range={range}"))
    }

    /// The address of a dialog over the page as it is.
    pub(super) fn opens(&self, dialog: Opened) -> String {
        let address = self.address();
        let sign = if address.contains('?') { '&' } else { '?' };
        let link = match dialog {
            Opened::Withdraw(link) => format!("&handover={link}"),
            _ => String::new(),
        };
        format!("{address}{sign}open={}{link}", dialog.name())
    }

    /// Whether it works, or can again be made to.
    pub(super) fn lives(&self) -> bool {
        self.key.status != KeyStatus::Revoked
    }

    /// Whether its settings are a form for this person.
    pub(super) fn may_edit(&self) -> bool {
        self.may_change && self.lives() && !is_default(&self.key)
    }

    pub(super) fn may_reveal(&self) -> bool {
        self.may_rotate && self.recoverable && self.lives()
    }

    pub(super) fn may_hand_over(&self) -> bool {
        self.may_change && self.recoverable && self.key.status == KeyStatus::Active && !is_default(&self.key)
    }

    pub(super) fn may_make_token(&self) -> bool {
        self.may_rotate && self.key.status == KeyStatus::Active
    }

    /// Whether this element has the focus as the page opens: the one that the person left for what is done now.
    pub(super) fn focused(&self, id: &str) -> bool {
        matches!(&self.flash, Some(Flash::Done(done)) if done.focus == id)
    }
}

/// Whether whoever calls may have the key's secret: reveal and rotate it.
pub(super) fn may_rotate(caller: &Caller, key: &Key) -> bool {
    caller.may(match key.kind {
        KeyKind::Default => Permission::UseDefaultKey,
        KeyKind::Issued => Permission::ManageKeys,
    })
}
