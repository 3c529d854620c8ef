use serde::{Deserialize, Serialize};

/// What a page gives each change that it asks for: the same each time that the change is sent, so that it is made once,
/// and answered the same. Another change has another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    /// A random text.
    pub(crate) id: String,
    /// The person no longer wants it: it is answered if it was made, and else it never will be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) recalled: bool,
}

impl Token {
    /// The token of the same change, taken back.
    pub(crate) fn recalled(self) -> Self {
        Self { recalled: true, ..self }
    }
}

/// As long as they may be; those of our pages have 32 characters.
#[cfg(feature = "ssr")]
const LONGEST: usize = 64;

#[cfg(feature = "ssr")]
impl Token {
    /// The person as the caller of this change. `request` is what it asks for, with the verb.
    pub(crate) fn caller(
        self,
        session: &domain::Session,
        request: &impl Serialize,
    ) -> Result<domain::Caller, crate::ApiError> {
        use crate::ApiError;
        // One that others could guess would answer for another change.
        if !(16..=LONGEST).contains(&self.id.len()) {
            return Err(ApiError::Malformed);
        }
        let asked = serde_json::to_vec(request).map_err(|_| ApiError::Internal)?;
        let idempotency = domain::Idempotency { key: self.id, fingerprint: domain::fingerprint(&asked) };
        let caller = session.caller();
        Ok(if self.recalled { caller.recalling(idempotency) } else { caller.once(Some(idempotency)) })
    }
}
