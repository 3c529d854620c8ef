//! The dialogs that ask before something happens to a person.

use leptos::prelude::*;
use model::PersonStatus;

use super::details::{Flash, Opened, PersonPage};
use crate::{
    ui::{Notice, Tone, plain_dialog, token_field},
    web::own,
};

/// The dialog that the address opens.
pub(super) fn dialog(page: &PersonPage) -> Option<AnyView> {
    let there = page.person.status != PersonStatus::Invited;
    let (title, text, intent, button) = match page.open {
        Opened::Disable if page.person.status == PersonStatus::Active => (
            "Disable administrator",
            "They are signed out everywhere, and can't sign in until they are enabled again.",
            "disable",
            "Disable",
        ),
        Opened::ResetSecondFactor if page.person.second_factor => (
            "Reset second factor",
            "Their authenticator app, their passkeys and their recovery codes are taken away, and they are signed out everywhere. Their \
             password or their organisation alone signs them in then: make sure that it is them who ask for it.",
            "reset-second-factor",
            "Reset second factor",
        ),
        Opened::Remove if there => (
            "Remove administrator",
            "Their account is gone, and they are signed out everywhere. What they did stays in the audit log.",
            "remove",
            "Remove",
        ),
        _ => return None,
    };
    let opener = page.open.opener();
    let refused = match &page.flash {
        Some(Flash::Refused(error)) => Some(error.to_string()),
        _ => None,
    };
    let form = view! {
        <form class="form" method="post" action=own(&page.address()) data-once>
            {refused.map(|text| view! { <div role="alert"><Notice tone=Tone::Bad>{text}</Notice></div> })}
            {token_field()}
            <input type="hidden" name="intent" value=intent/>
            <p>
                <strong class="named-key"><bdi translate="no">{page.person.name.clone()}</bdi></strong>
                " "
                <span translate="no">{page.person.email.clone()}</span>
            </p>
            <p>{text}</p>
            <div class="dialog-foot">
                <a class="button" href=format!("{}#{opener}", page.address()) data-close autofocus>"Cancel"</a>
                <button type="submit" class="button primary danger">{button}</button>
            </div>
        </form>
    };
    Some(plain_dialog(intent, title, true, opener, form.into_any()))
}
