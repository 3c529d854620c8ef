use leptos::prelude::*;

use super::{
    activity,
    details::{Flash, Given, KeyDetails, Shown},
    dialogs::dialog,
    facts::facts,
    head::head,
    settings::settings,
    side::side,
    tab::Tab,
};
use crate::{
    frame::module,
    ui::{Ask, NewKeyDialog, Notice, ShownOnce, Tone, Unseen, call_box, labels::end_text, post_button},
    web::Assets,
};

/// Everything about one key.
pub(super) fn key_page(page: &KeyDetails) -> AnyView {
    let script = expect_context::<Assets>().key;
    let dialog = dialog(page);
    // A refused dialog says itself why.
    let flash = page.flash.clone().filter(|flash| dialog.is_none() || !matches!(flash, Flash::Refused(_)));
    view! {
        <div class="key-page" data-address=page.address()>
            {dialog}
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/keys" rel="external">"API Keys"</a>
            </nav>
            {head(page)}
            {flash.map(|flash| told(page, flash))}
            {tabs(page)}
            {Tab::ALL.map(|tab| panel(page, tab)).collect_view()}
        </div>
        {module(&script, use_nonce())}
    }
    .into_any()
}

/// The tabs, as links; `key.js` makes tabs of them.
fn tabs(page: &KeyDetails) -> AnyView {
    let links = Tab::ALL.map(|tab| {
        let (id, panel) = tab.ids();
        let here = tab == page.tab();
        let href = if here { page.address() } else { tab.address(page.key.id) };
        view! {
            <li>
                <a id=id href=href aria-current=here.then_some("page") data-panel=panel>
                    {tab.title()}
                </a>
            </li>
        }
    });
    view! {
        <nav class="tabs" aria-label="This key">
            <ul>{links.collect_view()}</ul>
        </nav>
    }
    .into_any()
}

/// What a tab shows; empty, and not seen, of one that is not open.
fn panel(page: &KeyDetails, tab: Tab) -> AnyView {
    let (title, id) = tab.ids();
    let here = tab == page.tab();
    let content = match tab {
        _ if !here => None,
        Tab::Settings => Some(of_settings(page)),
        Tab::Activity => page.activity.as_ref().map(|of| activity::panel(page, of)),
    };
    view! { <section class="key-panel" id=id aria-labelledby=title hidden=!here>{content}</section> }.into_any()
}

fn of_settings(page: &KeyDetails) -> AnyView {
    view! {
        <div class="key-columns">
            <div class="key-main">{if page.may_edit() { settings(page) } else { facts(page) }}</div>
            <div class="key-side">{side(page)}</div>
        </div>
    }
    .into_any()
}

/// What was done, given or refused. Scripts say it to screen readers once the page stands.
fn told(page: &KeyDetails, flash: Flash) -> AnyView {
    match flash {
        Flash::Done(done) => {
            let undo = done
                .undo
                .map(|intent| post_button(&format!("/keys/{}", page.key.id), intent, "Undo", "button small", false));
            view! {
                <div class="outcome">
                    <div role="status" data-announce>
                        <Notice tone=Tone::Good>{done.text}</Notice>
                    </div>
                    {undo}
                </div>
            }
            .into_any()
        }
        Flash::Over(text) | Flash::Proposed(text) => {
            view! { <div role="status" data-announce><Notice tone=Tone::Warning>{text}</Notice></div> }.into_any()
        }
        Flash::Refused(error) => {
            view! { <div role="alert" data-announce><Notice tone=Tone::Bad>{error.to_string()}</Notice></div> }
                .into_any()
        }
        Flash::Shown(shown) => given(page, shown),
    }
}

/// A new key, a revealed one, or a link.
fn given(page: &KeyDetails, shown: Shown) -> AnyView {
    let key = &page.key;
    let Shown { given, text } = shown;
    let hint = key.hint.0.clone();
    let unseen = Unseen::Covered;
    let ask = if page.recoverable { Ask::Never } else { Ask::Always };
    // What was called with the old secret is called with the new one.
    let call = (given == Given::Rotated).then(|| call_box(&page.call, "new-key", &hint));
    let (heading, lead, hides, once) = match given {
        Given::Created => {
            let (recoverable, call, opener) = (page.recoverable, &page.call, "key-title");
            return NewKeyDialog { key, secret: text, recoverable, call, opener }.view();
        }
        Given::Rotated => (
            "The new key",
            if page.recoverable { ROTATED.to_owned() } else { ROTATED_ONCE.to_owned() },
            COVERED,
            ShownOnce { id: "new-key", what: "key", text, hint, unseen, ask },
        ),
        Given::Revealed => {
            let unseen = Unseen::Gone(format!("/keys/{}", key.id));
            let once = ShownOnce { id: "revealed-key", what: "key", text, hint, unseen, ask: Ask::Never };
            ("The key in full", REVEALED.to_owned(), GONE, once)
        }
        Given::Token(until) => {
            let lead = format!(
                "Send it wherever the key is sent. It works until {}, or as long as the key. It is shown for 10 minutes on this page, \
                 and nowhere else.",
                end_text(until)
            );
            let once =
                ShownOnce { id: "new-token", what: "token", text, hint: "…".to_owned(), unseen, ask: Ask::Leaving };
            ("The token", lead, COVERED, once)
        }
        Given::HandOver(until) => {
            let lead = format!(
                "Whoever opens the link first sees the key. After that, and after {}, the link no longer works. It is \
                 shown for 10 minutes on this page, and nowhere else.",
                end_text(until)
            );
            let hint = format!("{}#…", text.split('#').next().unwrap_or_default());
            (
                "The hand-over link",
                lead,
                COVERED,
                ShownOnce { id: "new-link", what: "link", text, hint, unseen, ask: Ask::Leaving },
            )
        }
    };
    view! {
        <section class="panel once" aria-labelledby="once">
            <h2 id="once" tabindex="-1" autofocus>
                {heading}
            </h2>
            <p role="status" data-announce>
                {lead}
            </p>
            <div>{once.view()}</div>
            <p class="faint scripted">{hides}</p>
            {call}
        </section>
    }
    .into_any()
}

const ROTATED: &str = "Hand it over the way you hand over a password. It can be revealed again on this page.";
const ROTATED_ONCE: &str = "Hand it over the way you hand over a password. It is shown only now: this installation keeps no copy of \
                            it, and loading the page again does not show it.";
const REVEALED: &str = "The key's history records that you have seen it.";
const COVERED: &str =
    "It is covered after 60 seconds, and when you turn to another window. Copying works all the same.";
const GONE: &str = "It is hidden after 60 seconds, and when you turn to another window.";
