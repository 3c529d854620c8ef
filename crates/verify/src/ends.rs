use model::{Instant, LifeCycle};

/// [`LifeCycle`] and the end of the secret, in half of the space. [`NEVER`] stands for none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    disabled_at: i64,
    expires_at: i64,
    pub(crate) deleted_at: i64,
    pub(crate) secret_expires_at: i64,
}

pub(crate) const NEVER: i64 = i64::MAX;

fn packed(at: Option<Instant>) -> i64 {
    at.map_or(NEVER, Instant::as_millis)
}

fn unpacked(ms: i64) -> Option<Instant> {
    (ms != NEVER).then(|| Instant::from_millis(ms))
}

impl Ends {
    pub(crate) fn new(life: LifeCycle, secret_expires_at: Option<Instant>) -> Self {
        Self {
            disabled_at: packed(life.disabled_at),
            expires_at: packed(life.expires_at),
            deleted_at: packed(life.deleted_at),
            secret_expires_at: packed(secret_expires_at),
        }
    }

    /// The same of a key that is deleted at this instant.
    pub(crate) fn deleted(self, at: Instant) -> Self {
        Self { deleted_at: at.as_millis(), ..self }
    }

    pub(crate) fn life(self) -> LifeCycle {
        LifeCycle {
            disabled_at: unpacked(self.disabled_at),
            expires_at: unpacked(self.expires_at),
            deleted_at: unpacked(self.deleted_at),
        }
    }

    pub(crate) fn secret_expires_at(self) -> Option<Instant> {
        unpacked(self.secret_expires_at)
    }
}
