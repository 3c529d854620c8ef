use leptos::prelude::*;
use model::Key;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::details::{KeyDetails, Opened};
use crate::ui::{
    allowed_calls,
    labels::{end, is_default, relative, time},
    never,
};

/// Beside the settings: how the key is used, and what else can be done with it.
pub(super) fn side(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let calls: u64 = page.days.iter().map(|calls| u64::from(*calls)).sum();
    view! {
        <section class="panel" aria-labelledby="use">
            <h2 id="use">"Use"</h2>
            {(calls > 0).then(|| bars(&page.days))}
            <dl class="about">
                <dt>"Calls in 30 days"</dt>
                <dd>{allowed_calls(calls, false, page.recorded)}</dd>
                <dt>"Last used"</dt>
                <dd>
                    {match key.last_used_at {
                        None => never(page.recorded).into_any(),
                        Some(at) => relative(at).into_any(),
                    }}
                </dd>
                <dt>"Created"</dt>
                <dd>{time(key.created_at)}</dd>
                <dt>"Changed"</dt>
                <dd>{time(key.updated_at)}</dd>
                {key.deleted_at.map(|at| view! { <dt>"Deleted"</dt><dd>{time(at)}</dd> })}
            </dl>
            <p class="key-ways">
                <a href=format!("/usage?key={}", key.id)>"Calls over time"</a>
                <a href=format!("/usage/refusals?key={}", key.id)>"Refused calls"</a>
            </p>
        </section>
        {page.lives().then(|| more(page)).flatten()}
    }
    .into_any()
}

/// What is done on pages and in dialogs of their own.
fn more(page: &KeyDetails) -> Option<AnyView> {
    let ways: Vec<_> = [
        (!is_default(&page.key)).then(|| tighten(page)),
        page.may_make_token().then(|| token(page)),
        page.may_edit().then(|| duplicate(&page.key)),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!ways.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="more">
                <h2 id="more">"More"</h2>
                <ul class="key-more">{ways}</ul>
            </section>
        }
        .into_any()
    })
}

/// The way to the page that restricts the key to what it was used for, and what is tried there.
fn tighten(page: &KeyDetails) -> AnyView {
    let tried = page.tried.as_ref().map(|trial| {
        view! { <p>"Report only until " {end(trial.ends_at)} ": a restriction is tried, and refuses nobody."</p> }
    });
    view! {
        <li>
            <a class="button small" href=format!("/keys/{}/tighten", page.key.id)>"Tighten to used"</a>
            <p class="faint">"Restrict the key to the scopes and addresses that it was used with."</p>
            {tried}
        </li>
    }
    .into_any()
}

/// What tokens of the key are for, and the way to the dialog.
fn token(page: &KeyDetails) -> AnyView {
    let opener = Opened::Token.opener();
    view! {
        <li>
            <a
                class="button small"
                id=opener.clone()
                href=page.opens(Opened::Token)
                data-opens
                autofocus=page.focused(&opener)
            >
                "Make a token"
            </a>
            <p class="faint">
                "A token stands in for the key for an hour at most, where the key must not be, as in a web page. It does no more than the \
                 key may do at the time, and ends with it. Programs make their own with POST /api/v1/tokens."
            </p>
        </li>
    }
    .into_any()
}

/// Where a new key begins with the settings of this one.
fn duplicate(key: &Key) -> AnyView {
    let name = utf8_percent_encode(key.settings.client_name.as_str(), NON_ALPHANUMERIC);
    let address = format!("/keys?new&from={}&client_name={name}&preset={}", key.id, key.settings.preset.as_str());
    view! {
        <li>
            <a class="button small" href=address rel="external">"Duplicate settings"</a>
            <p class="faint">"Begin a new key with the settings of this one."</p>
        </li>
    }
    .into_any()
}

/// A bar for each day.
fn bars(days: &[u32]) -> AnyView {
    const HEIGHT: f64 = 48.0;
    let most = f64::from(days.iter().copied().max().unwrap_or(1).max(1));
    let mut path = String::new();
    for (index, calls) in days.iter().enumerate().filter(|(_, calls)| **calls > 0) {
        let height = (HEIGHT * f64::from(*calls) / most).max(2.0);
        path.push_str(&format!("M{} {HEIGHT}v-{height:.1}h6v{height:.1}z", index * 8));
    }
    view! {
        <svg class="bars" viewBox=format!("0 0 {} {HEIGHT}", days.len() * 8 - 2) role="img" aria-labelledby="bars-title">
            <path d=path></path>
        </svg>
        // They are counted by those days, whoever reads.
        <p class="faint" id="bars-title">"Calls on each of the last 30 days of UTC"</p>
    }
    .into_any()
}
