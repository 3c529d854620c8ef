//! The link with which the first owner is created.

use domain::Keydesk;

/// The link, while the installation has no administrator. Whoever has it becomes the owner, so it is shown to the
/// operator only, and never logged.
pub(crate) async fn link(keydesk: &Keydesk, installation: &str, address: &str) -> Option<String> {
    let installation = keydesk.installation(installation).await.ok()??.id;
    let open = keydesk.needs_set_up(installation).await.ok()?;
    open.then(|| format!("{address}/setup?token={}", keydesk.set_up_token(installation)))
}
