use model::{Key, KeyError, KeyUnavailable, PlainSecret};

/// An issued key with its secret, which no list will show again.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The key.
    pub key: Key,
    /// Its secret.
    pub secret: PlainSecret,
}

/// The answer to a request that may have come before.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The key as the first answer had it; whether it works is that of now.
    pub key: Key,
    /// Its secret, or why it can't be told again.
    pub secret: Result<PlainSecret, KeyUnavailable>,
    /// Whether this repeats an earlier answer.
    pub replayed: bool,
}

impl From<Issued> for Answered {
    fn from(issued: Issued) -> Self {
        Self { key: issued.key, secret: Ok(issued.secret), replayed: false }
    }
}

impl Answered {
    /// The key with its secret, which an answer that is given for the first time always has.
    pub fn issued(self) -> Result<Issued, KeyError> {
        match self.secret {
            Ok(secret) => Ok(Issued { key: self.key, secret }),
            Err(_) => Err(KeyError::NotRecoverable),
        }
    }
}
