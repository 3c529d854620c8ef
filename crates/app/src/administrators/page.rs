use leptos::prelude::*;
use model::{Person, PersonStatus};

use super::{
    details::{Flash, Opened, PersonPage},
    dialogs::dialog,
    fields::role_field,
    given::told,
    list::status,
};
use crate::{
    ui::{
        count,
        labels::{relative, time},
        post_button, token_field,
    },
    web::own,
};

/// Everything about one person.
pub(super) fn page(page: &PersonPage) -> AnyView {
    let dialog = dialog(page);
    // A refused dialog says itself why.
    let inside = dialog.is_some();
    let flash = page.flash.clone().filter(|flash| !(inside && matches!(flash, Flash::Refused(_))));
    let person = &page.person;
    view! {
        <div class="key-page" data-address=page.address()>
            {dialog}
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/administrators">"Administrators"</a>
            </nav>
            <header class="key-head">
                <div class="key-title">
                    <h1 id="person-title" tabindex="-1" autofocus=page.focused("person-title")>
                        <bdi translate="no">{person.name.clone()}</bdi>
                    </h1>
                    {status(person)}
                </div>
            </header>
            {flash.map(told)}
            {page.is_own.then(|| {
                view! { <p class="faint">"This is you. " <a href="/account">"Your account"</a> " has your second factor, and your password if you have one."</p> }
            })}
            {about(person)}
            {if person.status == PersonStatus::Invited {
                invited(page)
            } else {
                view! {
                    {role(page)}
                    {access(page)}
                    {danger(page)}
                }
                    .into_any()
            }}
        </div>
    }
    .into_any()
}

fn about(person: &Person) -> AnyView {
    let invited = person.status == PersonStatus::Invited;
    view! {
        <section class="panel" aria-labelledby="about">
            <h2 id="about">"About"</h2>
            <dl class="about">
                <dt>"Email"</dt>
                <dd translate="no">{person.email.clone()}</dd>
                <dt>"Role"</dt>
                <dd>{person.role.title()}</dd>
                {(!invited)
                    .then(|| {
                        view! {
                            <dt>"Second factor"</dt>
                            <dd>{if person.second_factor { "Yes" } else { "No" }}</dd>
                            <dt>"Sessions"</dt>
                            <dd>
                                {count(u64::from(person.sessions))}
                                {person.last_seen_at.map(|at| view! { ", last used " {relative(at)} })}
                            </dd>
                        }
                    })}
                <dt>{if invited { "Invited" } else { "Since" }}</dt>
                <dd>{time(person.created_at)}</dd>
                {person.expires_at.map(|at| view! { <dt>"Link works until"</dt><dd>{time(at)}</dd> })}
            </dl>
        </section>
    }
    .into_any()
}

fn invited(page: &PersonPage) -> AnyView {
    let address = page.address();
    view! {
        <section class="panel" aria-labelledby="invitation">
            <h2 id="invitation">"Invitation"</h2>
            <div class="danger-row">
                <p>"Its link was given once. A new one takes the place of the one before."</p>
                {post_button(&address, "invite-again", "Make a new link", "button", false)}
            </div>
            <div class="danger-row">
                <p>"A withdrawn invitation lets nobody in."</p>
                {post_button(&address, "remove", "Withdraw", "button danger", false)}
            </div>
        </section>
    }
    .into_any()
}

fn role(page: &PersonPage) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="role-title">
            <h2 id="role-title" tabindex="-1" autofocus=page.focused("role-title")>"Role"</h2>
            <form class="form" method="post" action=own(&page.address()) data-once>
                {token_field()}
                <input type="hidden" name="intent" value="role"/>
                {role_field(page.person.role)}
                <p class="field-note">"Sessions go on, and the next request is made with the new role."</p>
                <div><button type="submit" class="button primary">"Save role"</button></div>
            </form>
        </section>
    }
    .into_any()
}

fn access(page: &PersonPage) -> AnyView {
    let (address, person) = (page.address(), &page.person);
    let reset = Opened::ResetSecondFactor.opener();
    view! {
        <section class="panel" aria-labelledby="access">
            <h2 id="access" tabindex="-1" autofocus=page.focused("access")>"Signing in"</h2>
            {(person.status == PersonStatus::Active && page.passwords)
                .then(|| {
                    view! {
                        <div class="danger-row">
                            <p>"Forgotten the password? A link sets a new one, once and within an hour."</p>
                            {post_button(&address, "reset-password", "Make a link", "button", false)}
                        </div>
                    }
                })}
            <div class="danger-row">
                <p>"End all sessions: they are signed out everywhere, and can sign in again."</p>
                {post_button(&address, "end-sessions", "End sessions", "button", false)}
            </div>
            {person
                .second_factor
                .then(|| {
                    view! {
                        <div class="danger-row">
                            <p>"Lost the second factor, and the recovery codes too? Then it can be taken away."</p>
                            <a class="button danger" id=reset href=format!("{address}?open=reset-second-factor")>
                                "Reset second factor"
                            </a>
                        </div>
                    }
                })}
        </section>
    }
    .into_any()
}

fn danger(page: &PersonPage) -> AnyView {
    let address = page.address();
    let (disable, remove) = (Opened::Disable.opener(), Opened::Remove.opener());
    view! {
        <section class="panel danger" aria-labelledby="danger">
            <h2 id="danger">"Danger zone"</h2>
            <div class="danger-row">
                {if page.person.status == PersonStatus::Active {
                    view! {
                        <p>"Disabled, they are signed out and can't sign in until they are enabled again."</p>
                        <a class="button danger" id=disable href=format!("{address}?open=disable") autofocus=page.focused(disable)>
                            "Disable"
                        </a>
                    }
                        .into_any()
                } else {
                    view! {
                        <p>"They can't sign in."</p>
                        {post_button(&address, "enable", "Enable", "button", page.focused("enable"))}
                    }
                        .into_any()
                }}
            </div>
            <div class="danger-row">
                <p>"Removed, they have no account any more. What they did stays in the audit log."</p>
                <a class="button danger" id=remove href=format!("{address}?open=remove")>"Remove"</a>
            </div>
        </section>
    }
    .into_any()
}
