//! The link that makes the first owner.

use domain::Keydesk;

/// The link, while the installation has no administrator. Whoever has it becomes the owner, so it is shown to the operator
/// alone, and never logged by a request that carries it.
pub(crate) async fn link(keydesk: &Keydesk, installation: &str, address: &str) -> Option<String> {
    let installation = keydesk.installation(installation).await.ok()??.id;
    let open = keydesk.needs_set_up(installation).await.ok()?;
    open.then(|| format!("{address}/setup?token={}", keydesk.set_up_token(installation)))
}
