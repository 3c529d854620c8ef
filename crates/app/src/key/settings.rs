//! The settings of a key as one form.

use leptos::prelude::*;

use super::details::{KeyDetails, Opened};
use crate::{
    ui::{
        key_settings::{Offered, differences_view, settings_fields},
        narrows, token_field,
    },
    web::own,
};

/// The form. What is typed in it is kept by `key.js` while the person looks at the other tab, and asked about before they leave.
pub(super) fn settings(page: &KeyDetails) -> AnyView {
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
    let wrong =
        page.problems.iter().find(|problem| problem.field == "client_name").map(|problem| problem.message.clone());
    let begun = page.open == Opened::Edit;
    let begins = begun && page.problems.is_empty() && page.narrows.is_none();
    let offered = Offered { catalogue: &page.catalogue, reader_address: page.reader_address };
    view! {
        <section class="panel" aria-labelledby="edit">
            <h2 id="edit" class="unseen">"Edit API key"</h2>
            <form class="form key-form" method="post" action=own(&address) data-draft=if page.typed { "typed" } else { "" }>
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
                        autofocus=begins || wrong.is_some()
                        aria-invalid=wrong.is_some().then_some("true")
                        aria-describedby="client-name-note"
                    />
                    <p class="field-note wrong" id="client-name-note">{wrong}</p>
                </div>
                {settings_fields(&page.form, &page.problems, &offered)}
                {page.narrows.clone().map(|(lines, seen)| narrows(lines, seen))}
                <div class="form-foot">
                    // What was proposed or refused is not the key as it is.
                    {begun.then(|| view! { <a class="button" href=address.clone()>"Discard"</a> })}
                    <button
                        type="submit"
                        class="button primary"
                        id="save"
                        name="intent"
                        value="save"
                        autofocus=page.focused("save")
                    >
                        "Save"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
