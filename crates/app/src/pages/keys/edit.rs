use leptos::{ev::SubmitEvent, html, prelude::*};
use model::{KeyError, KeyId};

use super::{
    add::{CancelButton, NameField, sentence},
    desk::Desk,
    dom::{self, Fields},
    interruption::Away,
    posted::Posted,
};
use crate::{
    ApiError,
    api::{Asked, KeyRow, get_key, rename_key},
    components::{Dialog, DialogHandle, Notice, Tone},
};

/// Gives a key another Client Name.
#[component]
pub(super) fn EditDialog(id: KeyId) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let row = desk.rows.with_untracked(|rows| rows.iter().find(|row| row.id == id).cloned());
    view! {
        <Dialog id="edit" title="Edit API key" closed=move || desk.open.set(None)>
            {match row {
                Some(row) => view! { <Form row/> }.into_any(),
                None => view! { <Fetched id/> }.into_any(),
            }}
        </Dialog>
    }
}

/// A key that is not among the rows, as when the address names it.
#[component]
fn Fetched(id: KeyId) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let found = Asked::new(move || desk.connection.ask(move || get_key(id)));
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match found.get().await {
                    Ok(row) => view! { <Form row/> }.into_any(),
                    Err(error) => view! { <Notice tone=Tone::Bad>{sentence(&error)}</Notice> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Form(row: KeyRow) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let dialog = expect_context::<DialogHandle>();
    let posted = use_context::<Posted>().unwrap_or_default();
    let form = NodeRef::<html::Form>::new();
    let problem = RwSignal::new(posted.error.filter(|error| !moved(error)));
    let busy = RwSignal::new(false);
    let version = RwSignal::new(row.version);
    // What somebody else has made of it meanwhile.
    let theirs = RwSignal::new(None::<KeyRow>);
    let (id, hint) = (row.id, row.hint.clone());
    let typed = if posted.name.is_empty() { row.name.clone() } else { posted.name };
    let saved = move |key: KeyRow| {
        desk.say(format!("Saved {}", key.name));
        desk.put(key);
        dialog.close();
    };
    let save = move || {
        let Some(name) = Fields::of(form).filter(|_| !busy.get_untracked()).map(|fields| fields.text("client_name"))
        else {
            return;
        };
        busy.set(true);
        let base = version.get_untracked();
        leptos::task::spawn_local(async move {
            let wanted = name.clone();
            let answer = desk.connection.ask(move || rename_key(id, wanted.clone(), base)).await;
            busy.set(false);
            match answer {
                Ok(key) => saved(key),
                Err(error) if moved(&error) => match desk.connection.ask(move || get_key(id)).await {
                    // Our own change, whose answer got lost on the way.
                    Ok(key) if key.name == name.trim() => saved(key),
                    Ok(key) => {
                        version.set(key.version);
                        theirs.set(Some(key));
                    }
                    Err(error) => problem.set(Some(error)),
                },
                Err(error) => {
                    problem.set(Some(error));
                    dom::focus("#client-name");
                }
            }
        });
    };
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        save();
    };
    let conflict = move || {
        theirs.get().map(|key| {
            let name = key.name.clone();
            let keep = move |_| {
                desk.put(key.clone());
                dialog.close();
            };
            view! {
                <div class="conflict" role="alert">
                    <p>"Somebody else has changed this key since you opened it. Its Client Name is now:"</p>
                    <p class="conflict-name">
                        <bdi>{name}</bdi>
                    </p>
                    <p>"Save again to put yours in its place, or keep theirs."</p>
                    <button type="button" class="button" on:click=keep>"Keep theirs"</button>
                </div>
            }
        })
    };
    view! {
        <form class="form" method="post" action="/keys" node_ref=form on:submit=submit>
            <Away/>
            <input type="hidden" name="intent" value="rename"/>
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="version" value=Signal::derive(move || version.get().to_string())/>
            {posted
                .moved
                .then(|| {
                    let name = row.name.clone();
                    view! {
                        <div class="conflict" role="alert">
                            <p>"Somebody else has changed this key since you opened it. Its Client Name is now:"</p>
                            <p class="conflict-name">
                                <bdi>{name}</bdi>
                            </p>
                            <p>"Save again to put yours in its place."</p>
                        </div>
                    }
                })}
            {conflict}
            <NameField value=typed except=Some(id) problem/>
            <div class="field">
                <label for="edited-key">"API key"</label>
                <input class="input mono" id="edited-key" type="text" readonly value=hint/>
            </div>
            <div class="dialog-foot">
                <button type="submit" form="rows" name="delete" value=id.to_string() class="button danger unscripted">
                    "Delete"
                </button>
                <CancelButton dialog/>
                <button type="submit" class="button primary" aria-disabled=Signal::derive(move || busy.get().then_some("true"))>
                    "Save"
                </button>
            </div>
        </form>
    }
}

fn moved(error: &ApiError) -> bool {
    matches!(error, ApiError::Key(KeyError::VersionMoved { .. }))
}
