use model::{DeliveryPage, DeliveryState, Webhook};

use crate::{ApiError, FieldProblem};

/// What a form has just done, or why it was refused.
#[derive(Clone, Debug)]
pub(super) enum Flash {
    /// It was done: a sentence, and the element that has the focus then.
    Done(&'static str, &'static str),
    /// It gave a secret, which is shown here alone; `None`: the public key serves.
    Secret(Option<String>),
    /// The form was refused.
    Refused(ApiError),
}

/// The dialog that an address opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Opened {
    #[default]
    Nothing,
    Rotate,
    Disable,
    Delete,
    Redeliver,
}

impl Opened {
    const ALL: [(Self, &str); 4] = [
        (Self::Rotate, "rotate"),
        (Self::Disable, "disable"),
        (Self::Delete, "delete"),
        (Self::Redeliver, "redeliver"),
    ];

    /// The dialog of this name, which is also that of the form in it.
    pub(super) fn named(name: &str) -> Self {
        Self::ALL.iter().find(|(_, own)| *own == name).map_or(Self::Nothing, |(opened, _)| *opened)
    }

    /// The element that opens it, by its id.
    pub(super) const fn opener(self) -> &'static str {
        match self {
            Self::Rotate => "open-rotate",
            Self::Disable => "open-disable",
            Self::Delete => "open-delete",
            Self::Redeliver => "open-redeliver",
            Self::Nothing => "",
        }
    }
}

/// The fields of a form, as they are typed.
#[derive(Clone, Debug, Default)]
pub(super) struct WebhookForm {
    pub(super) url: String,
    pub(super) types: String,
    pub(super) unordered: bool,
    /// Of a new one alone.
    pub(super) asymmetric: bool,
    pub(super) test: bool,
}

impl WebhookForm {
    pub(super) fn of(webhook: &Webhook) -> Self {
        Self {
            url: webhook.url.clone(),
            types: webhook.types.iter().collect::<Vec<_>>().join("\n"),
            unordered: webhook.order == model::WebhookOrder::None,
            ..Self::default()
        }
    }
}

/// Everything that the list shows.
#[derive(Clone, Debug)]
pub(super) struct WebhookList {
    pub(super) webhooks: Vec<Webhook>,
    /// The form of a new one, if it is open.
    pub(super) form: Option<WebhookForm>,
    pub(super) problems: Vec<FieldProblem>,
    pub(super) flash: Option<Flash>,
}

/// Everything that the page of a receiver shows.
#[derive(Clone, Debug)]
pub(super) struct WebhookDetails {
    pub(super) webhook: Webhook,
    pub(super) deliveries: DeliveryPage,
    /// The state to which the list of deliveries is bound.
    pub(super) state: Option<DeliveryState>,
    /// The list does not begin with the newest.
    pub(super) earlier: bool,
    pub(super) open: Opened,
    /// The form that edits it, if it is open.
    pub(super) form: Option<WebhookForm>,
    pub(super) problems: Vec<FieldProblem>,
    pub(super) flash: Option<Flash>,
}

impl WebhookDetails {
    pub(super) fn address(&self) -> String {
        format!("/webhooks/{}", self.webhook.id)
    }

    pub(super) fn focused(&self, id: &str) -> bool {
        matches!(&self.flash, Some(Flash::Done(_, focus)) if *focus == id)
    }
}
