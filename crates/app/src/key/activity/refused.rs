use leptos::prelude::*;
use model::{AddressUsage, Code, Instant, Key, KeyActivity, KeyStatus, RefusalCode};

use crate::ui::count;

/// The refused calls of a range for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reason {
    code: RefusalCode,
    calls: u64,
    /// The addresses that were last refused for it, the last one first.
    addresses: Vec<String>,
}

/// Refused calls in words, by their reason, the most frequent first.
pub(super) fn refused(key: &Key, activity: &KeyActivity) -> AnyView {
    let reasons = reasons(key.status, activity);
    if reasons.is_empty() {
        return view! { <p>"No call was refused."</p> }.into_any();
    }
    let rows = reasons.into_iter().map(|Reason { code, calls, addresses }| {
        let href = format!("/usage/refusals?key={}&code={code}", key.id);
        view! {
            <li>
                <a href=href>{format!("{} refused: {}", count(calls), lower(code.title()))}</a>
                {from(&addresses)}
            </li>
        }
    });
    view! {
        <ul class="activity-refused">{rows.collect_view()}</ul>
        <p class="faint">"Each refused call is kept for 24 hours, with the rule that refused it and what mends it."</p>
    }
    .into_any()
}

/// `, from 198.51.100.4 and 2 more addresses`
fn from(addresses: &[String]) -> Option<AnyView> {
    let (first, others) = addresses.split_first()?;
    let others = match others.len() {
        0 => String::new(),
        1 => " and 1 more address".to_owned(),
        more => format!(" and {more} more addresses"),
    };
    Some(view! { ", from " <bdi translate="no">{first.clone()}</bdi> {others} }.into_any())
}

fn reasons(status: KeyStatus, activity: &KeyActivity) -> Vec<Reason> {
    let of_code = |(code, calls): (&Code, &u64)| {
        let addresses = activity.addresses.iter().filter(|of| was_refused(of, *code, activity.range.from()));
        Some(Reason {
            code: reason(status, *code)?,
            calls: *calls,
            addresses: addresses.map(|of| of.address.to_string()).collect(),
        })
    };
    let mut reasons: Vec<_> = activity.counts.denied.iter().filter_map(of_code).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.calls));
    reasons
}

/// Calls with a secret that ended are counted as those with a key that was revoked.
fn reason(status: KeyStatus, code: Code) -> Option<RefusalCode> {
    match code {
        Code::Revoked if status != KeyStatus::Revoked => Some(RefusalCode::SecretEnded),
        code => RefusalCode::of(code),
    }
}

fn was_refused(of: &AddressUsage, code: Code, from: Instant) -> bool {
    of.last_refusal == Some(code) && of.last_seen >= from
}

/// A title within a sentence.
fn lower(title: &str) -> String {
    let mut letters = title.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_secret_is_not_that_of_its_key() {
        for (status, code, expected) in [
            (KeyStatus::Active, Code::Revoked, Some(RefusalCode::SecretEnded)),
            (KeyStatus::Revoked, Code::Revoked, Some(RefusalCode::KeyRevoked)),
            (KeyStatus::Active, Code::IpNotAllowed, Some(RefusalCode::IpNotAllowed)),
            (KeyStatus::Active, Code::NotFound, None),
        ] {
            assert_eq!(reason(status, code), expected);
        }
        assert_eq!(lower("Address not allowed"), "address not allowed");
    }
}
