use domain::Keydesk;

/// What every endpoint reaches.
#[derive(Clone)]
pub struct App {
    /// Every decision and every change goes through it.
    pub keydesk: Keydesk,
}
