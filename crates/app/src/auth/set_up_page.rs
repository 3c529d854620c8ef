//! The pages of the first owner.

use leptos::prelude::*;

use super::problems::{Problems, email_field, name_field, password_field};
use crate::{
    ApiError,
    frame::{link_code_page, outside},
    ui::Problem,
};

/// Where a link without scripts leads.
pub(super) fn code_page() -> AnyView {
    link_code_page("Welcome to Keydesk", "Enter the code of your set-up link.", "/setup")
}

/// For a link that has ended or never worked, or whose installation has an owner: the page does not tell which.
pub(super) fn over_page() -> AnyView {
    let content = view! {
        <p>"A set-up link works for 24 hours, and until the first owner exists."</p>
        <p>"Whoever runs Keydesk gets a new one with " <code translate="no">"keydesk doctor"</code> "."</p>
        <p>
            <a href="/login">"Sign in"</a>
        </p>
    };
    outside("This set-up link is not valid", "card", content.into_any())
}

/// What was typed, to be shown again beside what is wrong with it.
#[derive(Clone, Default)]
pub(super) struct Typed {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) problem: Option<ApiError>,
}

/// Asks for what makes the first owner.
pub(super) fn set_up_page(typed: &Typed) -> AnyView {
    let Typed { code, name, email, problem } = typed.clone();
    let problems = Problems::of(problem);
    let content = view! {
        <p class="lead">"Nobody can sign in yet. Create the first owner of this installation."</p>
        <form class="form" method="post" action="/setup" data-once>
            <input type="hidden" name="code" value=code/>
            <Problem problem=Signal::stored(problems.other)/>
            {name_field(name, problems.name)}
            {email_field(email, problems.email)}
            {password_field(problems.password)}
            <button type="submit" class="button primary">
                "Create owner"
            </button>
        </form>
    };
    outside("Welcome to Keydesk", "card", content.into_any())
}
