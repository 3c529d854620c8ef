use leptos::{html, prelude::*};
use model::KeyStatus;
use web_sys::KeyboardEvent;

use super::{
    created::CreatedKey,
    dom,
    secret::{CommandBox, SecretBox},
    state::KeysState,
};
use crate::ui::{Dialog, DialogHandle, Notice, Tone, live, seen_again};

/// The new key: the last step of the dialog that made it. Where nothing shows the key again, it does not go uncopied without
/// a question.
#[component]
pub(super) fn Ready(created: CreatedKey) -> impl IntoView {
    let dialog = expect_context::<DialogHandle>();
    let copied = RwSignal::new(false);
    // Counts up when the question's button copies.
    let copy = RwSignal::new(0_u32);
    let asked = RwSignal::new(false);
    let (again, id) = (created.again, created.key.id);
    let lost = created.secret.is_ok() && !again;
    let done = move || {
        if lost && !copied.get_untracked() {
            asked.set(true);
        } else {
            dialog.close();
        }
    };
    // Before the dialog itself hears of it.
    let escape = move |press: KeyboardEvent| {
        if press.key() == "Escape" && !press.is_composing() && lost && !copied.get_untracked() {
            press.prevent_default();
            press.stop_propagation();
            if !asked.get_untracked() {
                asked.set(true);
            }
        }
    };
    let disabled = created.key.status == KeyStatus::Disabled;
    Effect::new(|| dom::after_rendering(|| _ = dom::focus("#add [data-first]")));
    let (name, hint) = (created.key.name, created.key.hint);
    let call = created.call;
    let (guide, guide_title) = (call.guide.clone(), call.guide_title.clone());
    let told = match created.secret {
        Ok(secret) => {
            let whole = call.with(&secret);
            view! {
                <Notice tone=Tone::Good>
                    "The API key of " <bdi translate="no">{name}</bdi> " is ready. Hand it over the way you hand over a password."
                    {disabled.then_some(" It is disabled: every call with it is refused until somebody enables it.")}
                </Notice>
                <SecretBox secret hint=hint.clone() copied copy/>
                <p class="faint">{seen_again(again)}</p>
                <CommandBox call whole hint copied/>
            }
            .into_any()
        }
        Err(reason) => view! {
            <Notice tone=Tone::Warning>
                "This form was sent before, and the API key of " <bdi translate="no">{name}</bdi> " is there. " {reason}
            </Notice>
        }
        .into_any(),
    };
    let hand_over = (again && !disabled).then(|| format!("/keys/{id}?open=hand-over"));
    view! {
        <div class="form" on:keydown=escape>
            {told}
            <p class="new-key-ways">
                {hand_over.map(|address| view! { <a href=address rel="external">"Send a hand-over link"</a> })}
                <a href=guide rel="external">
                    {guide_title}
                </a>
            </p>
            {live(move || asked.get().then(|| view! { <Leaving asked dialog copy/> }))}
            <div class="dialog-foot">
                <button
                    type="submit"
                    form="rows"
                    class="button"
                    on:click=move |click| {
                        click.prevent_default();
                        done();
                    }
                >
                    "Done"
                </button>
            </div>
        </div>
    }
}

/// Shows a key that was made although its dialog was closed before.
#[component]
pub(super) fn MadeDialog(created: CreatedKey) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let closed = move || {
        state.made.set(None);
        state.refresh();
    };
    view! {
        <Dialog id="add" title="Add API key" closed>
            <Notice tone=Tone::Warning>
                "This API key was generated all the same: it was on its way when you closed the form. Delete it if you don't need it."
            </Notice>
            <Ready created/>
        </Dialog>
    }
}

/// The question before a key goes that nobody has copied and nothing shows again.
#[component]
fn Leaving(asked: RwSignal<bool>, dialog: DialogHandle, copy: RwSignal<u32>) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let stay = move || {
        if let Some(question) = node.get_untracked() {
            question.close();
        }
        asked.set(false);
    };
    Effect::new(move || {
        if let Some(question) = node.get() {
            // Fails only for a dialog that is open or has left the document.
            _ = question.show_modal();
            _ = dom::focus("#leave .primary");
        }
    });
    view! {
        <dialog
            id="leave"
            class="dialog"
            role="alertdialog"
            aria-labelledby="leave-title"
            aria-describedby="leave-text"
            node_ref=node
            on:keydown=move |press: KeyboardEvent| {
                press.stop_propagation();
                if press.key() == "Escape" {
                    press.prevent_default();
                    stay();
                }
            }
        >
            <h2 id="leave-title">"Leave without the key?"</h2>
            <p id="leave-text">"You have not copied the key. It can't be shown again."</p>
            <div class="dialog-foot">
                <button
                    type="button"
                    class="button"
                    on:click=move |_| {
                        stay();
                        dialog.close();
                    }
                >
                    "Leave it"
                </button>
                <button
                    type="button"
                    class="button primary"
                    on:click=move |_| {
                        stay();
                        copy.update(|copies| *copies += 1);
                    }
                >
                    "Copy key"
                </button>
            </div>
        </dialog>
    }
}
