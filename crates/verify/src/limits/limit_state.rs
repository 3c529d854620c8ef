use std::fmt;

use model::{Instant, LimitName};

/// Whose limit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitOwner {
    /// The key's own.
    Key,
    /// A ceiling of all keys of its client.
    Client,
    /// A ceiling of all keys of its installation.
    Installation,
}

/// A limit's name as callers are told it: `daily`, `client:daily`, `installation:daily`. Copied without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LimitLabel {
    owner: LimitOwner,
    length: u8,
    name: [u8; 32],
}

impl LimitLabel {
    /// The label of a limit with this name.
    pub fn new(owner: LimitOwner, name: &LimitName) -> Self {
        let mut label = Self { owner, length: 0, name: [0; 32] };
        // A name has at most 32 bytes.
        let name = name.as_str().as_bytes();
        if let (Some(place), Ok(length)) = (label.name.get_mut(..name.len()), u8::try_from(name.len())) {
            place.copy_from_slice(name);
            label.length = length;
        }
        label
    }

    /// Whose limit it is.
    pub fn owner(&self) -> LimitOwner {
        self.owner
    }

    /// Its name among the limits of its owner.
    pub fn name(&self) -> &str {
        str::from_utf8(self.name_bytes()).unwrap_or_default()
    }

    fn name_bytes(&self) -> &[u8] {
        self.name.get(..self.length.into()).unwrap_or_default()
    }

    /// Writes it there as `Display` does, for answers to calls: without the machinery of texts that can be padded. It is made of
    /// `[a-z0-9_-]` and a colon, which no format has to escape.
    pub fn write_to(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(self.owner.prefix().as_bytes());
        text.extend_from_slice(self.name_bytes());
    }
}

impl LimitOwner {
    fn prefix(self) -> &'static str {
        match self {
            Self::Key => "",
            Self::Client => "client:",
            Self::Installation => "installation:",
        }
    }
}

impl fmt::Display for LimitLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.owner.prefix())?;
        f.write_str(self.name())
    }
}

impl fmt::Debug for LimitLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Where a key stands within a limit that applied to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitState {
    /// Its name.
    pub label: LimitLabel,
    /// Calls in each window or period.
    pub limit: u64,
    /// Calls of cost 1 that would be admitted now.
    pub remaining: u64,
    /// What kind of limit it is.
    pub kind: LimitKind,
}

impl LimitState {
    /// When the window in which `now` falls is over, counted from 1970 on; of a quota, its period.
    pub fn window_end(&self, now: Instant) -> Instant {
        match self.kind {
            LimitKind::Rate { window_seconds, .. } => {
                let window = i64::from(window_seconds) * 1_000;
                Instant::from_millis((now.as_millis().div_euclid(window) + 1).saturating_mul(window))
            }
            LimitKind::Quota { resets_at, .. } => resets_at,
        }
    }
}

/// A rate limit or a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// A rate limit.
    Rate {
        /// Length of its window, in seconds.
        window_seconds: u32,
        /// Seconds, rounded up, until as many calls as ever would be admitted at once.
        reset_seconds: u64,
    },
    /// A quota.
    Quota {
        /// When this period began.
        starts_at: Instant,
        /// When it ends, and the next one begins anew.
        resets_at: Instant,
        /// The same in seconds from now, rounded up.
        reset_seconds: u64,
    },
}

impl LimitKind {
    /// Seconds, rounded up, until it is as if nothing had been taken.
    pub fn reset_seconds(self) -> u64 {
        match self {
            Self::Rate { reset_seconds, .. } | Self::Quota { reset_seconds, .. } => reset_seconds,
        }
    }

    /// The length of the window or of this period, in seconds.
    pub fn window_seconds(self) -> u64 {
        match self {
            Self::Rate { window_seconds, .. } => window_seconds.into(),
            Self::Quota { starts_at, resets_at, .. } => seconds_between(starts_at, resets_at),
        }
    }
}

/// Whole seconds from one instant to a later one, rounded up.
pub(crate) fn seconds_between(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.as_millis().saturating_sub(from.as_millis())).unwrap_or(0).div_ceil(1_000)
}

/// Which limit refused a call, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedBy {
    /// The limit.
    pub label: LimitLabel,
    /// Whoever waits as many seconds is let in; `None`: no waiting helps, since the call costs more than the limit ever holds.
    pub retry_after_seconds: Option<u64>,
}
