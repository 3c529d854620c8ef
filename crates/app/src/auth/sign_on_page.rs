//! The pages between Keydesk and somebody's organisation. They lead on by themselves; the links are for browsers that don't.

use leptos::prelude::*;
use model::AccountLink;

use crate::{
    frame::{SignOnForm, outside},
    web::START,
};

pub(super) fn leaving_page(to: &str) -> AnyView {
    let content = view! {
        <p class="lead">"Your organisation signs you in."</p>
        <p>
            <a class="button primary" href=to.to_owned() rel="noreferrer">"Continue"</a>
        </p>
    };
    outside("Sign in", "card", content.into_any())
}

pub(super) fn arrived_page(to: &str) -> AnyView {
    let content = view! {
        <p>
            <a class="button primary" href=to.to_owned()>"Continue"</a>
        </p>
    };
    outside("You are signed in", "card", content.into_any())
}

/// For whoever was invited where nobody signs in with a password.
pub(super) fn invited_page(link: &AccountLink, button: String) -> AnyView {
    let content = view! {
        <p class="lead">
            "You are invited as " <bdi translate="no">{link.email.clone()}</bdi>
            ". Sign in with your organisation's account of that address."
        </p>
        <SignOnForm label=button next=START.to_owned() primary=true/>
    };
    outside("Welcome to Keydesk", "card", content.into_any())
}
