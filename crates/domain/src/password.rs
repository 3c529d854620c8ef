use argon2::{Argon2, password_hash::PasswordHasher as _};
use tokio::sync::Semaphore;

/// Passwords that are hashed at once: each takes 19 MiB and tens of milliseconds of a core, and a burst of sign-ins must
/// neither fill memory nor starve the calls.
const AT_ONCE: usize = 2;

/// What a password is checked against when there is no such account, so that both answers take as long. Its salt and its end
/// are digests of texts and come from no password. It is written here, since making one takes as long as a sign-in, and every
/// command would wait for it.
pub(crate) const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$XizwjOxD98SHlzpmTqqRZA$Rx7qAW1cJizO8hm4KEkmNv6+Aq6Yc4kIAdwCodLzXgk";

/// Where passwords are hashed: on blocking threads, a few at a time.
pub(crate) struct Passwords {
    pub(crate) permits: Semaphore,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { permits: Semaphore::new(AT_ONCE) }
    }
}

/// Argon2id with its recommended parameters: 19 MiB, two passes, one lane.
pub(crate) fn hash(password: &[u8], salt: &[u8]) -> Option<String> {
    Argon2::default().hash_password_with_salt(password, salt).map(|hash| hash.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::phc::PasswordHash;

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
}
