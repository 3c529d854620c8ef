use leptos::prelude::*;
use model::{AddressUsage, Code, Instant, Key, KeyActivity, RefusalCode};

use crate::ui::{count, listed_as, outcome};

/// The refused calls of a range for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reason {
    code: Code,
    calls: u64,
    /// The addresses that were last refused for it, the last one first.
    addresses: Vec<String>,
}

/// Refused calls in words, by their reason, the most frequent first.
pub(super) fn refused(key: &Key, activity: &KeyActivity) -> AnyView {
    let reasons = reasons(activity);
    if reasons.is_empty() {
        return view! { <p>"No call was refused."</p> }.into_any();
    }
    let rows = reasons.into_iter().map(|Reason { code, calls, addresses }| {
        // Of two kinds that are counted as one both are listed.
        let kind = listed_as(code).map_or_else(String::new, |kind| format!("&code={kind}"));
        let href = format!("/usage/refusals?key={}{kind}", key.id);
        view! {
            <li>
                <a href=href>{format!("{} refused: {}", count(calls), lower(outcome(code)))}</a>
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

fn reasons(activity: &KeyActivity) -> Vec<Reason> {
    let of_code = |(code, calls): (&Code, &u64)| {
        let addresses = activity.addresses.iter().filter(|of| was_refused(of, *code, activity.range.from()));
        Reason { code: *code, calls: *calls, addresses: addresses.map(|of| of.address.to_string()).collect() }
    };
    let known = activity.counts.denied.iter().filter(|(code, _)| RefusalCode::of(**code).is_some());
    let mut reasons: Vec<_> = known.map(of_code).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.calls));
    reasons
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
    fn a_title_stands_within_a_sentence() {
        assert_eq!(lower("Address not allowed"), "address not allowed");
    }
}
