use leptos::prelude::*;
use model::{PASSKEYS_MAX, Passkey};

use super::{details::Account, fields::OwnField};
use crate::{
    ui::{
        Glyph, Icon,
        labels::{relative, time},
        token_field,
    },
    web::own,
};

/// The second factor: an app, passkeys, and the codes for whoever has lost them.
pub(super) fn factors(page: &Account) -> AnyView {
    let factors = &page.factors;
    view! {
        <section class="panel" aria-labelledby="factors">
            <h2 id="factors" tabindex="-1" autofocus=page.focused("factors")>"Second factor"</h2>
            <p class="faint">
                {if page.password {
                    "With a second factor your password alone lets nobody in."
                } else {
                    "With a second factor your organisation alone lets nobody in: it is asked for here, too."
                }}
            </p>
            <h3>"Authenticator app"</h3>
            <div class="danger-row">
                {match factors.app {
                    Some(at) => {
                        view! {
                            <p>"Added " {time(at)} "."</p>
                            <a class="button danger" id="open-remove-app" href="/account?open=remove-app">"Remove app"</a>
                        }
                            .into_any()
                    }
                    None => {
                        view! {
                            <p>"None. An app on your phone shows a new code every 30 seconds."</p>
                            <a class="button" id="open-app" href="/account?open=app">"Set up an app"</a>
                        }
                            .into_any()
                    }
                }}
            </div>
            <h3>"Passkeys"</h3>
            {if factors.passkeys.is_empty() {
                view! { <p>"None. A passkey is in your device or in a security key, and answers this site alone."</p> }.into_any()
            } else {
                view! { <ul class="passkeys" aria-label="Passkeys">{factors.passkeys.iter().map(passkey).collect_view()}</ul> }.into_any()
            }}
            {(factors.passkeys.len() < PASSKEYS_MAX).then(|| add_passkey(page))}
            {factors.any().then(|| codes(factors.recovery_codes))}
        </section>
    }
    .into_any()
}

fn passkey(passkey: &Passkey) -> AnyView {
    let id = passkey.id;
    let label = format!("Remove {}", passkey.name);
    view! {
        <li class="danger-row">
            <p>
                <strong><bdi translate="no">{passkey.name.clone()}</bdi></strong>
                <span class="faint">
                    ", added " {time(passkey.created_at)}
                    {match passkey.last_used_at {
                        Some(at) => view! { ", last used " {relative(at)} }.into_any(),
                        None => ", not used yet".into_any(),
                    }}
                </span>
            </p>
            <a
                class="button danger"
                id=format!("open-passkey-{id}")
                href=format!("/account?open=remove-passkey&passkey={id}")
                aria-label=label
            >
                "Remove"
            </a>
        </li>
    }
    .into_any()
}

/// Only scripts can ask a browser for one.
fn add_passkey(page: &Account) -> AnyView {
    let name = OwnField {
        name: "passkey_name",
        label: "Name of the new passkey",
        kind: "text",
        autocomplete: "off",
        value: String::new(),
        most: 100,
        hint: "By which you know it again, such as Laptop or Blue key.",
        problem: page.problem("passkey_name"),
    };
    view! {
        <form class="form scripted" method="post" action=own("/account") data-once>
            {token_field()}
            <input type="hidden" name="intent" value="add-passkey"/>
            <input type="hidden" name="passkey"/>
            {name.view()}
            <div>
                <button type="button" class="button" data-passkey=page.asked.clone() data-into="passkey"
                    data-only aria-describedby="passkey-problem">
                    <Icon glyph=Glyph::Key/>
                    "Add a passkey"
                </button>
            </div>
            <p class="field-note wrong" id="passkey-problem" role="status"></p>
        </form>
        <p class="unscripted">"A passkey is added with scripts, which are off here."</p>
    }
    .into_any()
}

fn codes(left: u32) -> AnyView {
    let words = match left {
        0 => "You have no recovery code left.".to_owned(),
        1 => "You have 1 recovery code left.".to_owned(),
        left => format!("You have {left} recovery codes left."),
    };
    view! {
        <h3>"Recovery codes"</h3>
        <div class="danger-row">
            <p>{words} " Each signs you in once when you have lost the rest."</p>
            <a class="button" id="open-codes" href="/account?open=new-codes">"New codes"</a>
        </div>
    }
    .into_any()
}
