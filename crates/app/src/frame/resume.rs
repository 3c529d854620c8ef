//! A form was sent after its person's session had ended, or while somebody else is signed in: the answer asks for a sign-in
//! and keeps what was typed, in a form that is posted to the same address. Whoever signs in again sees the form as it was,
//! and nothing is changed before they press its button. Only the person for whom the form was drawn gets it back.

use axum::{
    http::{HeaderValue, StatusCode, header::SET_COOKIE, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::{SecondStep, SignedIn, SigningIn};
use leptos::{html::Input, prelude::*};
use model::{AdministratorId, PASSWORD_MAX, PlainSecret, SignInWays};

use super::{
    document::{failed, framed},
    proof::Given,
    second_step::{SECOND_TITLE, STEP, second_step_form},
    sign_on_form::SignOnForm,
};
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

/// What a kept form brings for the sign-in.
enum Brings {
    Password {
        email: String,
        password: Password,
    },
    Second {
        token: PlainSecret,
        given: Given,
    },
    /// Their organisation has signed them in, in another tab.
    SignedIn,
}

/// How far somebody has come with their sign-in.
enum Came {
    In(SignedIn),
    Second(SecondStep),
    Elsewhere,
}

impl Brings {
    fn taken(fields: &mut Fields) -> Option<Self> {
        let taken = |fields: &mut Fields, name: &str| {
            let at = fields.iter().position(|(field, _)| field == name)?;
            Some(fields.remove(at).1)
        };
        if let Some(token) = taken(fields, STEP) {
            return Some(Self::Second { token: PlainSecret::new(token), given: Given::taken(fields) });
        }
        let (email, password, elsewhere) =
            (taken(fields, EMAIL), taken(fields, PASSWORD), taken(fields, SIGNED_IN).is_some());
        match email.zip(password) {
            Some((email, password)) => Some(Self::Password { email, password: password.into() }),
            None => elsewhere.then_some(Self::SignedIn),
        }
    }

    async fn sign_in(self, web: &WebState, parts: &Parts) -> Result<Came, ApiError> {
        session::require_private(&web.access, &parts.headers, &parts.extensions)?;
        let visitor = session::visitor(&web.access, &parts.headers, &parts.extensions);
        let brought = session::brought(&web.keydesk, &web.access, &parts.headers).await?;
        Ok(match self {
            Self::Password { email, password } => {
                match web.keydesk.sign_in(&email, password.into(), visitor, brought).await? {
                    SigningIn::In(signed_in) => Came::In(signed_in),
                    SigningIn::Second(step) => Came::Second(step),
                }
            }
            Self::Second { token, given } => {
                let proof = given.proof(session::origin_of(&web.access, &parts.headers))?;
                Came::In(web.keydesk.sign_in_second(token.expose(), proof, brought, visitor.via).await?)
            }
            Self::SignedIn => session::signed_in(web, parts).await.map(|_| Came::Elsewhere)?,
        })
    }
}

/// Signs its person in, if this form was kept for that. `parts` have their session then.
pub(crate) async fn resume(web: &WebState, parts: &mut Parts, mut fields: Fields) -> Resumed {
    let Some(brings) = Brings::taken(&mut fields) else { return Resumed::No(fields) };
    let step = match &brings {
        Brings::Second { token, .. } => Some(token.clone()),
        Brings::Password { .. } | Brings::SignedIn => None,
    };
    let signed_in: Result<_, ApiError> = async {
        let came = brings.sign_in(web, parts).await?;
        let begun = match &came {
            Came::In(signed_in) => {
                Some(web.keydesk.session(signed_in.token.expose()).await?.ok_or(ApiError::SignedOut)?)
            }
            Came::Second(_) | Came::Elsewhere => None,
        };
        Ok((came, begun))
    }
    .await;
    let signed_in = match signed_in {
        Ok((Came::In(signed_in), Some(begun))) => Some((signed_in, begun)),
        Ok((Came::Second(step), _)) => {
            return Resumed::Refused(ask_second(web, parts.clone(), step, None, &fields).await);
        }
        Ok(_) => None,
        Err(error) => {
            // Of the second step the same is asked again, unless that is over.
            let again = match step {
                Some(token) => {
                    web.keydesk.ways_of_step(token.expose()).await.ok().map(|ways| SecondStep { token, ways })
                }
                None => None,
            };
            return Resumed::Refused(match again {
                Some(step) => ask_second(web, parts.clone(), step, Some(error), &fields).await,
                None => ask(web, parts.clone(), error, &fields).await,
            });
        }
    };
    for (name, _) in &mut fields {
        if name == PRESSED {
            "intent".clone_into(name);
        }
    }
    // Who was signed in elsewhere has their cookies already.
    let Some((signed_in, begun)) = signed_in else { return Resumed::Yes(fields, Vec::new()) };
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

/// Asks for the second factor of whoever has just proved the first, and keeps the form all the same.
async fn ask_second(
    web: &WebState,
    parts: Parts,
    step: SecondStep,
    error: Option<ApiError>,
    kept: &Fields,
) -> Response {
    let status = error.as_ref().map_or(StatusCode::UNAUTHORIZED, ApiError::status);
    let (action, kept) = (address(&parts), kept.clone());
    framed(web, parts, status, SECOND_TITLE.to_owned(), move || {
        view! {
            <section class="card">
                <h1>{SECOND_TITLE}</h1>
                {second_step_form(&action, step.token.expose(), &step.ways, error.as_ref(), &kept)}
            </section>
        }
        .into_any()
    })
    .await
}

/// Where a form was posted, with all that its address says.
fn address(parts: &Parts) -> String {
    parts.uri.path_and_query().map_or_else(String::new, |path| path.as_str().to_owned())
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
    if named.is_none() || fields.len() > FIELDS_MAX || bytes > BYTES_MAX {
        return match error {
            ApiError::SignedOut => Redirect::to(&sign_in(&path)).into_response(),
            error => failed(web, parts, error).await,
        };
    }
    let action = address(&parts);
    // Shown again, it is a form of its own; and its button is pressed by nobody yet.
    let kept: Fields = fields.iter().filter(|(name, _)| name != form_token::FIELD).cloned().map(unpressed).collect();
    let somebody_else = matches!(error, ApiError::SomebodyElse { .. });
    let title = if somebody_else { "Somebody else is signed in" } else { "Sign in to go on" };
    let status = match &error {
        // A page that a person reads, with a form on it.
        ApiError::SignedOut => StatusCode::UNAUTHORIZED,
        error => error.status(),
    };
    framed(web, parts, status, title.to_owned(), move || page(title, &action, &error, &kept)).await
}

fn unpressed((name, value): (String, String)) -> (String, String) {
    if name == "intent" { (PRESSED.to_owned(), value) } else { (name, value) }
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
            .map(|(name, value)| view! { <input type="hidden" name=name.clone() value=value.clone()/> })
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
