//! "What breaks?": what keys were used for, before they are taken away or get another secret.

use leptos::prelude::*;
use model::{AddressUsage, BreaksDetails, BusiestHour, ScopeUsage, WhatBreaks};

use super::{
    allowed_calls, count,
    labels::{relative, time},
    never, not_recorded,
};

/// Scopes and addresses that are named; of others their number.
const NAMED: usize = 5;

/// Calls and last use, and what else is known, as the facts of a dialog.
pub(crate) fn breaks(breaks: &WhatBreaks) -> AnyView {
    let recorded = !breaks.allowed_is_not_recorded;
    let allowed = allowed_calls(breaks.allowed, breaks.is_lower_bound, recorded);
    view! {
        {(!recorded).then(not_recorded)}
        <dl class="facts breaks">
            <dt>"Calls in the last 30 days"</dt>
            <dd>{allowed}</dd>
            <dt>"Last used"</dt>
            <dd>{breaks.last_used_at.map_or_else(|| never(recorded).into_any(), |at| relative(at).into_any())}</dd>
            {breaks_besides(breaks)}
        </dl>
    }
    .into_any()
}

/// What is known besides calls and last use: nothing of keys that were not called.
pub(crate) fn breaks_besides(breaks: &WhatBreaks) -> Option<AnyView> {
    let BreaksDetails { busiest_hour, scopes, addresses, addresses_are_incomplete } = breaks.details.as_ref()?;
    if breaks.allowed == 0 && breaks.refused == 0 {
        return None;
    }
    let refused = (breaks.refused > 0).then(|| {
        view! {
            <dt>"Refused"</dt>
            <dd>{if breaks.is_lower_bound { format!("At least {}", count(breaks.refused)) } else { count(breaks.refused) }}</dd>
        }
    });
    let busiest = busiest_hour.map(|BusiestHour { at, allowed }| {
        view! {
            <dt>"Busiest hour"</dt>
            <dd>{calls(allowed)} " from " {time(at)}</dd>
        }
    });
    Some(
        view! {
            {refused}
            {busiest}
            {named("Scopes used", scopes.iter().map(scope), None)}
            {named("Addresses", addresses.iter().map(address), addresses_are_incomplete.then_some("and others that are not known"))}
        }
        .into_any(),
    )
}

/// A number of calls.
pub(crate) fn calls(number: u64) -> String {
    if number == 1 { "1 call".to_owned() } else { format!("{} calls", count(number)) }
}

/// The first few of something, and how many more there are.
fn named(
    title: &'static str,
    rows: impl ExactSizeIterator<Item = AnyView>,
    besides: Option<&'static str>,
) -> Option<AnyView> {
    let more = rows.len().saturating_sub(NAMED) as u64;
    let rows: Vec<_> = rows.take(NAMED).collect();
    (!rows.is_empty()).then(|| {
        view! {
            <dt>{title}</dt>
            {rows.into_iter().map(|row| view! { <dd>{row}</dd> }).collect_view()}
            {(more > 0).then(|| view! { <dd class="faint">{format!("and {} more", count(more))}</dd> })}
            {besides.map(|besides| view! { <dd class="faint">{besides}</dd> })}
        }
        .into_any()
    })
}

fn scope(of: &ScopeUsage) -> AnyView {
    view! { <code translate="no">{of.scope.to_string()}</code> " " {calls(of.counts.calls())} }.into_any()
}

fn address(of: &AddressUsage) -> AnyView {
    view! { <bdi translate="no">{of.address.to_string()}</bdi> ", last " {relative(of.last_seen)} }.into_any()
}
