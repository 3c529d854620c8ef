use leptos::prelude::*;

use super::{
    app::set_up,
    details::{Account, Flash, Opened},
    dialogs::dialog,
    factors::factors,
    given::told,
    preferences::preferences,
    profile::profile,
    sessions::sessions,
};
use crate::{
    frame::module,
    ui::{Notice, Tone},
    web::Assets,
};

/// Everything about whoever reads it.
pub(super) fn page(page: &Account) -> AnyView {
    let dialog = dialog(page);
    // A refused dialog says itself why.
    let inside = dialog.is_some();
    let flash = page.flash.clone().filter(|flash| !(inside && matches!(flash, Flash::Refused(_))));
    let script = expect_context::<Assets>().account;
    view! {
        <div class="key-page" data-address="/account">
            {dialog}
            <header class="key-head">
                <h1 id="account-title" tabindex="-1" autofocus=page.focused("account-title")>"Account"</h1>
            </header>
            {flash.map(told)}
            {page
                .session
                .second_factor_due
                .then(|| {
                    view! {
                        <div role="status">
                            <Notice tone=Tone::Warning>
                                "Your installation asks you for a second factor. Set one up to go on: until then nothing else is open to you."
                            </Notice>
                        </div>
                    }
                })}
            {match &page.open {
                Opened::App(new) => set_up(page, new),
                _ => {
                    view! {
                        {factors(page)}
                        {profile(page)}
                        {sessions(page)}
                        {preferences(page)}
                    }
                        .into_any()
                }
            }}
            {module(&script, use_nonce())}
        </div>
    }
    .into_any()
}
