use leptos::{ev::SubmitEvent, html, prelude::*};
use model::{KeyError, KeyId};

use super::{
    add::{CancelButton, NameField, at_fields, refused, sentence},
    advanced::{Advanced, settings},
    api::{OtherVersion, compare_key, get_key, save_key},
    connection::{Asker, Outcome},
    dom::{self, OpenForm},
    draft::Draft,
    key_row::KeyRow,
    posted::Posted,
    reconnect::Away,
    state::KeysState,
};
use crate::{
    ApiError,
    ui::{Dialog, DialogHandle, Notice, Tone, live, narrows, token_field},
    web::{ServerResource, own},
};

/// Changes a key.
#[component]
pub(super) fn EditDialog(id: KeyId) -> impl IntoView {
    let state = expect_context::<KeysState>();
    // The server draws the dialog before it knows the rows. Until the page is awake it must look the same here.
    let awake = state.now.with_untracked(Option::is_some);
    let row = state.rows.with_untracked(|rows| rows.iter().find(|row| row.id == id).filter(|_| awake).cloned());
    // Asked for here and not where they are shown, which is drawn later: answers that come with the page are numbered as they are
    // asked for.
    let settings = settings(Some(id), Vec::new());
    view! {
        <Dialog id="edit" title="Edit API key" closed=move || state.open.set(None)>
            {match row {
                Some(row) => view! { <Form row settings/> }.into_any(),
                None => view! { <Fetched id settings/> }.into_any(),
            }}
        </Dialog>
    }
}

/// A key that is not among the rows, for example because only the address names it.
#[component]
fn Fetched(id: KeyId, settings: ServerResource<String>) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let asker = Asker::here(state.connection);
    let found = ServerResource::new(move || state.connection.ask_for(asker, move || get_key(id)));
    view! {
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                match found.get().await {
                    Ok(row) => view! { <Form row settings/> }.into_any(),
                    Err(error) => view! { <Notice tone=Tone::Bad>{sentence(&error)}</Notice> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Form(row: KeyRow, settings: ServerResource<String>) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let dialog = expect_context::<DialogHandle>();
    let posted = use_context::<Posted>().unwrap_or_default();
    let form = NodeRef::<html::Form>::new();
    let (typed, open) = (posted.text("client_name"), !posted.fields.is_empty());
    // What the change would refuse, once that was told.
    let told = RwSignal::new(posted.error.as_ref().and_then(narrowed));
    let problem =
        RwSignal::new(posted.error.filter(|error| !moved(error) && !at_fields(error) && narrowed(error).is_none()));
    let busy = RwSignal::new(false);
    let version = RwSignal::new(row.version);
    // Somebody else's version, when there is one.
    let theirs = RwSignal::new(None::<OtherVersion>);
    let (id, hint, name) = (row.id, row.hint.clone(), row.name.clone());
    let (draft, asker) = (Draft::new(), Asker::here(state.connection));
    let saved = move |key: KeyRow, done: &str| {
        state.announce(format!("{done} {}", key.name));
        state.put(key);
        dialog.close();
    };
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let Some(fields) = OpenForm::of(form).filter(|_| !busy.get_untracked()).map(|fields| fields.all()) else {
            return;
        };
        let (token, name) = (draft.token(&fields), name.clone());
        busy.set(true);
        leptos::task::spawn_local(async move {
            let mine = fields.clone();
            let answer = match state.connection.change(asker, token, move |token| save_key(mine.clone(), token)).await {
                Outcome::Answered(answer) => answer,
                Outcome::Done(key) => {
                    state.notify(format!("Saved {} all the same", key.name), Vec::new());
                    return state.put(key);
                }
                Outcome::Cancelled => return,
                Outcome::Unknown => return state.tell_unknown(&format!("{name} was saved")),
            };
            let answer = match answer {
                Err(error) if moved(&error) => {
                    state.connection.ask_for(asker, move || compare_key(fields.clone())).await.map(Err)
                }
                answer => answer.map(Ok),
            };
            if !asker.waits() {
                return;
            }
            busy.set(false);
            match answer {
                Ok(Ok(key)) => saved(key, "Saved"),
                Ok(Err(same)) if same.differences.is_empty() => {
                    saved(same.key, "Somebody else has made the same change to");
                }
                Ok(Err(other)) => {
                    version.set(other.key.version);
                    theirs.set(Some(other));
                    dom::after_rendering(|| _ = dom::focus("#edit .conflict button"));
                }
                Err(error) => match narrowed(&error) {
                    Some(refuses) => {
                        told.set(Some(refuses));
                        dom::after_rendering(|| _ = dom::focus("#edit .narrows"));
                    }
                    None => refused(error, problem),
                },
            }
        });
    };
    let conflict = move || {
        theirs.get().map(|OtherVersion { key, differences }| {
            let keep = move |_| {
                state.put(key.clone());
                dialog.close();
            };
            view! {
                <Conflict differences/>
                <button type="button" class="button kept" on:click=keep>"Keep theirs"</button>
            }
        })
    };
    view! {
        <form class="form" method="post" action=own("/keys") node_ref=form on:submit=submit>
            <Away/>
            <input type="hidden" name="intent" value="save"/>
            {token_field()}
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="version" value=Signal::derive(move || version.get().to_string())/>
            {posted.differences.map(|differences| view! { <div class="conflict" role="alert"><Conflict differences/></div> })}
            {live(move || conflict().map(|conflict| view! { <div class="conflict" role="alert">{conflict}</div> }))}
            <NameField value=typed.unwrap_or(row.name) except=Some(id) problem/>
            <div class="field">
                <label for="edited-key">"API key"</label>
                <input class="input mono" translate="no" id="edited-key" type="text" readonly value=hint/>
            </div>
            <Advanced settings open/>
            {live(move || told.get().map(|(lines, seen)| narrows(lines, seen)))}
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

/// How somebody else's version differs from the form.
#[component]
fn Conflict(differences: String) -> impl IntoView {
    view! {
        <p>"Somebody else has changed this key since you opened it. Their version differs from yours:"</p>
        <div inner_html=differences></div>
        <p>"Save again to replace their version with yours, or keep theirs."</p>
    }
}

/// What a change would refuse, where it was not made for that.
fn narrowed(error: &ApiError) -> Option<(Vec<String>, String)> {
    match error {
        ApiError::Narrows { lines, seen } => Some((lines.clone(), seen.clone())),
        _ => None,
    }
}

fn moved(error: &ApiError) -> bool {
    matches!(error, ApiError::Key(KeyError::VersionMoved { .. }))
}
