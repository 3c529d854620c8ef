use leptos::prelude::*;
use model::{Person, PersonStatus};

use super::{
    details::{Flash, PeopleList, address},
    fields::fields,
    given::told,
};
use crate::{
    ui::{Glyph, Icon, count, labels::relative, table_scroll, token_field},
    web::own,
};

/// Everybody who may sign in or is invited.
pub(super) fn list(page: &PeopleList) -> AnyView {
    let flash = page.flash.clone();
    let focused = matches!(&page.flash, Some(Flash::Done(_, "administrators-title")));
    view! {
        <div class="key-page" data-address="/administrators">
            <header class="key-head">
                <h1 id="administrators-title" tabindex="-1" autofocus=focused>"Administrators"</h1>
                {page
                    .form
                    .is_none()
                    .then(|| {
                        view! {
                            <a class="button primary" id="open-invite" href="/administrators?invite">
                                <Icon glyph=Glyph::Plus/>
                                "Invite"
                            </a>
                        }
                    })}
            </header>
            {flash.map(told)}
            {page.form.as_ref().map(|form| {
                view! {
                    <section class="panel" aria-labelledby="invite">
                        <h2 id="invite">"Invite an administrator"</h2>
                        <form class="form" method="post" action=own("/administrators") data-once>
                            {token_field()}
                            <input type="hidden" name="intent" value="invite"/>
                            {fields(form, page.mails, &page.problems)}
                            <div class="dialog-foot">
                                <a class="button" href="/administrators">"Cancel"</a>
                                <button type="submit" class="button primary">
                                    {if page.mails { "Send the invitation" } else { "Make the link" }}
                                </button>
                            </div>
                        </form>
                    </section>
                }
            })}
            {table(page)}
        </div>
    }
    .into_any()
}

fn table(page: &PeopleList) -> AnyView {
    let table = view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Email"</th>
                    <th scope="col">"Role"</th>
                    <th scope="col">"Status"</th>
                    <th scope="col">"Second factor"</th>
                    <th scope="col" class="number">"Sessions"</th>
                    <th scope="col">"Last seen"</th>
                </tr>
            </thead>
            <tbody>{page.people.iter().map(|person| row(person, person.id == page.own)).collect_view()}</tbody>
        </table>
    };
    table_scroll("Administrators", None, table.into_any())
}

fn row(person: &Person, is_own: bool) -> AnyView {
    let invited = person.status == PersonStatus::Invited;
    view! {
        <tr>
            <th scope="row">
                <a href=address(person.id)><bdi translate="no">{person.name.clone()}</bdi></a>
                {is_own.then_some(" (you)")}
            </th>
            <td><span translate="no">{person.email.clone()}</span></td>
            <td>{person.role.title()}</td>
            <td>{status(person)}</td>
            <td>{if invited { "" } else if person.second_factor { "Yes" } else { "No" }}</td>
            <td class="number">{(!invited).then(|| count(u64::from(person.sessions)))}</td>
            <td>{person.last_seen_at.map(relative)}</td>
        </tr>
    }
    .into_any()
}

/// Whether a person can sign in, in words and in the tone of a badge.
pub(super) fn status(person: &Person) -> AnyView {
    let (text, class) = match person.status {
        PersonStatus::Active => ("Active", "badge good"),
        PersonStatus::Disabled => ("Disabled", "badge"),
        PersonStatus::Invited => ("Invited", "badge warning"),
    };
    view! { <span class=class>{text}</span> }.into_any()
}
