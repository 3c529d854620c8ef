use domain::NewApp;
use leptos::prelude::*;

use super::{details::Account, fields::OwnField, qr::qr};
use crate::{ui::token_field, web::own};

/// The steps in which an authenticator app is set up.
pub(super) fn set_up(page: &Account, new: &NewApp) -> AnyView {
    let NewApp { secret, uri, ticket } = new;
    // People type it in groups.
    let groups: Vec<_> = secret.expose().as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    let code = OwnField {
        name: "code",
        label: "Code",
        kind: "text",
        autocomplete: "one-time-code",
        value: String::new(),
        most: 16,
        hint: "The six digits that the app shows now.",
        problem: page.problem("code"),
    };
    view! {
        <section class="panel" aria-labelledby="app-title">
            <h2 id="app-title" tabindex="-1" autofocus=page.problems.is_empty()>"Set up an authenticator app"</h2>
            <p>"Scan the picture with an authenticator app on your phone, or type the secret into it. Then type the code that it shows."</p>
            <div class="app-secret">
                {qr(uri.expose(), "QR code of the secret")}
                <p>
                    "Secret: "
                    <code class="app-text" translate="no">{groups.join(" ")}</code>
                </p>
            </div>
            <form class="form" method="post" action=own("/account") data-once>
                {token_field()}
                <input type="hidden" name="intent" value="add-app"/>
                <input type="hidden" name="ticket" value=ticket.expose().to_owned()/>
                {code.view()}
                <div class="dialog-foot">
                    <a class="button" href="/account">"Cancel"</a>
                    <button type="submit" class="button primary">"Add app"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
