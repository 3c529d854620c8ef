use model::{Key, PlainSecret};

/// An issued key with its secret, which no list will show again.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The key.
    pub key: Key,
    /// Its secret.
    pub secret: PlainSecret,
}
