use domain::{Few, Overview, RefusedKey, ToldKey};
use leptos::prelude::*;
use model::{KeyError, KeyId};

use crate::{
    frame::outside,
    ui::{
        EmptyState, Glyph, count,
        labels::{end, relative},
        not_recorded,
    },
    web::START,
};

/// What wants attention, a few of each kind.
pub(super) fn overview_page(found: &Overview) -> AnyView {
    let Overview { ending, unused, refused, unopened, records_allowed_calls } = found;
    let calm = [ending.total, unused.total, refused.total, unopened.total].iter().all(|total| *total == 0);
    view! {
        <div class="home">
            <header class="home-head">
                <h1>"Overview"</h1>
                <a class="button primary" href=START>"API Keys"</a>
            </header>
            {calm.then(|| view! { <p class="home-calm">"Nothing wants your attention."</p> })}
            {group(
                ("ending", "Keys that end soon", "Within 14 days."),
                ending,
                "/keys?status=expiring",
                |key| told(key, "ends ", end(key.at).into_any()),
            )}
            {(unused.total > 0 && !records_allowed_calls).then(not_recorded)}
            {group(
                ("unused", "Unused keys", "They were used, and not for 90 days."),
                unused,
                "/keys?status=unused",
                |key| told(key, "last used ", relative(key.at).into_any()),
            )}
            {group(
                ("refused", "Refused calls", "Of keys that are known, in the last 24 hours."),
                refused,
                "/usage/refusals",
                refused_key,
            )}
            {group(
                ("unopened", "Hand-over links not opened", "Each works once, until its end."),
                unopened,
                "/keys?status=never_handed_over",
                |key| told(key, "works until ", end(key.at).into_any()),
            )}
        </div>
    }
    .into_any()
}

/// A group, unless there is nothing in it: its id, its heading and what is said of it, and where all of it is.
fn group<T>(
    (id, title, said): (&'static str, &'static str, &'static str),
    few: &Few<T>,
    all: &'static str,
    line: impl Fn(&T) -> AnyView,
) -> Option<AnyView> {
    let Few { shown, total, total_is_lower_bound } = few;
    let total = if *total_is_lower_bound { format!("{}+", count(*total)) } else { count(*total) };
    let lines = shown.iter().map(line).collect_view();
    (!shown.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby=id>
                <h2 id=id>{title} " " <span class="faint">{total}</span></h2>
                <p class="faint">{said}</p>
                <ul class="home-list">{lines}</ul>
                <p>
                    <a href=all aria-label=format!("Show all: {title}")>"Show all"</a>
                </p>
            </section>
        }
        .into_any()
    })
}

fn told(key: &ToldKey, said: &'static str, at: AnyView) -> AnyView {
    view! {
        <li>
            {link(key.id, key.client_name.clone())} " " <span class="faint">{said} {at}</span>
        </li>
    }
    .into_any()
}

fn refused_key(of: &RefusedKey) -> AnyView {
    let name = match &of.client_name {
        Some(name) => link(of.id, name.clone()),
        None => view! { <span>"A key that is gone"</span> }.into_any(),
    };
    let calls = if of.calls == 1 { "1 call".to_owned() } else { format!("{} calls", count(of.calls)) };
    view! {
        <li>
            {name} " "
            <span class="faint">{format!("{}, {calls}, the last ", of.code.title())} {relative(of.at)}</span>
        </li>
    }
    .into_any()
}

fn link(id: KeyId, client_name: String) -> AnyView {
    view! { <a href=format!("/keys/{id}")><bdi translate="no">{client_name}</bdi></a> }.into_any()
}

/// Where the module is off.
pub(super) fn off_page(error: &KeyError) -> AnyView {
    let text = error.to_string();
    view! {
        <EmptyState glyph=Glyph::Key title="API Keys are not available">
            <p>{text}</p>
        </EmptyState>
    }
    .into_any()
}

/// Before anybody can sign in.
pub(super) fn not_set_up_page(elsewhere: bool) -> AnyView {
    let elsewhere = elsewhere.then(|| {
        view! {
            <p>
                "Whoever has a role here by their organisation's account can "
                <a href="/login">"sign in"</a> " with it."
            </p>
        }
    });
    let content = view! {
        <p class="lead">"Nobody can sign in yet: the first owner is still to be made."</p>
        <p>
            "Whoever runs Keydesk has a link for that. " <code translate="no">"keydesk serve"</code>
            " prints it when it starts, and " <code translate="no">"keydesk doctor"</code>
            " prints it again. It works once, for 24 hours."
        </p>
        <p>
            "Without a browser, " <code translate="no">"keydesk admin create"</code> " makes an owner."
        </p>
        {elsewhere}
    };
    outside("Keydesk is not set up yet", "card wide", content.into_any())
}
