/// Why a hash is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHash {
    /// It is none.
    #[error(
        "is no hash that is known: SHA-256 or SHA-512 in hexadecimal or base64url, argon2id, bcrypt, PBKDF2 or scrypt"
    )]
    Malformed,
    /// A fast hash with a salt: keys could be found by it only one after another.
    #[error("is a fast hash with a salt, by which no key can be found")]
    Salted,
    /// Of another kind.
    #[error("is of a kind that is not taken: SHA-256, SHA-512, argon2id, bcrypt, PBKDF2 and scrypt are")]
    Unsupported,
    /// Its check would take longer than a second, or more than 256 MiB.
    #[error("would take longer than a second or more than 256 MiB to check")]
    TooSlow,
}
