use domain::Installation;
use leptos::prelude::*;

use super::{rows::rows, typed::Typed};
use crate::{
    ApiError, FieldProblem,
    ui::{Notice, Tone, token_field},
    web::own,
};

/// What the page shows.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) typed: Typed,
    /// The version that the person has seen.
    pub(super) version: i64,
    pub(super) problems: Vec<FieldProblem>,
    /// Why the form was refused, where no field is to blame.
    pub(super) refused: Option<ApiError>,
    /// Somebody has changed them since.
    pub(super) moved: bool,
    /// Sealed copies would be erased, and the person is asked whether they mean it.
    pub(super) erases: bool,
    /// They have just been saved.
    pub(super) saved: bool,
}

impl Settings {
    pub(super) fn of(now: &Installation) -> Self {
        Self {
            typed: Typed::of(now),
            version: now.settings_version,
            problems: Vec::new(),
            refused: None,
            moved: false,
            erases: false,
            saved: false,
        }
    }
}

pub(super) fn settings_page(shown: &Settings) -> AnyView {
    let refused = shown.refused.as_ref().map(ToString::to_string);
    view! {
        <div class="key-page">
            <header class="key-head">
                <h1 id="settings" tabindex="-1" autofocus=shown.problems.is_empty()>"Settings"</h1>
            </header>
            {shown.saved.then(|| view! { <div role="status" data-announce><Notice tone=Tone::Good>"The settings are saved."</Notice></div> })}
            {refused.map(|refused| view! { <div role="alert" data-announce><Notice tone=Tone::Bad>{refused}</Notice></div> })}
            <section class="panel" aria-labelledby="settings">
                {shown.moved.then(moved)}
                {shown.erases.then(erases)}
                <form class="form" method="post" action=own("/settings") data-once>
                    {token_field()}
                    <input type="hidden" name="version" value=shown.version.to_string()/>
                    {shown.erases.then(|| view! { <input type="hidden" name="erase" value="yes"/> })}
                    {rows(&shown.typed, &shown.problems)}
                    <div class="dialog-foot">
                        <a class="button" href="/settings">"Cancel"</a>
                        <button type="submit" class="button primary" name="intent" value="save">"Save"</button>
                    </div>
                </form>
            </section>
        </div>
    }
    .into_any()
}

fn moved() -> AnyView {
    view! {
        <div class="conflict" role="alert">
            <p>"Somebody else has changed the settings since you opened them. Nothing was saved."</p>
            <p>"Save again to replace theirs with what stands here, or " <a href="/settings">"load them as they are now"</a> "."</p>
        </div>
    }
    .into_any()
}

fn erases() -> AnyView {
    view! {
        <div class="conflict" role="alert">
            <p>"Nothing was saved yet. If keys are shown once, the sealed copies of all API keys are erased, and no key that exists \
                can be revealed or handed over any more. That can't be undone."</p>
            <p>"Save again to erase them."</p>
        </div>
    }
    .into_any()
}
