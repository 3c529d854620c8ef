use axum::http::{HeaderValue, header::CONTENT_SECURITY_POLICY};
use leptos::{nonce::Nonce, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use super::theme::Theme;
use crate::web::{Assets, Reader, build, default_preset, drawn_for::drawn_for, sign_in_ways};

/// The document around pages that are hydrated.
pub(crate) fn hydrated(body: AnyView) -> AnyView {
    let own = expect_context::<Assets>();
    // A page that answers a plain form is not hydrated, but the settings in its dialogs still need their script.
    html(None, body, move |nonce| {
        view! {
            // Before the client, which writes times in the language that it names.
            {module(&own.zone, nonce.clone())}
            {client(&own, nonce.clone())}
            {module(&own.passkey, nonce.clone())}
            {module(&own.scopes, nonce)}
        }
        .into_any()
    })
}

/// A plain document: without the client, and with the few scripts that such pages share.
pub(super) fn document(title: &str, body: AnyView) -> AnyView {
    let assets = expect_context::<Assets>();
    html(Some(format!("{title} · Keydesk")), body, move |nonce| {
        view! {
            {module(&assets.zone, nonce.clone())}
            {module(&assets.scopes, nonce.clone())}
            {module(&assets.passkey, nonce.clone())}
            {module(&assets.document, nonce)}
        }
        .into_any()
    })
}

/// A plain document to which a link may lead whose code stands behind `#`.
pub(super) fn linked_document(title: &str, body: AnyView) -> AnyView {
    let assets = expect_context::<Assets>();
    html(Some(format!("{title} · Keydesk")), body, move |nonce| {
        view! {
            {module(&assets.zone, nonce.clone())}
            {module(&assets.link, nonce.clone())}
            {module(&assets.passkey, nonce.clone())}
            {module(&assets.document, nonce)}
        }
        .into_any()
    })
}

fn html(title: Option<String>, body: AnyView, scripts: impl FnOnce(Option<Nonce>) -> AnyView) -> AnyView {
    let assets = expect_context::<Assets>();
    let nonce = use_nonce();
    let policy = policy(nonce.as_ref());
    let ways = sign_in_ways();
    let without_passwords = (!ways.passwords).then_some("");
    if let (Some(response), Ok(policy)) = (use_context::<ResponseOptions>(), HeaderValue::try_from(policy)) {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-theme=Theme::of_page().as_str()
            data-for=drawn_for()
            data-zone=Reader::own_zone()
            data-build=build::build(&assets).to_owned()
            data-preset=default_preset().map(model::Preset::as_str)
            data-without-passwords=without_passwords
            data-sign-on=ways.button
        >
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                {title.map(|title| view! { <title>{title}</title> })}
                {present(assets.css.clone()).map(|css| view! { <link rel="stylesheet" href=css/> })}
                {present(assets.icon.clone()).map(|icon| view! { <link rel="icon" type="image/svg+xml" href=icon/> })}
                {scripts(nonce)}
                <MetaTags/>
            </head>
            <body>{body}</body>
        </html>
    }
    .into_any()
}

/// A script of the site, if it was built with that.
pub(crate) fn module(path: &str, nonce: Option<Nonce>) -> Option<impl IntoView + use<>> {
    let path = present(path.to_owned())?;
    Some(view! { <script type="module" src=path nonce=nonce></script> })
}

fn present(path: String) -> Option<String> {
    (!path.is_empty()).then_some(path)
}

fn client(assets: &Assets, nonce: Option<Nonce>) -> Option<impl IntoView + use<>> {
    let js = present(assets.js.clone())?;
    let wasm = assets.wasm.clone();
    Some(view! {
        <link rel="modulepreload" href=js.clone() nonce=nonce.clone()/>
        <link rel="preload" r#as="fetch" href=wasm.clone() type="application/wasm" crossorigin="anonymous"/>
        <script
            type="module"
            id="wake"
            src=assets.wake.clone()
            nonce=nonce
            data-js=js
            data-wasm=wasm
            // Filled in when the whole page is written.
            data-structure=""
        ></script>
    })
}

/// Only scripts that carry this answer's nonce run, and their imports.
fn policy(nonce: Option<&Nonce>) -> String {
    let script = nonce.map_or_else(|| "'none'".to_owned(), |nonce| format!("'nonce-{nonce}' 'wasm-unsafe-eval'"));
    format!(
        "default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}
