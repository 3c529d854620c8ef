use crate::words::words;

words! {
    /// How a check stands.
    State {
        /// The program did what it should.
        Kept = "kept",
        /// It did not.
        Broken = "broken",
        /// It has not been seen doing either.
        NotSeen = "not_seen",
    }
}

/// What is known of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing yet; what is waited for.
    NotSeen(&'static str),
    Kept,
    /// Why.
    Broken(String),
}

impl Verdict {
    /// Kept, unless it was broken before.
    pub(super) fn keep(&mut self) {
        if matches!(self, Self::NotSeen(_)) {
            *self = Self::Kept;
        }
    }

    /// Broken, for the first reason that there was.
    pub(super) fn breaks(&mut self, why: impl Into<String>) {
        if !matches!(self, Self::Broken(_)) {
            *self = Self::Broken(why.into());
        }
    }

    pub(super) fn state(&self) -> State {
        match self {
            Self::NotSeen(_) => State::NotSeen,
            Self::Kept => State::Kept,
            Self::Broken(_) => State::Broken,
        }
    }

    /// Why there are no points.
    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::NotSeen(waited_for) => Some((*waited_for).to_owned()),
            Self::Kept => None,
            Self::Broken(why) => Some(why.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_broken_once_stays_so_and_tells_the_first_reason() {
        let mut verdict = Verdict::NotSeen("waits");
        assert_eq!((verdict.state(), verdict.reason().as_deref()), (State::NotSeen, Some("waits")));
        verdict.keep();
        assert_eq!((verdict.state(), verdict.reason()), (State::Kept, None));
        verdict.breaks("first");
        verdict.breaks("second");
        verdict.keep();
        assert_eq!((verdict.state(), verdict.reason().as_deref()), (State::Broken, Some("first")));
    }
}
