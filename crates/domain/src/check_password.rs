use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordVerifier as _, phc::PasswordHash},
};
use model::{AdminError, PASSWORD_MAX, PlainSecret};

use crate::{
    Keydesk,
    password::{DECOY, hash},
    password_rules::{normalized, require_strong},
};

/// What was found when a password was checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It is not the one that was hashed.
    Wrong,
    /// It is.
    Right,
    /// It is, but it was hashed as it was typed. Hashed in its normal form, it is right from every keyboard.
    RightAsTyped {
        /// The hash of the normal form.
        better: String,
    },
}

impl Keydesk {
    /// The hash of an acceptable password of a person about whom these words are known.
    pub(crate) async fn hash_password(&self, typed: PlainSecret, about: Vec<String>) -> Result<String, AdminError> {
        let password = normalized(&typed).ok_or(AdminError::WeakPassword)?;
        let salt = self.salt();
        self.off_the_async_threads(move || {
            require_strong(&password, &about)?;
            hash(password.expose().as_bytes(), &salt).ok_or(AdminError::Unavailable)
        })
        .await?
    }

    /// Whether the password is the one that was hashed. Without a hash: wrong, after as long a time.
    pub(crate) async fn check_password(&self, typed: PlainSecret, hash: Option<String>) -> Result<Checked, AdminError> {
        let known = hash.is_some();
        let expected = hash.unwrap_or_else(|| DECOY.to_owned());
        let Some(password) = normalized(&typed) else { return Ok(Checked::Wrong) };
        let salt = self.salt();
        let found = self.off_the_async_threads(move || check(&typed, &password, &expected, &salt)).await?;
        Ok(if known { found } else { Checked::Wrong })
    }

    fn salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        self.inner.entropy.fill(&mut salt);
        salt
    }

    async fn off_the_async_threads<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AdminError> {
        let inner = Arc::clone(&self.inner);
        let _turn = inner.passwords.turn().await.ok_or(AdminError::Unavailable)?;
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            AdminError::Unavailable
        })
    }
}

fn check(typed: &PlainSecret, password: &PlainSecret, expected: &str, salt: &[u8]) -> Checked {
    let Ok(expected) = PasswordHash::new(expected) else { return Checked::Wrong };
    let is = |text: &PlainSecret| Argon2::default().verify_password(text.expose().as_bytes(), &expected).is_ok();
    if is(password) {
        return Checked::Right;
    }
    // Older hashes were made of the text as it was typed.
    if typed.expose() == password.expose() || typed.expose().chars().count() > PASSWORD_MAX || !is(typed) {
        return Checked::Wrong;
    }
    match hash(password.expose().as_bytes(), salt) {
        Some(better) => Checked::RightAsTyped { better },
        None => Checked::Right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_of_what_was_typed_is_still_right() {
        let [composed, decomposed] =
            ["caf\u{e9} correct", "cafe\u{301} correct"].map(|text| PlainSecret::new(text.to_owned()));
        let hash_of = |text: &PlainSecret| hash(text.expose().as_bytes(), &[7; 16]).unwrap();
        let check = |typed: &PlainSecret, expected: &str| check(typed, &normalized(typed).unwrap(), expected, &[8; 16]);
        let (new, old) = (hash_of(&composed), hash_of(&decomposed));
        for typed in [&composed, &decomposed] {
            assert_eq!(check(typed, &new), Checked::Right);
        }
        let Checked::RightAsTyped { better } = check(&decomposed, &old) else { panic!("not as typed") };
        assert_eq!(check(&composed, &better), Checked::Right);
        // Nobody can know that it was typed otherwise.
        assert_eq!(check(&composed, &old), Checked::Wrong);
    }
}
