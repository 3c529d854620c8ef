use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordVerifier as _, phc::PasswordHash},
};
use model::{AdminError, PASSWORD_MAX, PASSWORD_MIN, PlainSecret};

use crate::{Keydesk, password::hash};

impl Keydesk {
    /// The hash of an acceptable password.
    pub(crate) async fn hash_password(&self, password: PlainSecret) -> Result<String, AdminError> {
        if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&password.expose().chars().count()) {
            return Err(AdminError::WeakPassword);
        }
        let mut salt = [0; 16];
        self.inner.entropy.fill(&mut salt);
        self.off_the_async_threads(move || hash(password.expose().as_bytes(), &salt))
            .await?
            .ok_or(AdminError::Unavailable)
    }

    /// Whether the password is the one that was hashed. Without a hash: false, after as long a time.
    pub(crate) async fn check_password(&self, password: PlainSecret, hash: Option<String>) -> Result<bool, AdminError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.inner.passwords.decoy.clone());
        // Nobody has so long a password, and hashing it would let a caller make the server work.
        if password.expose().chars().count() > PASSWORD_MAX {
            return Ok(false);
        }
        let right = self
            .off_the_async_threads(move || {
                PasswordHash::new(&hash)
                    .is_ok_and(|hash| Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(known && right)
    }

    async fn off_the_async_threads<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AdminError> {
        let inner = Arc::clone(&self.inner);
        let _permit = inner.passwords.permits.acquire().await.map_err(|_| AdminError::Unavailable)?;
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            AdminError::Unavailable
        })
    }
}
