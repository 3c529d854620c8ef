use leptos::prelude::*;

use super::details::{KeyDetails, Opened};
use crate::{
    ui::{
        key_settings::{differences_view, settings_fields},
        narrows, token_field,
    },
    web::own,
};

/// The form that changes the key, in place of the rest of the page.
pub(super) fn edit(page: &KeyDetails) -> AnyView {
    let key = &page.key;
    let address = format!("/keys/{}", key.id);
    let conflict = (!page.differences.is_empty()).then(|| {
        view! {
            <div class="conflict" role="alert">
                <p>"Somebody else has changed this key since you opened it. Their version differs from yours below:"</p>
                {differences_view(&page.differences)}
                <p>"Save again to replace their version with yours."</p>
            </div>
        }
    });
    let back = format!("{address}#{}", Opened::Edit.opener());
    let wrong =
        page.problems.iter().find(|problem| problem.field == "client_name").map(|problem| problem.message.clone());
    view! {
        <section class="panel" aria-labelledby="edit">
            <h2 id="edit">"Edit API key"</h2>
            <form class="form" method="post" action=own(&address)>
                {conflict}
                {token_field()}
                <input type="hidden" name="id" value=key.id.to_string()/>
                <input type="hidden" name="version" value=page.version.unwrap_or(key.version).to_string()/>
                <div class="field">
                    <label for="client-name">"Client Name"</label>
                    <input
                        class="input"
                        type="text"
                        id="client-name"
                        name="client_name"
                        value=page.name.clone()
                        required
                        autocomplete="off"
                        spellcheck="false"
                        dir="auto"
                        autofocus=(page.problems.is_empty() && page.narrows.is_none()) || wrong.is_some()
                        aria-invalid=wrong.is_some().then_some("true")
                        aria-describedby="client-name-note"
                    />
                    <p class="field-note wrong" id="client-name-note">{wrong}</p>
                </div>
                {settings_fields(&page.form, &page.problems, &page.catalogue)}
                {page.narrows.clone().map(|(lines, seen)| narrows(lines, seen))}
                <div class="dialog-foot">
                    <a class="button" href=back>"Cancel"</a>
                    <button type="submit" class="button primary" name="intent" value="save">"Save"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
