use leptos::{ev::SubmitEvent, html::Input, prelude::*, task::spawn_local};
use leptos_meta::Title;
use model::PASSWORD_MAX;

use crate::{
    ApiError,
    api::{sign_in, who},
    coming_in::{own_path, query, refused},
    components::{Button, Card, Field, Notice, Tone},
};

/// `/login`: comes in, and goes on to where one wanted to go.
#[component]
pub(crate) fn Login() -> impl IntoView {
    let next = own_path(&query("next").unwrap_or_default()).to_owned();
    let go_on = {
        let next = next.clone();
        Callback::new(move |()| leave_for(&next))
    };
    // The session's cookie does not come along when a link on another site led here, but it does when the page asks.
    Effect::new(move || {
        spawn_local(async move {
            if let Ok(Some(_)) = who().await {
                go_on.run(());
            }
        });
    });
    view! {
        <Title text="Sign in · Keydesk"/>
        <Card title="Sign in">
            <SignInForm next refused=refused() signed_in=go_on/>
        </Card>
    }
}

/// Loads a page anew, so that all of it is of the session that has just begun.
pub(super) fn leave_for(path: &str) {
    // Fails only for an address that is none, and ours are.
    _ = location().assign(path);
}

/// E-mail address and password. Without scripts it is a plain form that answers with a page.
#[component]
pub(crate) fn SignInForm(
    /// Where the plain form leads.
    next: String,
    /// Why the plain form was refused before.
    #[prop(optional_no_strip)]
    refused: Option<ApiError>,
    /// Called when the person is in.
    signed_in: Callback<()>,
) -> impl IntoView {
    let (email, password) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let (busy, set_busy) = signal(false);
    let (problem, set_problem) = signal(refused);
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let (Some(email), Some(typed)) = (email.get_untracked(), password.get_untracked()) else { return };
        if busy.get_untracked() {
            return;
        }
        set_busy.set(true);
        spawn_local(async move {
            match sign_in(email.value(), typed.value().into()).await {
                Ok(()) => signed_in.run(()),
                Err(error) => {
                    set_problem.set(Some(error));
                    set_busy.set(false);
                    // Focus fails only for an element that has left the document.
                    _ = typed.focus();
                    typed.select();
                }
            }
        });
    };
    view! {
        <form class="form" method="post" action="/login" on:submit=submit>
            <input type="hidden" name="next" value=next/>
            <Problem problem=problem/>
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
}

/// Why a form was refused, announced when it appears.
#[component]
pub(super) fn Problem(#[prop(into)] problem: Signal<Option<ApiError>>) -> impl IntoView {
    view! {
        <div role="alert">
            {move || problem.get().map(|error| view! { <Notice tone=Tone::Bad>{error.to_string()}</Notice> })}
        </div>
    }
}
