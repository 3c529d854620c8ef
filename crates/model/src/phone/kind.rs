use serde::{Deserialize, Serialize};

/// What is behind a number, by its numbering plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PhoneKind {
    /// A place.
    FixedLine,
    /// A person's telephone.
    Mobile,
    /// One of both: some countries don't tell them apart.
    FixedLineOrMobile,
    /// Whoever is called pays.
    TollFree,
    /// Whoever calls pays more than for the call.
    PremiumRate,
    /// Both pay.
    SharedCost,
    /// A telephone of the internet.
    Voip,
    /// A person, wherever they are.
    PersonalNumber,
    /// A pager.
    Pager,
    /// A company, whose plan leads to its places.
    Uan,
    /// A mailbox.
    Voicemail,
    /// The plan does not say.
    Unknown,
}
