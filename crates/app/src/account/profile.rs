use leptos::prelude::*;
use model::PASSWORD_MAX;

use super::{details::Account, fields::OwnField};
use crate::{ui::token_field, web::own};

const NO_PASSWORD: &str = "You have none here. You sign in with your organisation's account.";

/// Name and password.
pub(super) fn profile(page: &Account) -> AnyView {
    let person = &page.session.administrator;
    let name = OwnField {
        name: "name",
        label: "Name",
        kind: "text",
        autocomplete: "name",
        value: page.name.clone(),
        most: 100,
        hint: "As others read it, in the audit log too.",
        problem: page.problem("name"),
    };
    view! {
        <section class="panel" aria-labelledby="profile">
            <h2 id="profile" tabindex="-1" autofocus=page.focused("profile")>"Profile"</h2>
            <dl class="about">
                <dt>"Email"</dt>
                <dd translate="no">{person.email.clone()}</dd>
                <dt>"Role"</dt>
                <dd>{person.role.title()}</dd>
            </dl>
            <form class="form" method="post" action=own("/account") data-once>
                {token_field()}
                <input type="hidden" name="intent" value="name"/>
                {name.view()}
                <div><button type="submit" class="button">"Save name"</button></div>
            </form>
        </section>
        <section class="panel" aria-labelledby="password-title">
            <h2 id="password-title" tabindex="-1" autofocus=page.focused("password-title")>"Password"</h2>
            {if page.password { change_password(page) } else { view! { <p>{NO_PASSWORD}</p> }.into_any() }}
        </section>
    }
    .into_any()
}

fn change_password(page: &Account) -> AnyView {
    let password = |name, label, autocomplete, hint| OwnField {
        name,
        label,
        kind: "password",
        autocomplete,
        value: String::new(),
        most: PASSWORD_MAX,
        hint,
        problem: page.problem(name),
    };
    view! {
        <form class="form" method="post" action=own("/account") data-once>
            {token_field()}
            <input type="hidden" name="intent" value="password"/>
            // For password managers, which else would not know whose password this is.
            <input type="text" name="username" autocomplete="username" value=page.session.administrator.email.clone() readonly hidden/>
            {password("present", "Present password", "current-password", "").view()}
            {password("password", "New password", "new-password", "At least 12 characters. All other sessions end.").view()}
            <div><button type="submit" class="button">"Change password"</button></div>
        </form>
    }
    .into_any()
}
