use serde::Deserialize;

/// What the browser says of a page that has asked for a passkey (WebAuthn, 5.8.1). Further fields may come.
#[derive(Deserialize)]
pub(super) struct ClientData {
    /// `webauthn.create` or `webauthn.get`.
    pub(super) r#type: String,
    /// As the page was given it.
    pub(super) challenge: String,
    pub(super) origin: String,
    /// The page stands in one of another origin. None of ours does.
    #[serde(default, rename = "crossOrigin")]
    pub(super) cross_origin: bool,
}

impl ClientData {
    /// Whether a page of this origin has asked for this.
    pub(super) fn is(&self, asked: &str, origin: &str) -> bool {
        self.r#type == asked && self.origin == origin && !self.cross_origin
    }
}
