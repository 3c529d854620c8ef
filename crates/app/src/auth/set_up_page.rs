use leptos::{ev::SubmitEvent, html::Input, prelude::*, task::spawn_local};
use leptos_meta::Title;
use model::{AdminError, PASSWORD_MAX, PASSWORD_MIN};

use super::{
    login_page::leave_for,
    refused::{query, refused},
    set_up::set_up,
    set_up_open::set_up_open,
};
use crate::{
    ApiError,
    ui::{Button, Card, EmptyState, Field, Glyph, Notice, Problem, Tone},
    web::{START, ServerResource},
};

/// `/setup`: creates the first owner, for whoever holds the link.
#[component]
pub(crate) fn SetUpPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::web::headers::keep_address_private();
    let token = query("token").unwrap_or_default();
    let refused = refused();
    let asked = token.clone();
    let open = ServerResource::new(move || set_up_open(asked.clone()));
    view! {
        <Title text="Set up · Keydesk"/>
        <Suspense fallback=|| ()>
            {move || {
                let (token, refused) = (token.clone(), refused.clone());
                Suspend::new(async move {
                    match open.get().await {
                        Ok(true) => view! { <SetUpForm token refused/> }.into_any(),
                        Ok(false) => view! { <Over/> }.into_any(),
                        Err(error) => view! { <Notice tone=Tone::Bad>{error.to_string()}</Notice> }.into_any(),
                    }
                })
            }}
        </Suspense>
    }
}

#[component]
fn Over() -> impl IntoView {
    view! {
        <EmptyState glyph=Glyph::Key title="This set-up link is not valid">
            <p>
                "A set-up link works until the first owner exists. Until then " <code>"keydesk doctor"</code>
                " shows it."
            </p>
            <p>
                <a href="/login">"Sign in"</a>
            </p>
        </EmptyState>
    }
}

#[component]
fn SetUpForm(token: String, refused: Option<ApiError>) -> impl IntoView {
    let [name, email, password] = [(); 3].map(|()| NodeRef::<Input>::new());
    let (busy, set_busy) = signal(false);
    let (problem, set_problem) = signal(refused);
    let posted = token.clone();
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let inputs = [name, email, password].map(|input| input.get_untracked());
        let [Some(name), Some(email), Some(password)] = inputs else { return };
        if busy.get_untracked() {
            return;
        }
        set_busy.set(true);
        let token = posted.clone();
        spawn_local(async move {
            match set_up(token, name.value(), email.value(), password.value().into()).await {
                Ok(()) => leave_for(START),
                Err(error) => {
                    let wrong = match &error {
                        ApiError::Admin(AdminError::InvalidName) => Some(name),
                        ApiError::Admin(AdminError::InvalidEmail | AdminError::EmailTaken) => Some(email),
                        ApiError::Admin(AdminError::WeakPassword | AdminError::GuessablePassword { .. }) => {
                            Some(password)
                        }
                        _ => None,
                    };
                    set_problem.set(Some(error));
                    set_busy.set(false);
                    // Focus fails only for an element that has left the document.
                    _ = wrong.map(|input| input.focus());
                }
            }
        });
    };
    let about = move |field: fn(&AdminError) -> bool| {
        Signal::derive(move || match problem.get() {
            Some(ApiError::Admin(error)) if field(&error) => error.to_string(),
            _ => String::new(),
        })
    };
    let of_name = about(|error| matches!(error, AdminError::InvalidName));
    let of_email = about(|error| matches!(error, AdminError::InvalidEmail | AdminError::EmailTaken));
    let of_password = about(|error| matches!(error, AdminError::WeakPassword | AdminError::GuessablePassword { .. }));
    let of_all = Signal::derive(move || {
        let of_one = [of_name, of_email, of_password].iter().any(|field| !field.read().is_empty());
        problem.get().filter(|_| !of_one)
    });
    view! {
        <Card title="Welcome to Keydesk">
            <p class="lead">"Nobody can sign in yet. Create the first owner of this installation."</p>
            <form class="form" method="post" action="/setup" on:submit=submit>
                <input type="hidden" name="token" value=token/>
                <Problem problem=of_all/>
                <Field label="Name" name="name" autocomplete="name" error=of_name input=name/>
                <Field label="Email" name="email" kind="email" autocomplete="username" error=of_email input=email/>
                <Field
                    label="Password"
                    name="password"
                    kind="password"
                    autocomplete="new-password"
                    hint="At least 12 characters"
                    least=PASSWORD_MIN
                    most=PASSWORD_MAX
                    error=of_password
                    input=password
                />
                <Button primary=true busy=busy>
                    "Create owner"
                </Button>
            </form>
        </Card>
    }
}
