//! What comes between a person and their work: the server is gone, or the session is over. Neither loses anything.

use leptos::prelude::*;

use super::{connection::Trouble, filter::Filter, state::KeysState};
use crate::{
    ApiError,
    frame::{ConfirmForm, SignInForm},
    ui::{Dialog, DialogHandle, Notice, Tone, live},
};

/// Says why calls wait, and how it goes on.
#[component]
pub(super) fn Away() -> impl IntoView {
    let state = expect_context::<KeysState>();
    view! {
        <div class="away" role="alert">
            {live(move || {
                state.connection
                    .trouble
                    .get()
                    .map(|trouble| match trouble {
                        Trouble::Trying => {
                            view! { <Notice tone=Tone::Warning>"Keydesk can't be reached. Trying again…"</Notice> }
                                .into_any()
                        }
                        Trouble::Stopped(error) => view! { <Stopped error/> }.into_any(),
                    })
            })}
        </div>
    }
}

/// Nothing goes on by itself. The link opens another tab, so that nothing that was typed here is lost.
#[component]
fn Stopped(error: ApiError) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let text = match &error {
        ApiError::Offline => "Keydesk can't be reached. Nothing was lost.".to_owned(),
        error => format!("{error} What you typed stays here."),
    };
    let reload = (error != ApiError::Offline).then(|| {
        let address = state.filter.with_untracked(Filter::address);
        view! {
            <a class="button small" href=address target="_blank" rel="external noopener">
                "Reload in a new tab"
            </a>
        }
    });
    // A page of another version is not understood the next time either, and what waits for nothing has its own way.
    let again = (error != ApiError::OtherVersion && state.connection.holds_calls()).then(|| {
        view! {
            <button type="button" class="button small" on:click=move |_| state.connection.stir()>
                "Try again"
            </button>
        }
    });
    view! {
        <Notice tone=Tone::Warning>{text}</Notice>
        <div class="away-ways">{reload} {again}</div>
    }
}

/// Lets the person sign in again in place, over whatever is open; then everything goes on where it stopped.
#[component]
pub(super) fn SignInAgain() -> impl IntoView {
    let state = expect_context::<KeysState>();
    move || {
        state.connection.signed_out.get().then(|| {
            // Closed without signing in, it opens again: the waiting calls are repeated, and refused again.
            view! {
                <Dialog id="sign-in-again" title="Sign in again" closed=move || state.connection.resume()>
                    <p>"Your session has ended. Your work is still here, and continues after you sign in."</p>
                    <InPlace/>
                </Dialog>
            }
        })
    }
}

/// Lets the person prove that it is them, over whatever is open; then what they asked for goes on, as it was.
#[component]
pub(super) fn ConfirmItIsYou() -> impl IntoView {
    let state = expect_context::<KeysState>();
    move || {
        state.connection.confirming.get().then(|| {
            view! {
                <Dialog id="confirm" title="Confirm it is you" closed=move || state.connection.end_confirming()>
                    <p>"Nothing was done yet. It goes on once you have proved that it is you, which counts for 10 minutes."</p>
                    <Confirm/>
                </Dialog>
            }
        })
    }
}

#[component]
fn Confirm() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let dialog = expect_context::<DialogHandle>();
    let confirmed = Callback::new(move |()| {
        state.connection.confirmed();
        dialog.close();
    });
    view! {
        <ConfirmForm next=state.filter.get_untracked().address() confirmed/>
        <div class="dialog-foot">
            <button type="button" class="button" on:click=move |_| dialog.close()>
                "Cancel"
            </button>
        </div>
    }
}

/// Says who is signed in now, in another tab, and offers to draw the page for them. What this page still shows is the
/// first person's, and nothing can be done with it.
#[component]
pub(super) fn SomebodyElse() -> impl IntoView {
    let state = expect_context::<KeysState>();
    move || {
        state.connection.somebody_else.get().map(|error| {
            view! {
                <Dialog
                    id="somebody-else"
                    title="Somebody else is signed in"
                    closed=move || state.connection.somebody_else.set(None)
                >
                    <p>{error.to_string()}</p>
                    <div class="dialog-foot">
                        <a class="button primary" href="/keys" rel="external">
                            "Reload"
                        </a>
                    </div>
                </Dialog>
            }
        })
    }
}

#[component]
fn InPlace() -> impl IntoView {
    let dialog = expect_context::<DialogHandle>();
    let state = expect_context::<KeysState>();
    view! {
        <SignInForm
            next=state.filter.get_untracked().address()
            refused=None
            signed_in=Callback::new(move |()| dialog.close())
            apart=true
        />
    }
}
