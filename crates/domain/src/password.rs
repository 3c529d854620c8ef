use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use argon2::{Argon2, password_hash::PasswordHasher as _};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Passwords that are hashed at once: each takes 19 MiB and tens of milliseconds of a core, and a burst of sign-ins must
/// neither fill memory nor starve the calls.
const AT_ONCE: usize = 2;

/// What a password is checked against when there is no such account, so that both answers take as long; and what stands in the place of
/// a hash where somebody signs in with their organisation's account alone. Its salt and its end are digests of texts and come from no
/// password. It is written here, since making one takes as long as a sign-in, and every command would wait for it.
pub(crate) const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$XizwjOxD98SHlzpmTqqRZA$Rx7qAW1cJizO8hm4KEkmNv6+Aq6Yc4kIAdwCodLzXgk";

/// Passwords that are hashed or wait for it. The throttle admits fewer at once.
pub(crate) const MOST: usize = 200;

/// Where passwords are hashed: on blocking threads, a few at a time.
pub(crate) struct Passwords {
    permits: Semaphore,
    /// Those that are hashed or wait.
    under_way: AtomicUsize,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { permits: Semaphore::new(AT_ONCE), under_way: AtomicUsize::new(0) }
    }

    /// Waits for a turn to hash one. `None`: too many wait.
    pub(crate) async fn turn(&self) -> Option<Turn<'_>> {
        let before = self.under_way.fetch_add(1, Relaxed);
        let turn = Counted(&self.under_way);
        if before >= MOST {
            return None;
        }
        let permit = self.permits.acquire().await.ok()?;
        Some(Turn { _permit: permit, _counted: turn })
    }

    /// How many are hashed or wait.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Relaxed)
    }
}

/// Held while a password is hashed.
pub(crate) struct Turn<'a> {
    _permit: SemaphorePermit<'a>,
    _counted: Counted<'a>,
}

struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Argon2id with its recommended parameters: 19 MiB, two passes, one lane.
pub(crate) fn hash(password: &[u8], salt: &[u8]) -> Option<String> {
    Argon2::default().hash_password_with_salt(password, salt).map(|hash| hash.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::phc::PasswordHash;
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn the_decoy_takes_as_long_as_a_hash_of_ours() {
        let cost = |text: &str| text.rsplitn(3, '$').last().map(str::to_owned);
        let ours = hash(b"correct horse battery", &[7; 16]).unwrap();
        assert_eq!(cost(DECOY), cost(&ours));
        let lengths = |text: &str| {
            let hash = PasswordHash::new(text).unwrap();
            (hash.salt.unwrap().len(), hash.hash.unwrap().len())
        };
        assert_eq!(lengths(DECOY), lengths(&ours));
    }

    #[tokio::test]
    async fn two_are_hashed_at_once_and_a_bounded_number_wait() {
        let passwords = Passwords::new();
        let (one, _two) = (passwords.turn().await.unwrap(), passwords.turn().await.unwrap());
        let mut waiting: Vec<_> = (AT_ONCE..MOST).map(|_| Box::pin(passwords.turn())).collect();
        assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()));
        assert!(passwords.turn().await.is_none(), "one too many");
        drop(one);
        assert!(waiting.remove(0).await.is_some());
        drop(waiting);
        assert_eq!(passwords.under_way(), 1);
    }
}
