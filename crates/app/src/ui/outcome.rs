use model::{Code, RefusalCode};

/// What became of calls, in a few words.
pub(crate) const fn outcome(code: Code) -> &'static str {
    match RefusalCode::of(code) {
        // Both are counted as one.
        Some(RefusalCode::KeyRevoked) => "Key deleted, or secret ended",
        Some(RefusalCode::KeyExpired) => "Key or token expired",
        Some(RefusalCode::InsufficientScope) => "Scope missing, or no route",
        Some(code) => code.title(),
        None => match code {
            Code::Valid => "Allowed",
            _ => "Unknown key",
        },
    }
}

/// The kind under which refused calls that were counted so are listed; `None`: they are of two kinds, or of none.
pub(crate) fn listed_as(code: Code) -> Option<RefusalCode> {
    use RefusalCode as R;
    RefusalCode::of(code).filter(|kind| !matches!(kind, R::KeyRevoked | R::KeyExpired | R::InsufficientScope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_two_kinds_are_listed_together() {
        for (code, kind, words) in [
            (Code::IpNotAllowed, Some(RefusalCode::IpNotAllowed), "Address not allowed"),
            (Code::Revoked, None, "Key deleted, or secret ended"),
            (Code::Expired, None, "Key or token expired"),
            (Code::InsufficientScope, None, "Scope missing, or no route"),
            (Code::NotFound, None, "Unknown key"),
        ] {
            assert_eq!((listed_as(code), outcome(code)), (kind, words));
        }
    }
}
