use std::collections::BTreeMap;

use model::{
    Ceiling, ClaimKind, ClaimName, Contact, Environment, EventPatterns, KeyId, KeyLife, LeakRule, Preset,
    RequiredSecondFactor, SettingsPatch, TimeZone, WebhookId, WebhookOrder, WebhookSignature,
};

use crate::CeilingOf;

/// Routes as they are compared: method and template, and in words what they ask for.
pub type RouteLines = BTreeMap<String, String>;

/// What a file says.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name, which tells what it holds from what others hold.
    pub file: ClaimName,
    /// Of the installation.
    pub settings: WantedSettings,
    /// Ceilings.
    pub limits: Vec<WantedLimits>,
    /// API keys.
    pub keys: Vec<WantedKey>,
    /// Receivers of events.
    pub webhooks: Vec<WantedWebhook>,
    /// Routes; `None`: it says nothing of them.
    pub routes: Option<RouteLines>,
    /// The routes that are there, also those that somebody else wrote.
    pub routes_now: RouteLines,
    /// It takes over routes that were written by hand.
    pub claims_routes: bool,
    /// What it no longer holds, and leaves as it is.
    pub release: Vec<(ClaimKind, ClaimName)>,
}

impl Wanted {
    /// A file that says nothing.
    pub fn nothing(file: ClaimName) -> Self {
        Self {
            file,
            settings: WantedSettings::default(),
            limits: Vec::new(),
            keys: Vec::new(),
            webhooks: Vec::new(),
            routes: None,
            routes_now: RouteLines::new(),
            claims_routes: false,
            release: Vec::new(),
        }
    }
}

/// Settings of the installation; one that is not given is left alone.
#[derive(Clone, Debug, Default)]
pub struct WantedSettings {
    /// Its name for people.
    pub title: Option<String>,
    /// Whose days are meant, where nobody says whose else.
    pub time_zone: Option<TimeZone>,
    /// Whether its API Keys module is on.
    pub enabled: Option<bool>,
    /// Whom people ask where that is off; `Some(None)`: nobody in particular.
    pub contact: Option<Option<Contact>>,
    /// Within how many days a key must end; `Some(None)`: it needs no end.
    pub longest_life: Option<Option<KeyLife>>,
    /// What the form of a new key begins with; `Some(None)`: nothing is chosen.
    pub default_preset: Option<Option<Preset>>,
    /// Who of its people must have a second factor.
    pub required_second_factor: Option<RequiredSecondFactor>,
    /// What becomes of its keys that a signed report says have leaked.
    pub leak_rule: Option<LeakRule>,
}

/// A ceiling.
#[derive(Clone, Debug)]
pub struct WantedLimits {
    /// Whose.
    pub of: CeilingOf,
    /// All of its limits.
    pub ceiling: Ceiling,
    /// It takes over one that was set by hand.
    pub claim: bool,
}

/// An API key.
#[derive(Clone, Debug)]
pub struct WantedKey {
    /// By which the file knows it.
    pub name: ClaimName,
    /// Which data it reaches, if the file says it; a new one reaches live data.
    pub environment: Option<Environment>,
    /// The settings that the file says.
    pub settings: SettingsPatch,
    /// A key that was made by hand, and that it takes over.
    pub claim: Option<KeyId>,
    /// Where the secret of a new key goes, in words; `None`: nowhere.
    pub secret: Option<String>,
}

/// A receiver of events.
#[derive(Clone, Debug)]
pub struct WantedWebhook {
    /// By which the file knows it.
    pub name: ClaimName,
    /// Where events are sent.
    pub url: Option<String>,
    /// Which types of events.
    pub types: Option<EventPatterns>,
    /// In which order.
    pub order: Option<WebhookOrder>,
    /// How they are signed.
    pub signature: Option<WebhookSignature>,
    /// Whether it gets events about test keys alone.
    pub environment: Option<Environment>,
    /// Whether events are sent.
    pub enabled: Option<bool>,
    /// A receiver that was made by hand, and that it takes over.
    pub claim: Option<WebhookId>,
    /// Where the secret of a new one goes, in words; `None`: nowhere.
    pub secret: Option<String>,
}
