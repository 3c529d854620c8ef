use std::{
    future::{Future, ready},
    pin::Pin,
};

use axum::body::Bytes;
use model::InstallationId;

/// A description that is made when somebody first asks for it.
pub type Description = Pin<Box<dyn Future<Output = Option<Bytes>> + Send>>;

/// What the Integration Documentation says of this deployment.
#[derive(Clone, Debug)]
pub struct Documentation {
    /// Whether everybody may read it; else whoever is signed in.
    pub public: bool,
    /// Where the gateway is, as programs and browsers reach it: a scheme, a host and perhaps a port. `None`: there is none.
    pub gateway: Option<String>,
    /// The installation whose keys the gateway accepts.
    pub gateway_of: Option<InstallationId>,
    /// Whether the gateway accepts test keys, and an API is there for them.
    pub test_keys: bool,
    /// The same of live keys.
    pub live_keys: bool,
    /// Where Keydesk is, in the same way.
    pub workspace: String,
    /// The OpenAPI document of the contact centre.
    pub openapi: fn() -> Description,
    /// The AsyncAPI document of its streams and webhooks.
    pub asyncapi: fn() -> Bytes,
    /// The OpenAPI document of Keydesk itself; empty: there is none.
    pub management: Bytes,
    /// The same on one page.
    pub one_page: OnePage,
    /// Told of a description that can't be read: whose it is, and why. Pages say that it is missing; the reason is for the log.
    pub unreadable: fn(&str, &serde_json::Error),
}

/// A description as the text of a page.
#[derive(Clone, Debug, Default)]
pub struct OnePage {
    /// Markup without a script, below a title.
    pub html: String,
    /// Its headings: how deep each is (2 or 3), its id, its words.
    pub headings: Vec<(u8, String, String)>,
}

impl Default for Documentation {
    fn default() -> Self {
        Self {
            public: false,
            gateway: None,
            gateway_of: None,
            test_keys: false,
            live_keys: false,
            workspace: "http://127.0.0.1:3000".to_owned(),
            openapi: || Box::pin(ready(None)),
            asyncapi: Bytes::new,
            management: Bytes::new(),
            one_page: OnePage::default(),
            unreadable: |_, _| {},
        }
    }
}
