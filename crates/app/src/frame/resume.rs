//! A form was sent after its person's session had ended, or while somebody else is signed in: the answer asks for a sign-in
//! and keeps what was typed, in a form that is posted to the same address. Whoever signs in again sees the form as it was,
//! and nothing is changed before they press its button. Only the person for whom the form was drawn gets it back.

use axum::{
    http::{HeaderValue, StatusCode, header::SET_COOKIE, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use leptos::{html::Input, prelude::*};
use model::{AdministratorId, PASSWORD_MAX, SignInWays};

use super::{SignOnForm, framed};
use crate::{
    ApiError,
    ui::{Field, Notice, Tone},
    web::{Password, START, WebState, drawn_for, form_token, guard::sign_in, session, sign_in_ways},
};

/// The fields of the sign-in, beside those that were typed before.
const EMAIL: &str = "resume_email";
const PASSWORD: &str = "resume_password";
/// Says that the person has signed in in another tab.
const SIGNED_IN: &str = "resume_signed_in";
/// The button that was pressed, while nothing is to be done yet.
const PRESSED: &str = "resume_intent";

/// Most fields and bytes that are carried over. Forms of keys have less.
const FIELDS_MAX: usize = 512;
const BYTES_MAX: usize = 128 << 10;

type Fields = Vec<(String, String)>;

/// What a posted form is to do.
pub(crate) enum Resumed {
    /// It is to be carried out.
    No(Fields),
    /// It was kept while its person signed in: it is to be shown as they had filled it in, with their new cookies.
    Yes(Fields, Vec<HeaderValue>),
    /// The person could not sign in.
    Refused(Response),
}

/// Signs its person in, if this form was kept for that. `parts` have their session then.
pub(crate) async fn resume(web: &WebState, parts: &mut Parts, mut fields: Fields) -> Resumed {
    let mut taken = |name: &str| {
        let at = fields.iter().position(|(field, _)| field == name)?;
        Some(fields.remove(at).1)
    };
    let (email, password, elsewhere) = (taken(EMAIL), taken(PASSWORD), taken(SIGNED_IN));
    let typed = email.zip(password);
    if typed.is_none() && elsewhere.is_none() {
        return Resumed::No(fields);
    }
    for (name, _) in &mut fields {
        if name == PRESSED {
            "intent".clone_into(name);
        }
    }
    let Some((email, password)) = typed else {
        return match session::signed_in(web, parts).await {
            Ok(_) => Resumed::Yes(fields, Vec::new()),
            Err(error) => Resumed::Refused(ask(web, parts.clone(), error, &fields).await),
        };
    };
    let signed_in = async {
        session::require_private(&web.access, &parts.headers, &parts.extensions)?;
        let visitor = session::visitor(&web.access, &parts.headers, &parts.extensions);
        let brought = session::brought(&web.keydesk, &web.access, &parts.headers).await?;
        let signed_in = web.keydesk.sign_in(&email, Password::from(password).into(), visitor, brought).await?;
        let begun = web.keydesk.session(signed_in.token.expose()).await?.ok_or(ApiError::SignedOut)?;
        Ok((signed_in, begun))
    };
    let (signed_in, begun) = match signed_in.await {
        Ok(signed_in) => signed_in,
        Err(error) => return Resumed::Refused(ask(web, parts.clone(), error, &fields).await),
    };
    let cookies = session::begun(&web.keydesk, &web.access, &parts.headers, &signed_in);
    parts.extensions.insert(domain::Session { via: session::via(&parts.extensions), ..begun });
    match session::signed_in(web, parts).await {
        Ok(_) => Resumed::Yes(fields, cookies.into()),
        Err(error) => {
            let mut response = ask(web, parts.clone(), error, &fields).await;
            give(&mut response, cookies.into());
            Resumed::Refused(response)
        }
    }
}

/// Puts the cookies of a session that has just begun into an answer.
pub(crate) fn give(response: &mut Response, cookies: Vec<HeaderValue>) {
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// Answers a form that can't be carried out because of who is signed in, which is what `error` says. Reloading it asks
/// again, and changes nothing.
pub(crate) async fn ask(web: &WebState, parts: Parts, error: ApiError, fields: &Fields) -> Response {
    let path = parts.uri.path().to_owned();
    let named = parts.uri.query().and_then(drawn_for::named).and_then(|named| named.parse::<AdministratorId>().ok());
    let bytes: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    // Without whom the form was drawn for, nobody can be known to be the same; what is longer than any form is none of ours.
    let Some(person) = named.filter(|_| fields.len() <= FIELDS_MAX && bytes <= BYTES_MAX) else {
        return match error {
            ApiError::SignedOut => Redirect::to(&sign_in(&path)).into_response(),
            error => super::failed(web, parts, error).await,
        };
    };
    let action = format!("{path}?{}={person}", drawn_for::FIELD);
    // Shown again, it is a form of its own.
    let kept: Fields = fields.iter().filter(|(name, _)| name != form_token::FIELD).cloned().collect();
    let somebody_else = matches!(error, ApiError::SomebodyElse { .. });
    let title = if somebody_else { "Somebody else is signed in" } else { "Sign in to go on" };
    let status = match &error {
        // A page that a person reads, with a form on it.
        ApiError::SignedOut => StatusCode::UNAUTHORIZED,
        error => error.status(),
    };
    framed(web, parts, status, title.to_owned(), move || page(title, &action, &error, &kept)).await
}

fn page(title: &'static str, action: &str, error: &ApiError, kept: &Fields) -> AnyView {
    let (email, password) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let tone = if matches!(error, ApiError::Admin(_)) { Tone::Bad } else { Tone::Warning };
    let text = error.to_string();
    let lead = match error {
        ApiError::SomebodyElse { .. } => view! {
            <p>"What you typed is kept on this page. To go on with it, sign in again as the person who typed it."</p>
            <p>
                <a href="/keys" rel="external">"Reload"</a>
                " to go on as the person who is signed in now; what you typed is lost then."
            </p>
        }
        .into_any(),
        _ => view! {
            <p>"Nothing was changed. What you typed is kept on this page: sign in, and the form comes back as you filled it in."</p>
        }
        .into_any(),
    };
    let hidden = || {
        kept.iter()
            .map(|(name, value)| {
                let name = if name == "intent" { PRESSED } else { name };
                view! { <input type="hidden" name=name.to_owned() value=value.clone()/> }
            })
            .collect_view()
    };
    let SignInWays { passwords, button } = sign_in_ways();
    let alone = !passwords;
    let elsewhere = button.map(|label| {
        view! {
            <SignOnForm label=label next=START.to_owned() primary=alone apart=true/>
            <form class="form" method="post" action=action.to_owned() data-once>
                {hidden()}
                <input type="hidden" name=SIGNED_IN value="yes"/>
                <p class="field-note">"Your organisation signs you in in another tab."</p>
                <button type="submit" class="button">"I have signed in there"</button>
            </form>
        }
    });
    let form = passwords.then(|| {
        view! {
            <form class="form" method="post" action=action.to_owned() data-once>
                {hidden()}
                <Field label="Email" name=EMAIL kind="email" autocomplete="username" focused=true input=email/>
                <Field
                    label="Password"
                    name=PASSWORD
                    kind="password"
                    autocomplete="current-password"
                    most=PASSWORD_MAX
                    input=password
                />
                <button type="submit" class="button primary">"Sign in"</button>
            </form>
        }
    });
    view! {
        <section class="card">
            <h1>{title}</h1>
            <div role="alert">
                <Notice tone>{text}</Notice>
            </div>
            <div class="lead">{lead}</div>
            {form} {elsewhere}
        </section>
    }
    .into_any()
}
