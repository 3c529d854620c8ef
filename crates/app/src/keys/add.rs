use std::time::Duration;

use leptos::{ev::SubmitEvent, html, prelude::*};
use model::{CLIENT_NAME_MAX, Preset};

use super::{
    advanced::{Advanced, settings},
    api::{count_named, create_key},
    connection::{Asker, Outcome},
    created::{CreatedKey, Fields},
    debounce::Debounce,
    dom::{self, OpenForm},
    draft::Draft,
    posted::{Posted, first},
    ready::Ready,
    reconnect::Away,
    state::KeysState,
};
use crate::{
    ApiError,
    ui::{Dialog, DialogHandle, Glyph, Icon, count, live, token_field},
    web::{own, preselect},
};

/// From the last key press until the name is looked up.
const TYPED: Duration = Duration::from_millis(200);

/// Fields that are seen without opening the others.
const SIMPLE: [&str; 4] = ["new", "client_name", "preset", "intent"];

/// Creates a key, and shows it.
#[component]
pub(super) fn AddDialog(fields: Fields) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let posted = use_context::<Posted>().unwrap_or_default();
    let created = RwSignal::new(None::<CreatedKey>);
    let closed = move || {
        let shown = created.with_untracked(Option::is_some);
        state.open.set(None);
        if shown {
            state.refresh();
        }
    };
    view! {
        <Dialog id="add" title="Add API key" closed>
            {live(move || match created.get() {
                Some(created) => view! { <Ready created/> }.into_any(),
                None => view! { <Draw posted=posted.clone() fields=fields.clone() created/> }.into_any(),
            })}
        </Dialog>
    }
}

/// The form.
#[component]
fn Draw(posted: Posted, fields: Fields, created: RwSignal<Option<CreatedKey>>) -> impl IntoView {
    let state = expect_context::<KeysState>();
    let dialog = expect_context::<DialogHandle>();
    let form = NodeRef::<html::Form>::new();
    let unchosen = posted.error.as_ref().and_then(|error| of_field(error, "preset"));
    let problem = RwSignal::new(posted.error.filter(|error| !at_fields(error)));
    let busy = RwSignal::new(false);
    let fields = if posted.fields.is_empty() {
        let mut fields = fields;
        preselect(&mut fields);
        fields
    } else {
        posted.fields
    };
    let name = first(&fields, "client_name").unwrap_or_default();
    let asked = first(&fields, "preset").map(|preset| preset.parse::<Preset>().ok());
    let chosen = asked.flatten();
    // Values that were not understood are reported among the settings.
    let filled = asked == Some(None) || fields.iter().any(|(name, _)| !SIMPLE.contains(&name.as_str()));
    let (draft, asker) = (Draft::new(), Asker::here(state.connection));
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let Some(fields) = OpenForm::of(form).filter(|_| !busy.get_untracked()) else { return };
        // Without the settings the key would be created with fewer restrictions than the link asks for.
        if filled && !dom::holds(form, ".advanced-body") {
            problem.set(Some(ApiError::Incomplete));
            return;
        }
        let fields = fields.all();
        let (token, name) = (draft.token(&fields), first(&fields, "client_name").unwrap_or_default());
        busy.set(true);
        leptos::task::spawn_local(async move {
            let made = state.connection.change(asker, token, move |token| create_key(fields.clone(), token)).await;
            match made {
                Outcome::Answered(answer) => {
                    busy.set(false);
                    match answer {
                        Ok(key) => {
                            state.announce(format!("API key generated for {}", key.key.name));
                            created.set(Some(key));
                        }
                        Err(error) => refused(error, problem),
                    }
                }
                Outcome::Done(key) => state.made_all_the_same(key),
                Outcome::Cancelled => {}
                Outcome::Unknown => state.tell_unknown(&format!("an API key was generated for {name}")),
            }
        });
    };
    view! {
        <form class="form adding" method="post" action=own("/keys") node_ref=form on:submit=submit>
            <Away/>
            <input type="hidden" name="intent" value="create"/>
            {token_field()}
            <NameField value=name except=None problem/>
            // Nothing is chosen before somebody chooses, here or for the installation: a preset may write and call.
            <fieldset
                class="presets"
                role="radiogroup"
                aria-labelledby="integration"
                aria-describedby="preset-problem"
                aria-required="true"
            >
                <legend id="integration">"Integration"</legend>
                {Preset::ALL
                    .map(|preset| {
                        let id = format!("preset-{}", preset.as_str());
                        view! {
                            <label class="preset">
                                <input
                                    type="radio"
                                    name="preset"
                                    value=preset.as_str()
                                    required
                                    checked=Some(preset) == chosen
                                    aria-labelledby=id.clone()
                                    aria-describedby=format!("{id}-does")
                                />
                                <span class="preset-name" id=id.clone()>{preset.title()}</span>
                                <span class="preset-does" id=format!("{id}-does")>{preset.summary()}</span>
                            </label>
                        }
                    })
                    .collect_view()}
                <p class="field-note wrong" id="preset-problem" data-problem="preset">{unchosen}</p>
            </fieldset>
            // Custom brings no scopes: they are chosen there.
            <Advanced settings=settings(None, fields) open=filled || chosen == Some(Preset::Custom)/>
            <div class="dialog-foot">
                <CancelButton dialog/>
                <button type="submit" class="button primary" aria-disabled=Signal::derive(move || busy.get().then_some("true"))>
                    "Generate key"
                </button>
            </div>
        </form>
    }
}

/// Whether the fields themselves say what is wrong.
pub(super) fn at_fields(error: &ApiError) -> bool {
    matches!(error, ApiError::Fields(_))
}

/// What is wrong with one field.
fn of_field(error: &ApiError, name: &str) -> Option<String> {
    let ApiError::Fields(problems) = error else { return None };
    problems.iter().find(|problem| problem.field == name).map(|problem| problem.message.clone())
}

/// Shows what is wrong, at the fields where possible, and moves the focus there.
pub(super) fn refused(error: ApiError, problem: RwSignal<Option<ApiError>>) {
    match error {
        ApiError::Fields(problems) if dom::mark(&problems) => problem.set(None),
        error => {
            dom::mark(&[]);
            problem.set(Some(error));
            dom::focus("#client-name");
        }
    }
}

/// Closes a dialog without doing anything.
#[component]
pub(super) fn CancelButton(dialog: DialogHandle) -> impl IntoView {
    view! {
        <button
            type="submit"
            form="rows"
            class="button"
            on:click=move |click| {
                click.prevent_default();
                dialog.close();
            }
        >
            "Cancel"
        </button>
    }
}

/// The Client Name, with what is wrong with it, and how many others have it.
#[component]
pub(super) fn NameField(
    value: String,
    /// The key that is edited, which has the name already.
    except: Option<model::KeyId>,
    problem: RwSignal<Option<ApiError>>,
) -> impl IntoView {
    let others = RwSignal::new(0_u64);
    let input = NodeRef::<html::Input>::new();
    let pause = Debounce::new();
    let look_up = move || {
        let Some(name) = input.get_untracked().map(|input| input.value()) else { return };
        leptos::task::spawn_local(async move {
            // An ornament: without an answer nothing is missing, so it is not asked again.
            let answer = count_named(name.clone(), except).await;
            // A name that was typed meanwhile has its own look-up.
            if let (Ok(count), Some(input)) = (answer, input.try_get_untracked().flatten())
                && input.value() == name
            {
                others.set(count);
            }
        });
    };
    let typed = move |_| {
        problem.set(None);
        pause.after(TYPED, look_up);
    };
    let named_so = move || match others.get() {
        0 => String::new(),
        1 => "1 other key has this name".to_owned(),
        more => format!("{} other keys have this name", count(more)),
    };
    let wrong = move || problem.with(Option::is_some);
    view! {
        <div class="field">
            <label for="client-name">"Client Name"</label>
            <input
                class="input"
                type="text"
                id="client-name"
                name="client_name"
                value=value
                required
                // Characters are counted by the server, which counts those of every script alike.
                maxlength=CLIENT_NAME_MAX * 4
                autocomplete="off"
                spellcheck="false"
                dir="auto"
                data-first
                aria-invalid=Signal::derive(move || wrong().then_some("true"))
                aria-describedby="client-name-note"
                node_ref=input
                on:input=typed
            />
            <div id="client-name-note" class="field-note" aria-live="polite">
                {live(move || problem.get().map(|error| view! { <span class="wrong"><Icon glyph=Glyph::Problem/>{sentence(&error)}</span> }))}
                {named_so}
            </div>
        </div>
    }
}

/// An error's text as a sentence.
pub(super) fn sentence(error: &ApiError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
