use serde::Serialize;

use super::State;
use crate::words::words;

words! {
    /// What an integration uses, by which it is decided what is checked.
    Use {
        /// Server-sent events, or a WebSocket.
        Stream = "stream",
        /// Deliveries to an address of its own.
        Webhook = "webhook",
        /// It has calls made.
        Calls = "calls",
        /// It reads lists or tables, and then what changed.
        Changes = "changes",
        /// It downloads recordings.
        Recordings = "recordings",
        /// It reads figures by intervals.
        Metrics = "metrics",
    }
}

words! {
    /// One thing that is checked.
    Check {
        /// After a refusal with `Retry-After`.
        WaitsAfter429 = "waits_after_429",
        /// After a stream was cut.
        ResumesStreams = "resumes_streams",
        /// After `stream.reset`.
        AcceptsResets = "accepts_resets",
        /// `POST /v1/calls` that was refused.
        RepeatsCallsByName = "repeats_calls_by_name",
        /// By `changed_since`.
        ReadsChanges = "reads_changes",
        /// After 410.
        ReadsAnewAfter410 = "reads_anew_after_410",
        /// By `next_cursor`.
        FollowsPages = "follows_pages",
        /// Figures that were revised.
        RereadsRevisedOnly = "rereads_revised_only",
        /// After 409 `recording_not_ready`.
        WaitsForRecordings = "waits_for_recordings",
        /// Deliveries, late ones too.
        AcceptsWebhooks = "accepts_webhooks",
        /// The same delivery again.
        AcceptsDuplicates = "accepts_duplicates",
        /// Soon.
        AnswersQuickly = "answers_quickly",
        /// A delivery that somebody else has signed.
        VerifiesSignatures = "verifies_signatures",
    }
}

impl Check {
    /// Points of each check.
    pub const POINTS: u32 = 10;

    /// The acceptance case of the design that it belongs to.
    pub const fn case(self) -> u8 {
        match self {
            Self::ResumesStreams => 8,
            Self::AcceptsResets => 9,
            Self::AcceptsWebhooks | Self::AcceptsDuplicates | Self::AnswersQuickly | Self::VerifiesSignatures => 10,
            Self::RereadsRevisedOnly => 11,
            Self::RepeatsCallsByName => 17,
            Self::ReadsChanges | Self::ReadsAnewAfter410 | Self::FollowsPages => 18,
            Self::WaitsForRecordings | Self::WaitsAfter429 => 19,
        }
    }

    /// What a program should do.
    pub const fn text(self) -> &'static str {
        match self {
            Self::WaitsAfter429 => {
                "A request that was answered 429 is sent again, and not before the seconds of Retry-After have passed."
            }
            Self::ResumesStreams => {
                "A stream that was cut is opened again within a minute, with the last id in Last-Event-ID."
            }
            Self::AcceptsResets => {
                "After stream.reset the program goes on from the snapshot that follows, and not from its old place."
            }
            Self::RepeatsCallsByName => {
                "POST /v1/calls has an Idempotency-Key, and a call that was refused with 429 is sent again under the same one."
            }
            Self::ReadsChanges => {
                "A list or table is read from its beginning once, and then by changed_since. After 410 or stream.reset it is read anew."
            }
            Self::ReadsAnewAfter410 => "After 410 changes_lost the list or table is read anew without changed_since.",
            Self::FollowsPages => "Where a page has a next_cursor, the next page is read.",
            Self::RereadsRevisedOnly => {
                "After a late wrap figures are read by changed_since, or for the revised interval alone, and not all once more."
            }
            Self::WaitsForRecordings => {
                "A recording that was answered 409 recording_not_ready is asked for again, and not before Retry-After has passed."
            }
            Self::AcceptsWebhooks => "Every delivery that is signed rightly is answered 2xx, also one that comes late.",
            Self::AcceptsDuplicates => "A delivery that comes again under the same webhook-id is answered 2xx, too.",
            Self::AnswersQuickly => "Every delivery is answered within 3 seconds.",
            Self::VerifiesSignatures => "A delivery with a wrong signature is refused with 4xx.",
        }
    }

    /// Whether it is looked at in an integration that uses these.
    pub(super) fn applies(self, uses: &[Use]) -> bool {
        let has = |one: Use| uses.contains(&one);
        match self {
            Self::WaitsAfter429 => uses.iter().any(|one| !matches!(one, Use::Stream | Use::Webhook)),
            Self::ResumesStreams | Self::AcceptsResets => has(Use::Stream),
            Self::RepeatsCallsByName => has(Use::Calls),
            Self::ReadsChanges | Self::ReadsAnewAfter410 | Self::FollowsPages => has(Use::Changes),
            Self::RereadsRevisedOnly => has(Use::Metrics),
            Self::WaitsForRecordings => has(Use::Recordings),
            Self::AcceptsWebhooks | Self::AcceptsDuplicates | Self::AnswersQuickly | Self::VerifiesSignatures => {
                has(Use::Webhook)
            }
        }
    }
}

/// What a program has of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scored {
    /// The check.
    pub name: Check,
    /// See [`Check::case`].
    pub case: u8,
    /// See [`Check::text`].
    pub text: &'static str,
    /// All of `of`, or none.
    pub points: u32,
    /// What there is to have.
    pub of: u32,
    /// How it stands.
    pub state: State,
    /// Why points are missing; null where none are.
    pub reason: Option<String>,
}

/// What a program has of all checks that apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// The checks that apply.
    pub checks: Vec<Scored>,
    /// Points of all.
    pub points: u32,
    /// What there is to have of all.
    pub of: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_applies_to_some_use_and_only_what_is_used_is_checked() {
        for check in Check::ALL {
            assert!(check.applies(Use::ALL), "{check}");
            assert!(!check.applies(&[]), "{check}");
            assert!(!check.text().is_empty() && (1..=20).contains(&check.case()));
        }
        let of = |uses: &[Use]| Check::ALL.iter().filter(|check| check.applies(uses)).count();
        assert_eq!((of(&[Use::Webhook]), of(&[Use::Stream]), of(&[Use::Changes])), (4, 2, 4));
    }
}
