/// With what a call may come on a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bearers {
    /// A key, or a derived token in its place.
    #[default]
    KeysAndTokens,
    /// A key alone: what is made there would outlive a token.
    KeysAlone,
}
