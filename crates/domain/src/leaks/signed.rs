//! Reports in the form of GitHub's secret scanning: a list of secrets, signed over the bytes of its body with ECDSA on P-256.

use model::{Actor, InstallationId, KeyError, LeakPlace, PlainSecret};
use store::StoreError;
use tokio::sync::OwnedSemaphorePermit;

use super::leaked::Leaked;
use crate::{Caller, Keydesk, Via, failure, fingerprint};

/// Most secrets of one report.
pub const REPORTED_MAX: usize = 5_000;
/// For how long it is known that a report was taken: 400 days, in milliseconds.
pub(crate) const REPORTS_KNOWN_MS: i64 = 400 * 24 * 60 * 60 * 1_000;

/// A secret that a report names, and where it was found.
#[derive(Clone, Debug)]
pub struct Reported {
    /// The secret: whatever somebody has taken for one.
    pub secret: PlainSecret,
    /// Where, in the reporter's words.
    pub place: LeakPlace,
}

/// A report whose signature is right.
#[derive(Clone, Debug)]
pub struct SignedReport {
    /// The id of the key that has signed it.
    reporter: String,
    /// By which it is known again.
    digest: [u8; 32],
}

/// Why a report was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It was before.
    #[error("this report was taken before")]
    Repeated,
    /// A part of it could not be. What was done stays, and the same report can be sent again.
    #[error(transparent)]
    Failed(#[from] KeyError),
}

impl From<StoreError> for ReportError {
    fn from(error: StoreError) -> Self {
        Self::Failed(failure::public(error))
    }
}

impl Keydesk {
    /// Whether a report may be signed with the key of this id. Nothing else is asked of a request before its body is read.
    pub fn knows_reporter(&self, id: &str) -> bool {
        self.inner.reporters.keys.get(id).is_some()
    }

    /// A place for a report with a large body, to be held while that is read. `None`: all are taken.
    pub fn large_report(&self) -> Option<OwnedSemaphorePermit> {
        self.inner.reporters.large.clone().try_acquire_owned().ok()
    }

    /// A report, if the key of this id has signed these bytes.
    pub fn signed_report(&self, reporter: &str, signature: &[u8], body: &[u8]) -> Option<SignedReport> {
        let half = first_half(signature)?;
        self.inner.reporters.keys.get(reporter)?.verify_sig(body, signature).ok()?;
        let digest = fingerprint(&[&b"keydesk/leak-report/1\0"[..], half].concat());
        Some(SignedReport { reporter: reporter.to_owned(), digest })
    }

    /// Takes a report: each key of it is dealt with as its installation's rule says. Says of each secret, in their order, whether it is one of
    /// this deployment.
    pub async fn take_report(
        &self,
        report: &SignedReport,
        via: &Via,
        reported: &[Reported],
    ) -> Result<Vec<bool>, ReportError> {
        let store = &self.inner.store;
        if store.leak_report(&report.digest).await?.is_some() {
            return Err(ReportError::Repeated);
        }
        let mut known = Vec::with_capacity(reported.len());
        for one in reported {
            known.push(self.take_reported(&report.reporter, via, one).await?);
        }
        // At the end: one that was broken off is no repetition when it comes again, and what is done twice changes nothing.
        let is_new = store.note_leak_report(&report.digest, self.now()).await?;
        if is_new { Ok(known) } else { Err(ReportError::Repeated) }
    }

    async fn take_reported(&self, reporter: &str, via: &Via, one: &Reported) -> Result<bool, KeyError> {
        let (place, reporter) = (&one.place, Some(reporter));
        let done = match self.leaked(&one.secret).await? {
            None => return Ok(false),
            Some(Leaked::Key(leaked)) => {
                let rule = self.remembered(leaked.installation).map(|of| of.leak_rule).unwrap_or_default();
                let caller = nobody(leaked.installation, via);
                self.report_leak(&caller, &leaked, place, reporter, rule).await.map(drop)
            }
            Some(Leaked::Webhook(leaked)) => {
                self.report_leaked_webhook(&nobody(leaked.installation, via), &leaked, place, reporter).await
            }
        };
        match done {
            // It was purged meanwhile.
            Ok(()) | Err(KeyError::NotFound) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Whoever reports has no account here: Keydesk itself does what the rule says.
fn nobody(installation: InstallationId, via: &Via) -> Caller {
    Caller { actor: Actor::System, via: via.clone(), ..Caller::operator(installation) }
}

/// The first of the two numbers of a signature, in DER. A report is known by it: whoever has seen a signature can make another of the same
/// report, by negating the second number, and of no other.
fn first_half(signature: &[u8]) -> Option<&[u8]> {
    let number = |bytes: &'_ [u8]| -> Option<usize> {
        let [0x02, length, rest @ ..] = bytes else { return None };
        (1..=33).contains(length).then_some(usize::from(*length)).filter(|length| *length <= rest.len())
    };
    let [0x30, length, both @ ..] = signature else { return None };
    if usize::from(*length) != both.len() {
        return None;
    }
    let first = number(both)?;
    let (first, second) = both.get(2..)?.split_at(first);
    let ends = number(second)? + 2 == second.len();
    let zeros = first.iter().take_while(|byte| **byte == 0).count();
    ends.then_some(&first[zeros..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(first: &[u8], second: &[u8]) -> Vec<u8> {
        let number = |bytes: &[u8]| [&[0x02, bytes.len() as u8][..], bytes].concat();
        let both = [number(first), number(second)].concat();
        [&[0x30, both.len() as u8][..], &both[..]].concat()
    }

    #[test]
    fn a_report_is_known_by_the_first_half_of_its_signature() {
        assert_eq!(first_half(&der(&[1, 2], &[3])), Some(&[1, 2][..]));
        assert_eq!(first_half(&der(&[0, 0x81, 2], &[3])), Some(&[0x81, 2][..]), "a sign is no part of it");
        assert_eq!(first_half(&der(&[1, 2], &[4, 5])), first_half(&der(&[1, 2], &[3])));
    }

    #[test]
    fn what_is_no_signature_has_no_half() {
        let good = der(&[1, 2], &[3]);
        for end in 0..good.len() {
            assert_eq!(first_half(&good[..end]), None, "{end}");
        }
        let longer = [&good[..], &[0]].concat();
        for bad in [&b""[..], b"0", b"0\0", &longer, &der(&[1; 34], &[1]), &der(&[], &[1]), &der(&[1], &[])] {
            assert_eq!(first_half(bad), None, "{bad:?}");
        }
    }
}
