use domain::Keydesk;

/// The state that every endpoint gets.
#[derive(Clone)]
pub struct App {
    /// Every decision and every change goes through it.
    pub keydesk: Keydesk,
}
