//! The link with which the first owner is created.

use domain::{Keydesk, SetUpLink};
use model::{Actor, Instant};

use crate::links::Links;

/// The link and until when it works, while the installation has no administrator. Whoever has it becomes the owner, so it is
/// shown to the operator only, and never logged; and its token stands behind `#`, so that no proxy logs it.
pub async fn link(keydesk: &Keydesk, actor: Actor, installation: &str, links: &Links) -> Option<(String, Instant)> {
    let installation = keydesk.installation(installation).await.ok()??.id;
    let SetUpLink { token, ends_at } = keydesk.set_up_link(actor, installation).await.ok()??;
    Some((links.to(&format!("/setup#{}", token.expose())), ends_at))
}
