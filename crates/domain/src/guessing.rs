use model::{InstallationId, Instant};
use store::StoredGuessing;

use crate::Keydesk;

/// A burst is another one when its address was not slowed down for so long.
const OVER_MS: i64 = 10 * 60 * 1000;
/// For how long addresses that guessed are kept.
pub(crate) const GUESSING_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// An address began to send many keys that don't exist, and is slowed down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuessingDetected {
    /// The installation that was asked about; `None`: whichever the keys would have belonged to.
    pub installation: Option<InstallationId>,
    /// The address, or the /64 network of an IPv6 address.
    pub network: String,
    /// Failed keys so far; at least so many.
    pub failed: u64,
    /// When it was first slowed down.
    pub since: Instant,
}

impl Keydesk {
    /// Writes down which addresses send many keys that don't exist. Gives those that began, each once on whichever node.
    pub async fn detect_guessing(&self) -> Vec<GuessingDetected> {
        let mut began = Vec::new();
        for seen in self.verifier().take_guessing() {
            let stored = StoredGuessing {
                installation: seen.installation,
                network: seen.network,
                since: seen.since,
                last: seen.last,
                failed: seen.failed,
            };
            let is_new = match self.inner.store.note_guessing(&stored, seen.since.plus_millis(-OVER_MS)).await {
                Ok(is_new) => is_new,
                Err(error) => {
                    tracing::warn!(%error, "an address that guesses keys could not be written down");
                    // Nobody may learn of it twice; that nobody learns of it would be worse.
                    seen.is_new
                }
            };
            if !is_new {
                continue;
            }
            let StoredGuessing { installation, network, since, failed, .. } = stored;
            tracing::warn!(
                target: "keydesk::guessing",
                network, failed, %since,
                "an address sends many API keys that don't exist; it is slowed down, and good keys from it are not"
            );
            began.push(GuessingDetected { installation, network, failed, since });
        }
        began
    }
}
