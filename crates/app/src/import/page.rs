use leptos::prelude::*;

use crate::{
    ui::{Notice, Tone, token_field},
    web::{own, upload},
};

/// What the page says besides its form.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    /// An import was given up.
    pub(super) is_cancelled: bool,
    /// Why a file was not taken.
    pub(super) refused: Option<String>,
}

/// The form that takes a file.
pub(super) fn upload_page(field: &'static str, page: &Upload) -> AnyView {
    let refused = page.refused.clone().map(|text| {
        view! { <div role="alert" data-announce id="rows-problem"><Notice tone=Tone::Bad>{text}</Notice></div> }
    });
    let is_refused = page.refused.is_some();
    let described = if is_refused { "rows-help rows-problem" } else { "rows-help" };
    view! {
        <div class="key-page import">
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/keys" rel="external">"API Keys"</a>
            </nav>
            <header>
                <h1>"Import keys"</h1>
                <p class="faint">
                    "Keys that another system issued go on working: nobody who calls with one has to change anything."
                </p>
            </header>
            {page
                .is_cancelled
                .then(|| {
                    view! {
                        <div role="status" data-announce>
                            <Notice tone=Tone::Good>"The import was cancelled. Nothing of it was kept."</Notice>
                        </div>
                    }
                })}
            {refused}
            <section class="panel" aria-labelledby="choose">
                <h2 id="choose">"Choose a file"</h2>
                <form class="import-form" method="post" action=own(upload::PATH) enctype="multipart/form-data" data-once>
                    {token_field()}
                    <label for="rows">"CSV or NDJSON, up to 64 MiB"</label>
                    <input
                        type="file"
                        class="input"
                        id="rows"
                        name=field
                        accept=".csv,.ndjson,.jsonl,text/csv,application/x-ndjson"
                        required=true
                        aria-describedby=described
                        aria-invalid=is_refused.then_some("true")
                    />
                    <p class="faint" id="rows-help">
                        "A row for each key: " <code translate="no">"client_name"</code> ", "
                        <code translate="no">"key"</code> " or its " <code translate="no">"hash"</code>
                        ", and any setting. The first line of a table names its columns."
                    </p>
                    <button type="submit" class="button primary">"Show what would be imported"</button>
                </form>
                <p class="faint">"Nothing works before you have seen what becomes of each row, and confirmed it."</p>
            </section>
            <details class="panel import-example">
                <summary>"What a file looks like"</summary>
                <pre translate="no" role="region" tabindex="0" aria-label="An example of a table">
                    {EXAMPLE}
                </pre>
                <p>
                    "A " <code translate="no">"hash"</code>
                    " is the SHA-256 or SHA-512 of the key, without a salt, in hexadecimal or base64url. Argon2id, bcrypt, PBKDF2 and scrypt are \
                     taken, too, with the " <code translate="no">"prefix"</code> " by which the key is found."
                </p>
            </details>
        </div>
    }
    .into_any()
}

const EXAMPLE: &str = "client_name,key,hash,environment,scopes,expires_at
Acme CRM,acme_1f0c2b7e9d3a4c5b8e6f,,live,contacts:read calls:read,
Acme Dialer,,8d23cf6c86e834a7aa6eded54c26ce2bb2e74903538c61bdd5d2197997ab2f72,live,calls:write,2027-01-31T00:00:00Z";
