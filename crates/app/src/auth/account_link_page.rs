//! The pages of links by which a person sets a password.

use leptos::prelude::*;
use model::{AccountLink, AccountLinkKind};

use super::problems::{Problems, name_field, password_field};
use crate::{
    ApiError,
    frame::{link_code_page, outside},
    ui::Problem,
};

const fn title(kind: AccountLinkKind) -> &'static str {
    match kind {
        AccountLinkKind::Invitation => "Welcome to Keydesk",
        AccountLinkKind::Reset => "Choose a new password",
    }
}

/// Where a link without scripts leads.
pub(super) fn code_page(kind: AccountLinkKind) -> AnyView {
    let lead = match kind {
        AccountLinkKind::Invitation => "Enter the code of the link by which you were invited.",
        AccountLinkKind::Reset => "Enter the code of the link that you were sent.",
    };
    link_code_page(title(kind), lead, kind.path())
}

/// For a link that was used, has expired, was withdrawn or never existed: the page does not tell which.
pub(super) fn over_page(kind: AccountLinkKind) -> AnyView {
    let life = match kind {
        AccountLinkKind::Invitation => "An invitation works once, and for 72 hours.",
        AccountLinkKind::Reset => "A link for a new password works once, and for an hour.",
    };
    let content = view! {
        <p>"The link was used, has expired or was withdrawn. " {life}</p>
        <p>"Ask an owner of your installation for a new one."</p>
        <p>
            <a href="/login">"Sign in"</a>
        </p>
    };
    outside("This link can't be opened", "card", content.into_any())
}

/// What was typed, to be shown again beside what is wrong with it.
#[derive(Clone)]
pub(super) struct Typed {
    pub(super) code: String,
    /// What the link is for; its name is the one that was typed last.
    pub(super) link: AccountLink,
    pub(super) problem: Option<ApiError>,
}

/// Asks for a password, and whoever was invited for their name.
pub(super) fn password_page(typed: &Typed) -> AnyView {
    let Typed { code, link: AccountLink { kind, email, name }, problem } = typed.clone();
    let problems = Problems::of(problem);
    let invited = kind == AccountLinkKind::Invitation;
    let content = view! {
        <p class="lead">
            {if invited { "You sign in as " } else { "A new password for " }} <bdi translate="no">{email.clone()}</bdi>
            {if invited { ". Choose a password." } else { ". You are signed out everywhere else." }}
        </p>
        <form class="form" method="post" action=kind.path() data-once>
            <input type="hidden" name="code" value=code/>
            // For password managers, which else would not know whose password this is.
            <input type="text" autocomplete="username" value=email readonly hidden/>
            <Problem problem=Signal::stored(problems.other)/>
            {invited.then(|| name_field(name, problems.name))}
            {password_field(problems.password)}
            <button type="submit" class="button primary">
                {if invited { "Create account" } else { "Set password" }}
            </button>
        </form>
    };
    outside(title(kind), "card", content.into_any())
}
