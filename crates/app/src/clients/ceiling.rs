use domain::CeilingOf;
use leptos::prelude::*;
use model::{CeilingInfo, Environment, RateLimit};

use super::page::ceiling_address;
use crate::{
    ApiError, FieldProblem,
    ui::{
        Notice, Tone,
        key_settings::{LimitRows, limit_fields},
        token_field,
    },
    web::own,
};

/// The form of a ceiling.
#[derive(Clone, Debug)]
pub(super) struct CeilingForm {
    pub(super) now: CeilingInfo,
    pub(super) rows: LimitRows,
    /// The version that the person has seen.
    pub(super) version: i64,
    pub(super) problems: Vec<FieldProblem>,
    /// Why the form was refused, where no field is to blame.
    pub(super) refused: Option<ApiError>,
    /// Somebody has set another ceiling since.
    pub(super) moved: bool,
}

impl CeilingForm {
    pub(super) fn of(now: CeilingInfo) -> Self {
        let rows = LimitRows::of(&now.rate_limits, &now.quotas);
        Self { rows, version: now.version, now, problems: Vec::new(), refused: None, moved: false }
    }

    /// What the page is called.
    pub(super) fn title(&self) -> String {
        match (&self.now.client_name, self.now.environment) {
            (Some(name), Some(Environment::Test)) => format!("Ceiling of {} (test)", name.as_str()),
            (Some(name), _) => format!("Ceiling of {}", name.as_str()),
            _ => "Ceiling of the installation".to_owned(),
        }
    }
}

/// The address of the form.
pub(super) fn address(of: &CeilingOf) -> String {
    match of {
        CeilingOf::Installation => "/clients/ceiling".to_owned(),
        CeilingOf::Client(name, environment) => ceiling_address(name.as_str(), *environment),
    }
}

pub(super) fn ceiling_page(form: &CeilingForm, address: &str) -> AnyView {
    let words: Vec<_> = form
        .now
        .rate_limits
        .iter()
        .map(RateLimit::words)
        .chain(form.now.quotas.iter().map(model::Quota::words))
        .collect();
    let theirs = if words.is_empty() { "none".to_owned() } else { words.join("; ") };
    let lead = match form.now.client_name {
        Some(_) => {
            "What all keys of this client may do together, however its name is written. Each key keeps its own limits beside it."
        }
        None => {
            "What all keys of the installation may do together. Each key and each client keeps its own limits beside it."
        }
    };
    view! {
        <div class="key-page">
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/clients">"Clients"</a>
            </nav>
            <section class="panel" aria-labelledby="ceiling">
                <h1 id="ceiling" tabindex="-1" autofocus=form.problems.is_empty()>
                    <bdi translate="no">{form.title()}</bdi>
                </h1>
                <p class="faint">{lead}</p>
                {form
                    .refused
                    .as_ref()
                    .map(ToString::to_string)
                    .map(|refused| view! { <div role="alert" data-announce><Notice tone=Tone::Bad>{refused}</Notice></div> })}
                {form
                    .moved
                    .then(|| {
                        view! {
                            <div class="conflict" role="alert">
                                <p>"Somebody else has changed this ceiling since you opened it. Now it is: " {theirs} "."</p>
                                <p>"Save again to replace it with yours."</p>
                            </div>
                        }
                    })}
                <form class="form" method="post" action=own(address)>
                    {token_field()}
                    <input type="hidden" name="version" value=form.version.to_string()/>
                    {limit_fields(&form.rows, &form.problems, false)}
                    <div class="dialog-foot">
                        <a class="button" href="/clients">"Cancel"</a>
                        <button type="submit" class="button primary" name="intent" value="save">"Save"</button>
                    </div>
                </form>
            </section>
        </div>
    }
    .into_any()
}
