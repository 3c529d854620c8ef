use leptos::{ev::SubmitEvent, html::Input, prelude::*, task::spawn_local};
use model::{AdminError, PASSWORD_MAX, SignInWays};

use super::{
    proof::Given,
    proof_form::ProofForm,
    sign_in::{SecondStep, sign_in, sign_in_second},
    sign_on_form::SignOnForm,
};
use crate::{
    ApiError,
    ui::{Button, Field, Problem, live},
    web::sign_in_ways,
};

/// The ways to sign in: email address and password, and then the second factor of whoever has one; the person's organisation; or both.
/// Without scripts they are plain forms that answer with a page.
#[component]
pub(crate) fn SignInForm(
    /// The page to which the plain form leads.
    next: String,
    /// Why the plain form was refused before.
    #[prop(optional_no_strip)]
    refused: Option<ApiError>,
    /// Called when the person is signed in.
    signed_in: Callback<()>,
    /// Whether their organisation signs them in in another tab, since this page keeps something.
    #[prop(optional)]
    apart: bool,
) -> impl IntoView {
    let problem = RwSignal::new(refused);
    let second = RwSignal::new(None::<SecondStep>);
    live(move || match second.get() {
        None => view! { <FirstStep next=next.clone() problem second signed_in apart/> }.into_any(),
        Some(step) => view! { <Second step problem second signed_in/> }.into_any(),
    })
}

#[component]
fn FirstStep(
    next: String,
    problem: RwSignal<Option<ApiError>>,
    second: RwSignal<Option<SecondStep>>,
    signed_in: Callback<()>,
    apart: bool,
) -> impl IntoView {
    let (email, password) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let (busy, set_busy) = signal(false);
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let (Some(email), Some(typed)) = (email.get_untracked(), password.get_untracked()) else { return };
        if busy.get_untracked() {
            return;
        }
        set_busy.set(true);
        spawn_local(async move {
            match sign_in(email.value(), typed.value().into()).await {
                Ok(None) => signed_in.run(()),
                Ok(Some(step)) => {
                    problem.set(None);
                    second.set(Some(step));
                }
                Err(error) => {
                    problem.set(Some(error));
                    set_busy.set(false);
                    // Focus fails only for an element that has left the document.
                    _ = typed.focus();
                    typed.select();
                }
            }
        });
    };
    let SignInWays { passwords, button } = sign_in_ways();
    let alone = !passwords;
    let elsewhere = button.map(|label| {
        view! {
            {apart.then(|| view! { <p>"Your organisation signs you in in another tab. Then close this."</p> })}
            <SignOnForm label=label next=next.clone() primary=alone apart=apart/>
        }
    });
    let form = passwords.then(|| {
        view! {
            <form class="form" method="post" action="/login" on:submit=submit>
                <input type="hidden" name="next" value=next.clone()/>
                <Problem problem/>
                <Field label="Email" name="email" kind="email" autocomplete="username" input=email/>
                <Field
                    label="Password"
                    name="password"
                    kind="password"
                    autocomplete="current-password"
                    most=PASSWORD_MAX
                    input=password
                />
                <Button primary=true busy=busy>
                    "Sign in"
                </Button>
            </form>
        }
    });
    view! {
        <div class="sign-in">
            {alone.then(|| view! { <Problem problem/> })} {form} {elsewhere}
        </div>
    }
}

/// Only scripts come here.
#[component]
fn Second(
    step: SecondStep,
    problem: RwSignal<Option<ApiError>>,
    second: RwSignal<Option<SecondStep>>,
    signed_in: Callback<()>,
) -> impl IntoView {
    let SecondStep { token, fields } = step;
    let busy = RwSignal::new(false);
    let send = Callback::new(move |given: Given| {
        let token = token.clone();
        spawn_local(async move {
            match sign_in_second(token, given).await {
                Ok(()) => signed_in.run(()),
                Err(error) => {
                    let over = error == ApiError::Admin(AdminError::SignInOver);
                    problem.set(Some(error));
                    busy.set(false);
                    if over {
                        second.set(None);
                    }
                }
            }
        });
    });
    view! { <ProofForm fields button="Continue" problem busy send/> }
}
