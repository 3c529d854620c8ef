use argon2::{Argon2, password_hash::PasswordHasher as _};
use tokio::sync::Semaphore;

use crate::Entropy;

/// Passwords that are hashed at once: each takes 19 MiB and tens of milliseconds of a core, and a burst of sign-ins must
/// neither fill memory nor starve the calls.
const AT_ONCE: usize = 2;

/// Where passwords are hashed: on blocking threads, a few at a time.
pub(crate) struct Passwords {
    pub(crate) permits: Semaphore,
    /// The hash that a password is checked against when there is no such account, so that both answers take as long.
    pub(crate) decoy: String,
}

impl Passwords {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let mut nobody = [0; 32];
        entropy.fill(&mut nobody);
        Self { permits: Semaphore::new(AT_ONCE), decoy: hash(&nobody, &salt).unwrap_or_default() }
    }
}

/// Argon2id with its recommended parameters: 19 MiB, two passes, one lane.
pub(crate) fn hash(password: &[u8], salt: &[u8]) -> Option<String> {
    Argon2::default().hash_password_with_salt(password, salt).map(|hash| hash.to_string()).ok()
}
