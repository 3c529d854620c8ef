use domain::{ClientEntry, ClientPage};
use leptos::prelude::*;
use model::{CeilingInfo, Environment, SEARCH_MAX};
use percent_encoding::utf8_percent_encode;

use crate::{
    ui::{Glyph, Icon, Notice, Tone, allowed_calls, count, labels::relative, never, not_recorded, table_scroll},
    web::guard::QUERY,
};

/// What the page shows.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    pub(super) page: ClientPage,
    pub(super) search: String,
    /// The page is not the first.
    pub(super) later: bool,
    /// What all keys of the installation may do together.
    pub(super) installation: CeilingInfo,
    /// Whether the person sets ceilings.
    pub(super) may_set: bool,
    /// Whether allowed calls are recorded.
    pub(super) recorded: bool,
    /// A ceiling has just been saved.
    pub(super) saved: bool,
}

/// The list of clients.
pub(super) fn clients_page(shown: &Clients) -> AnyView {
    let Clients { page, search, later, installation, may_set, recorded, saved } = shown;
    let first = encoded("/clients?", &[("search", search)]);
    let next = page.next.as_ref().map(|after| encoded("/clients?", &[("search", search), ("after", after)]));
    view! {
        <div class="key-page clients">
            <header class="key-head">
                <h1>"Clients"</h1>
                <form class="clients-search" method="get" action="/clients" role="search">
                    <input
                        class="input"
                        type="search"
                        name="search"
                        aria-label="Search clients"
                        placeholder="Client Name"
                        maxlength=SEARCH_MAX.to_string()
                        value=search.clone()
                        autocomplete="off"
                        spellcheck="false"
                    />
                    <button type="submit" class="button">
                        <Icon glyph=Glyph::Search/>
                        "Search"
                    </button>
                </form>
            </header>
            {saved.then(|| view! { <div role="status" data-announce><Notice tone=Tone::Good>"The ceiling is saved."</Notice></div> })}
            <section class="panel" aria-labelledby="installation-ceiling">
                <h2 id="installation-ceiling">"Ceiling of the installation"</h2>
                <p class="faint">"What all keys may do together, whoever has them. The Default API Key counts towards no ceiling."</p>
                {limits(installation, "No ceiling: each key has its own limits.")}
                {may_set
                    .then(|| view! { <p><a class="button" href="/clients/ceiling">"Edit the installation's ceiling"</a></p> })}
            </section>
            {if page.items.is_empty() {
                let text = if search.is_empty() {
                    "No client has an API key yet.".to_owned()
                } else {
                    format!("No clients match “{search}”.")
                };
                view! { <p class="panel">{text}</p> }.into_any()
            } else {
                view! {
                    {(!recorded).then(not_recorded)}
                    {table(&page.items, *may_set, *recorded)}
                }
                .into_any()
            }}
            <nav class="pages" aria-label="Pages">
                {later.then(|| view! { <a class="button" href=first>"First page"</a> })}
                {next.map(|next| view! { <a class="button" href=next>"Next page"</a> })}
            </nav>
        </div>
    }
    .into_any()
}

fn table(items: &[ClientEntry], may_set: bool, recorded: bool) -> AnyView {
    let table = view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Client Name"</th>
                    <th scope="col">"Keys"</th>
                    <th scope="col" class="number">"Calls in 30 days"</th>
                    <th scope="col">"Last used"</th>
                    <th scope="col">"Ceiling"</th>
                    {may_set.then(|| view! { <th scope="col"><span class="unseen">"Actions"</span></th> })}
                </tr>
            </thead>
            <tbody>{items.iter().map(|item| row(item, may_set, recorded)).collect_view()}</tbody>
        </table>
    };
    table_scroll("Clients", None, table.into_any())
}

fn row(item: &ClientEntry, may_set: bool, recorded: bool) -> AnyView {
    let (name, environment) = (item.client_name.as_str().to_owned(), item.environment.as_str());
    let keys = encoded("/keys?", &[("search", &name), ("environment", environment)]);
    let edit = ceiling_address(&name, item.environment);
    let number = format!("{}{}", count(item.keys), if item.keys_is_lower_bound { "+" } else { "" });
    let words = if item.keys == 1 && !item.keys_is_lower_bound { "1 key".to_owned() } else { format!("{number} keys") };
    view! {
        <tr>
            <th scope="row">
                <bdi translate="no">{name.clone()}</bdi>
                {(item.environment == Environment::Test).then(|| view! { " " <span class="badge test">"Test"</span> })}
            </th>
            <td>
                {if item.keys == 0 {
                    "None".into_any()
                } else {
                    view! { <a href=keys rel="external">{words} <span class="unseen">" of " <bdi>{name.clone()}</bdi></span></a> }.into_any()
                }}
            </td>
            <td class="number">{calls(item, recorded)}</td>
            <td>{item.last_used_at.map_or_else(|| never(recorded).into_any(), |at| relative(at).into_any())}</td>
            <td>{limits(&item.ceiling, "None")}</td>
            {may_set
                .then(|| {
                    let label = format!("Edit ceiling of {name} ({environment})");
                    view! { <td><a class="button small" href=edit aria-label=label>"Edit ceiling"</a></td> }
                })}
        </tr>
    }
    .into_any()
}

/// How often a client calls, with the way to its usage.
fn calls(item: &ClientEntry, recorded: bool) -> AnyView {
    if item.allowed == 0 && item.refused == 0 {
        let none = if recorded { "None" } else { "Not recorded" };
        return view! { <span class="faint">{none}</span> }.into_any();
    }
    let allowed = match item.allowed {
        0 if !recorded => "Not recorded".to_owned(),
        allowed => format!("{} allowed", allowed_calls(allowed, false, recorded)),
    };
    let name = item.client_name.as_str().to_owned();
    let usage = encoded("/usage?", &[("client", &name), ("environment", item.environment.as_str()), ("range", "30d")]);
    view! {
        <a href=usage>{allowed} <span class="unseen">" calls of " <bdi>{name}</bdi></span></a>
        {(item.refused > 0).then(|| view! { <span class="client-refused">{count(item.refused)} " refused"</span> })}
    }
    .into_any()
}

/// A ceiling in words.
fn limits(ceiling: &CeilingInfo, none: &'static str) -> AnyView {
    let rates = ceiling.rate_limits.iter().map(|limit| (limit.name().to_string(), limit.words()));
    let quotas = ceiling.quotas.iter().map(|quota| (quota.name().to_string(), quota.words()));
    let all: Vec<_> = rates.chain(quotas).collect();
    if all.is_empty() {
        return view! { <span class="faint">{none}</span> }.into_any();
    }
    view! {
        <ul class="limits">
            {all
                .into_iter()
                .map(|(name, words)| view! { <li><code translate="no">{name}</code> " " {words}</li> })
                .collect_view()}
        </ul>
    }
    .into_any()
}

/// Where a client's ceiling is edited.
pub(super) fn ceiling_address(name: &str, environment: Environment) -> String {
    encoded("/clients/ceiling?", &[("client_name", name), ("environment", environment.as_str())])
}

/// An address with these parameters; one that is empty is left out.
fn encoded(address: &str, pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUERY))).collect();
    format!("{address}{}", pairs.join("&"))
}
