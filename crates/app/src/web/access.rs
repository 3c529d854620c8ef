/// How browsers reach this deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrowserAccess {
    /// Whether they come by https, usually to a proxy in front of this server. Cookies are then bound to it; without it,
    /// people sign in on this machine only.
    pub https: bool,
}
