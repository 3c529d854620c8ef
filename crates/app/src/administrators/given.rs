use domain::NewAccountLink;
use leptos::prelude::*;
use model::{AccountLink, AccountLinkKind};

use super::details::Flash;
use crate::ui::{Ask, Notice, ShownOnce, Tone, Unseen, labels::time};

/// What was done, given or refused. Scripts say it to screen readers once the page stands.
pub(super) fn told(flash: Flash) -> AnyView {
    match flash {
        Flash::Done(text, _) => view! {
            <div class="outcome">
                <div role="status" data-announce><Notice tone=Tone::Good>{text}</Notice></div>
            </div>
        }
        .into_any(),
        Flash::Refused(error) => {
            let text = error.to_string();
            view! { <div role="alert" data-announce><Notice tone=Tone::Bad>{text}</Notice></div> }.into_any()
        }
        Flash::Link { made, address, passwords } => link(made, address, passwords),
        Flash::Mailed(made) => mailed(made),
    }
}

fn mailed(made: NewAccountLink) -> AnyView {
    let AccountLink { kind, email, name } = made.link;
    let title = match kind {
        AccountLinkKind::Invitation => "The invitation is on its way",
        AccountLinkKind::Reset => "The link for a new password is on its way",
    };
    view! {
        <section class="panel once" aria-labelledby="once">
            <h2 id="once" tabindex="-1" autofocus>{title}</h2>
            <p role="status" data-announce>"It is mailed to " <span translate="no">{email}</span> ", and shown to nobody else."</p>
            <p class="faint">"For " <bdi translate="no">{name}</bdi> ", until " {time(made.expires_at)} ", once."</p>
        </section>
    }
    .into_any()
}

fn link(made: NewAccountLink, text: String, passwords: bool) -> AnyView {
    let AccountLink { kind, name, .. } = made.link;
    let hint = format!("…{}#…", kind.path());
    let once = ShownOnce { id: "account-link", what: "link", text, hint, unseen: Unseen::Covered, ask: Ask::Always };
    let (title, lead) = match kind {
        AccountLinkKind::Invitation if !passwords => (
            "The link of the invitation",
            "It leads to the sign-in with your organisation's account of that address, which accepts the invitation.",
        ),
        AccountLinkKind::Invitation => (
            "The link of the invitation",
            "It is shown now and never again. Whoever opens it first sets a password and is an administrator: send it by a way that reaches \
             this person alone.",
        ),
        AccountLinkKind::Reset => (
            "The link for a new password",
            "It is shown now and never again. Whoever opens it first sets the password: send it by a way that reaches this person alone. \
             Until then the old password goes on working.",
        ),
    };
    view! {
        <section class="panel once" aria-labelledby="once">
            <h2 id="once" tabindex="-1" autofocus>{title}</h2>
            <p role="status" data-announce>{lead}</p>
            <div>{once.view()}</div>
            <p class="faint">"For " <bdi translate="no">{name}</bdi> ", until " {time(made.expires_at)} ", once."</p>
        </section>
    }
    .into_any()
}
