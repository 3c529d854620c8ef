use leptos::prelude::*;
use model::Role;

use super::details::Invitation;
use crate::FieldProblem;

/// What each role may do, in words.
const ROLES: [(Role, &str); 3] = [
    (Role::Viewer, "Viewer: sees keys and their usage, changes nothing"),
    (Role::Manager, "Manager: everything about keys but the Default API Key"),
    (Role::Owner, "Owner: everything, people and settings too"),
];

/// The fields of an invitation, which Keydesk mails or not.
pub(super) fn fields(form: &Invitation, mails: bool, problems: &[FieldProblem]) -> AnyView {
    let hint = match mails {
        true => "They sign in with it, and the link is mailed there.",
        false => "They sign in with it. Keydesk sends nothing: you get a link to give them.",
    };
    view! {
        <div class="field">
            <label for="email">"Email"</label>
            <input
                class="input"
                id="email"
                name="email"
                type="email"
                required
                maxlength="254"
                autocomplete="off"
                spellcheck="false"
                value=form.email.clone()
                autofocus
                aria-invalid=wrong(problems, "email")
                aria-describedby="email-note"
            />
            {note(problems, "email", hint)}
        </div>
        <div class="field">
            <label for="name">"Name"</label>
            <input
                class="input"
                id="name"
                name="name"
                type="text"
                required
                maxlength="100"
                autocomplete="off"
                value=form.name.clone()
                aria-invalid=wrong(problems, "name")
                aria-describedby="name-note"
            />
            {note(problems, "name", "They may change it.")}
        </div>
        {role_field(form.role)}
    }
    .into_any()
}

/// The choice of a role.
pub(super) fn role_field(chosen: Role) -> AnyView {
    view! {
        <div class="field">
            <label for="role">"Role"</label>
            <select class="choice" id="role" name="role">
                {ROLES
                    .map(|(role, words)| {
                        view! { <option value=role.as_str() selected=role == chosen>{words}</option> }
                    })
                    .collect_view()}
            </select>
        </div>
    }
    .into_any()
}

fn wrong(problems: &[FieldProblem], field: &str) -> Option<&'static str> {
    problems.iter().any(|problem| problem.field == field).then_some("true")
}

fn note(problems: &[FieldProblem], field: &str, hint: &'static str) -> AnyView {
    let id = format!("{field}-note");
    match problems.iter().find(|problem| problem.field == field) {
        Some(problem) => view! { <p class="field-note wrong" id=id>{problem.message.clone()}</p> }.into_any(),
        None => view! { <p class="field-note" id=id>{hint}</p> }.into_any(),
    }
}
