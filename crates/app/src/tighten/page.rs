use domain::{Tightening, TrialReport};
use leptos::prelude::*;
use model::{Restriction, TrialDays};

use super::{
    address,
    changes::{Used, changes, times},
    trial::trial,
};
use crate::{
    ApiError,
    ui::{
        Notice, Tone,
        labels::{end, relative},
        token_field,
    },
    web::own,
};

/// What the page shows.
#[derive(Clone, Debug)]
pub(super) struct Tighten {
    pub(super) tightening: Tightening,
    pub(super) trial: Option<TrialReport>,
    pub(super) may_change: bool,
    /// What was just done, in a sentence.
    pub(super) done: Option<&'static str>,
    /// Why a form was refused.
    pub(super) refused: Option<ApiError>,
}

/// The proposal, and what is tried.
pub(super) fn tighten_page(page: &Tighten) -> AnyView {
    let key = &page.tightening.key;
    let name = key.settings.client_name.as_str().to_owned();
    let refused = page.refused.clone().map(|error| {
        view! { <div role="alert" data-announce><Notice tone=Tone::Bad>{error.to_string()}</Notice></div> }
    });
    view! {
        <div class="key-page tighten">
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/keys" rel="external">"API Keys"</a>
                " › "
                <a href=format!("/keys/{}", key.id)><bdi translate="no">{name}</bdi></a>
            </nav>
            <header>
                <h1>"Tighten to used"</h1>
                <p class="faint">"A key that may do less does less harm when it is lost. This is what its use in the last 30 days needs."</p>
            </header>
            {page.done.map(|done| view! { <div role="status" data-announce><Notice tone=Tone::Good>{done}</Notice></div> })}
            {refused}
            {page.trial.as_ref().map(|report| trial(key, report, page.may_change, page.tightening.is_blind))}
            {match &page.tightening {
                Tightening { is_blind: true, .. } => blind(),
                Tightening { calls: 0, .. } => unused(),
                _ => proposal(page),
            }}
        </div>
    }
    .into_any()
}

fn blind() -> AnyView {
    view! {
        <section class="panel" aria-labelledby="proposal">
            <h2 id="proposal">"Proposal"</h2>
            <Notice tone=Tone::Warning>
                "Keydesk is configured not to record allowed calls, so it does not know what this key is used for. Nothing is proposed, \
                 and nothing can be tried."
            </Notice>
        </section>
    }
    .into_any()
}

fn unused() -> AnyView {
    view! {
        <section class="panel" aria-labelledby="proposal">
            <h2 id="proposal">"Proposal"</h2>
            <p>
                "The key made no call in the last 30 days, so there is nothing to go by. If nobody needs it, disable or delete it."
            </p>
        </section>
    }
    .into_any()
}

fn proposal(page: &Tighten) -> AnyView {
    let Tightening { key, calls, scopes, scopes_are_incomplete, addresses, addresses_are_incomplete, proposed, .. } =
        &page.tightening;
    let used: [Used; 2] = [
        scopes.iter().map(|(scope, calls)| (scope.as_str().to_owned(), times(*calls))).collect(),
        addresses.iter().map(|of| (of.address.to_string(), format!("{} in all", times(of.allowed)))).collect(),
    ];
    view! {
        <section class="panel" aria-labelledby="proposal">
            <h2 id="proposal">"Proposal"</h2>
            <p>
                {format!("It rests on {} that were allowed in the last 30 days", times(*calls))}
                {key.last_used_at.map(|at| view! { ", the last of them " {relative(at)} })}
                "."
            </p>
            {unsaid_scopes(scopes.is_empty(), *scopes_are_incomplete)
                .map(|why| view! { <Notice tone=Tone::Warning>{why}</Notice> })}
            {addresses_are_incomplete
                .then(|| {
                    view! {
                        <Notice tone=Tone::Warning>
                            "The record of addresses is not complete: there are more than are kept, or some calls came from an address \
                             that nobody knows. So no address is proposed."
                        </Notice>
                    }
                })}
            {changes(&Restriction::of(&key.settings), proposed, Some(&used))}
            {proposes_networks(page)
                .then(|| {
                    view! {
                        <p class="faint">
                            "Where more than three addresses of one network called, the network is proposed: whoever calls from there \
                             changes addresses."
                        </p>
                    }
                })}
            {match (page.tightening.narrows(), page.may_change) {
                (false, _) => view! { <p>"There is nothing to take away: the key allows what was used, and no more."</p> }.into_any(),
                (true, false) => view! { <p class="faint">"Your role does not allow you to change keys."</p> }.into_any(),
                (true, true) => actions(page),
            }}
        </section>
    }
    .into_any()
}

/// Why no scope is taken away, where calls did not say what they need.
fn unsaid_scopes(of_all: bool, of_some: bool) -> Option<&'static str> {
    match (of_all, of_some) {
        (true, _) => Some("No call said which scopes it needs, so no scope is taken away."),
        (false, true) => Some("Some calls did not say which scopes they need, so no scope is taken away."),
        (false, false) => None,
    }
}

/// Whether a network stands where single addresses called.
fn proposes_networks(page: &Tighten) -> bool {
    let Tightening { key, proposed, .. } = &page.tightening;
    let held: Vec<_> = key.settings.allowed_ips.iter().collect();
    proposed.allowed_ips.iter().any(|network| network.to_string().contains('/') && !held.contains(&network))
}

fn actions(page: &Tighten) -> AnyView {
    let Tightening { key, proposed, .. } = &page.tightening;
    let hidden = address::pairs(proposed)
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    let running = page.trial.as_ref().filter(|report| !report.is_over).map(|report| report.trial.ends_at);
    let days = TrialDays::CHOICES.into_iter().map(|days| {
        let text = if days.days() == 1 { "1 day".to_owned() } else { format!("{} days", days.days()) };
        view! { <option value=days.days().to_string() selected=days == TrialDays::default()>{text}</option> }
    });
    view! {
        <div class="tighten-actions">
            <a class="button primary" href=address::edit(key, proposed)>"Use these settings…"</a>
            <form class="tighten-try" method="post" action=own(&address::path(key.id)) data-once>
                {token_field()}
                <input type="hidden" name=address::VERSION value=key.version.to_string()/>
                {hidden}
                {page.trial.as_ref().map(|report| address::started(report.trial.started_at))}
                <label for="days">"Report only for"</label>
                <select class="input" id="days" name="days">
                    {days.collect_view()}
                </select>
                <button type="submit" class="button" name="intent" value="try">"Try it first"</button>
            </form>
        </div>
        <p class="faint">
            "“Use these settings…” fills in the key's form; nothing changes before you save it. “Try it first” refuses nobody: it counts \
             whom the proposal would have refused."
            {running.map(|until| view! { " It takes the place of what is tried until " {end(until)} "." })}
        </p>
    }
    .into_any()
}
