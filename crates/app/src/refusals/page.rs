use domain::{ListedRefusal, RefusalPage, StoredGuessing};
use leptos::prelude::*;
use model::{Explanation, RefusalCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::filter::{RANGES, RefusalFields};
use crate::ui::{Notice, Tone, count, filter_field, labels::time};

/// Most characters of what is asked for.
const TEXT_MAX: usize = 200;

/// What the page shows.
pub(super) struct Refusals {
    pub(super) fields: RefusalFields,
    pub(super) found: RefusalPage,
    /// The Client Name of the one key that is asked for.
    pub(super) client: Option<String>,
    pub(super) may_change: bool,
}

/// Calls that were refused, newest first, with what mends each.
pub(super) fn refusals_page(page: &Refusals) -> AnyView {
    let RefusalPage { items, next, not_kept, guessing } = &page.found;
    let older = next.map(|next| page.fields.href(Some(next)));
    let newest = page.fields.cursor.map(|_| page.fields.href(None));
    view! {
        <div class="refusals">
            <header>
                <h1 id="refusals">"Refusals"</h1>
                <p class="faint">
                    "Calls with known keys that were refused in the last 24 hours. Whoever called can ask the same, with the request "
                    "id and the key: "
                    <code translate="no">"GET /api/v1/explain/{request_id}"</code>
                </p>
            </header>
            {guesses(guessing)}
            {filter(page)}
            {(*not_kept > 0).then(|| left_out(*not_kept))}
            {if items.is_empty() {
                nothing(page)
            } else {
                let rows = items.iter().map(|item| row(item, page.may_change)).collect_view();
                view! { <ol class="refusal-list" aria-labelledby="refusals">{rows}</ol> }.into_any()
            }}
            <nav class="refusal-pages" aria-label="Pages">
                {newest.map(|href| view! { <a href=href>"Show the newest"</a> })}
                {older.map(|href| view! { <a href=href>"Show older"</a> })}
            </nav>
        </div>
    }
    .into_any()
}

fn left_out(not_kept: u64) -> AnyView {
    let text = format!(
        "{} more were counted and are not listed since this node was started: of a key that is refused without end the first \
         hundred are listed, and two a second after those.",
        count(not_kept)
    );
    view! { <Notice tone=Tone::Warning>{text}</Notice> }.into_any()
}

fn filter(page: &Refusals) -> AnyView {
    let fields = &page.fields;
    let one_key = fields.key.map(|key| {
        let name = page.client.clone().unwrap_or_else(|| key.to_string());
        view! {
            <input type="hidden" name="key" value=key.to_string()/>
            <p class="refusal-key">"Only the key of " <bdi translate="no">{name}</bdi></p>
        }
    });
    let codes = RefusalCode::ALL.into_iter().map(|code| {
        view! { <option value=code.as_str() selected=fields.code == Some(code)>{code.title()}</option> }
    });
    let ranges = RANGES.iter().map(|(name, title, hours)| {
        let chosen = fields.range == Some(*name) || (fields.range.is_none() && *hours == 24);
        view! { <option value=*name selected=chosen>{*title}</option> }
    });
    view! {
        <form class="refusal-filter" method="get" action=super::PATH role="search" aria-label="Refusals">
            {one_key}
            {text_field("client", "Client", &fields.client, None)}
            <div class="field">
                <label for="code">"Reason"</label>
                <select class="input" id="code" name="code">
                    <option value="">"Every reason"</option>
                    {codes.collect_view()}
                </select>
            </div>
            {text_field("address", "Address", &fields.address, fields.address_is_wrong().then_some("Write a whole IP address."))}
            {text_field("request", "Request id", &fields.request, fields.request_is_wrong().then_some("Write a whole request id."))}
            <div class="field">
                <label for="range">"When"</label>
                <select class="input" id="range" name="range">
                    {ranges.collect_view()}
                </select>
            </div>
            <div class="refusal-buttons">
                <button type="submit" class="button">
                    "Show"
                </button>
                {fields.is_filtered().then(|| view! { <a href=super::PATH>"Show all"</a> })}
            </div>
        </form>
    }
    .into_any()
}

fn text_field(name: &'static str, label: &'static str, value: &str, wrong: Option<&'static str>) -> AnyView {
    filter_field((name, label, "text"), value, Some(TEXT_MAX), wrong)
}

fn nothing(page: &Refusals) -> AnyView {
    let text =
        if page.fields.is_filtered() { "No refusal matches." } else { "No call was refused in the last 24 hours." };
    view! { <p class="faint refusal-none" role="status">{text}</p> }.into_any()
}

fn row(item: &ListedRefusal, may_change: bool) -> AnyView {
    let refusal = &item.refusal;
    let told = refusal.explanation();
    let key = format!("/keys/{}", refusal.key);
    let name = match &item.client_name {
        Some(name) => view! { <a href=key.clone()><bdi translate="no">{name.clone()}</bdi></a> }.into_any(),
        None => view! { <span>"A key that is gone"</span> }.into_any(),
    };
    let mends = (may_change && item.client_name.is_some()).then(|| mends(&key, &told)).flatten();
    let address = told.address.map(|address| address.to_string());
    view! {
        <li class="panel refusal">
            <p class="refusal-head">
                <span class="refusal-code">{told.code.title()}</span>
                {name}
                <span class="faint">{time(told.at)}</span>
            </p>
            <p>
                <bdi translate="no">{told.rule.clone()}</bdi>
            </p>
            <p>
                <bdi translate="no">{told.mend.clone()}</bdi>
            </p>
            <p class="faint refusal-call">
                <code translate="no">{format!("{} {}", told.route.method, told.route.path)}</code>
                {address.map(|address| view! { <span>"from " <bdi translate="no">{address}</bdi></span> })}
                <span>"request " <code translate="no">{told.request_id.to_string()}</code></span>
            </p>
            {mends}
        </li>
    }
    .into_any()
}

/// The link to the key's form with what mends the refusal filled in, where an edit mends it.
fn mends(key: &str, told: &Explanation) -> Option<AnyView> {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (label, proposed) = match told.code {
        RefusalCode::IpNotAllowed => {
            ("Allow this address", format!("allow_address={}", encoded(&told.address?.to_string())))
        }
        RefusalCode::OriginNotAllowed => {
            ("Allow this origin", format!("allow_origin={}", encoded(told.origin.as_ref()?)))
        }
        RefusalCode::InsufficientScope => {
            let scopes: Vec<_> =
                told.missing_scopes.iter().map(|scope| format!("grant={}", encoded(scope.as_str()))).collect();
            let label = if scopes.len() == 1 { "Grant this scope" } else { "Grant these scopes" };
            (label, scopes.join("&"))
        }
        _ => return None,
    };
    let href = format!("{key}?edit&{proposed}");
    Some(view! { <p><a class="button small" href=href>{label}</a></p> }.into_any())
}

fn guesses(guessing: &[StoredGuessing]) -> Option<AnyView> {
    if guessing.is_empty() {
        return None;
    }
    let rows = guessing.iter().map(|seen| {
        view! {
            <li>
                <bdi translate="no">{seen.network.clone()}</bdi>
                {format!(": {} keys since ", count(seen.failed))}
                {time(seen.since)}
                ", last "
                {time(seen.last)}
            </li>
        }
    });
    Some(
        view! {
            <section class="panel" aria-labelledby="guessing">
                <h2 id="guessing">"Addresses that guess keys"</h2>
                <p>"They sent many keys that don't exist, and are slowed down. Valid keys from there are not."</p>
                <ul>{rows.collect_view()}</ul>
            </section>
        }
        .into_any(),
    )
}
