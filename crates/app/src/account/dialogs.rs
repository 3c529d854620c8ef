//! The dialogs that ask before something of a person's own goes.

use leptos::prelude::*;

use super::details::{Account, Flash, Opened};
use crate::{
    ui::{Notice, Tone, plain_dialog, token_field},
    web::own,
};

/// What a dialog says, and what its button does.
struct Asked {
    title: &'static str,
    text: String,
    intent: &'static str,
    button: &'static str,
    opener: String,
    /// The passkey that is meant.
    passkey: String,
}

/// The dialog that the address opens.
pub(super) fn dialog(page: &Account) -> Option<AnyView> {
    let last = page.factors.count() == 1;
    let goes = if last {
        "It is your last second factor: your recovery codes go with it, and your password alone signs you in then."
    } else {
        "Your other second factors stay."
    };
    let asked = match &page.open {
        Opened::RemoveApp if page.factors.app.is_some() => Asked {
            title: "Remove authenticator app",
            text: goes.to_owned(),
            intent: "remove-app",
            button: "Remove app",
            opener: "open-remove-app".to_owned(),
            passkey: String::new(),
        },
        Opened::RemovePasskey(id) => {
            let passkey = page.factors.passkeys.iter().find(|passkey| passkey.id == *id)?;
            Asked {
                title: "Remove passkey",
                text: format!("{} signs you in no more. {goes}", passkey.name),
                intent: "remove-passkey",
                button: "Remove passkey",
                opener: format!("open-passkey-{id}"),
                passkey: id.to_string(),
            }
        }
        Opened::NewCodes if page.factors.any() => Asked {
            title: "New recovery codes",
            text: "You get ten new codes. The old ones are over.".to_owned(),
            intent: "new-codes",
            button: "New codes",
            opener: "open-codes".to_owned(),
            passkey: String::new(),
        },
        _ => return None,
    };
    let refused = match &page.flash {
        Some(Flash::Refused(error)) => Some(error.to_string()),
        _ => None,
    };
    let careful = asked.intent != "new-codes";
    let class = if careful { "button primary danger" } else { "button primary" };
    let form = view! {
        <form class="form" method="post" action=own("/account") data-once>
            {refused.map(|text| view! { <div role="alert"><Notice tone=Tone::Bad>{text}</Notice></div> })}
            {token_field()}
            <input type="hidden" name="intent" value=asked.intent/>
            <input type="hidden" name="passkey" value=asked.passkey/>
            <p>{asked.text}</p>
            <div class="dialog-foot">
                <a class="button" href=format!("/account#{}", asked.opener) data-close autofocus=careful>"Cancel"</a>
                <button type="submit" class=class autofocus=!careful>{asked.button}</button>
            </div>
        </form>
    };
    Some(plain_dialog(asked.intent, asked.title, careful, &asked.opener, form.into_any()))
}
