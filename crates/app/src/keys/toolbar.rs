use std::time::Duration;

use leptos::{ev::SubmitEvent, html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use model::{Environment, KeyStatus, Preset};

use super::{
    dom::OpenForm,
    filter::{EXPIRING, Filter},
    letters::Letters,
    state::KeysState,
    typing::Typing,
};
use crate::{
    ui::{Glyph, Icon},
    web::own,
};

/// The list is asked for with the first key press, and then at most this often.
const TYPED: Duration = Duration::from_millis(40);

/// Search and filters. A plain form, so that it works without scripts; with them it needs no button.
#[component]
pub(super) fn Toolbar() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let filter = state.filter;
    let form = NodeRef::<html::Form>::new();
    let search = NodeRef::<html::Input>::new();
    let navigate = use_navigate();
    let typing = Typing::new();
    let go = move |replace: bool| {
        let Some(fields) = OpenForm::of(form) else { return };
        let wanted = Filter {
            search: fields.text("search"),
            sort: filter.get_untracked().sort,
            status: fields.text("status").parse().ok(),
            expiring: fields.text("status") == EXPIRING,
            environment: fields.text("environment").parse().ok(),
            preset: fields.text("preset").parse().ok(),
        };
        if wanted != filter.get_untracked() {
            typing.asks(&wanted.search);
            navigate(&wanted.address(), NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
        }
    };
    let go = StoredValue::new(go);
    let timer = StoredValue::<Option<TimeoutHandle>>::new(None);
    // Typing on replaces the address, so that Back leaves the search and not its last letter.
    let follow = move || {
        let replace = !filter.get_untracked().search.is_empty();
        go.with_value(|go| go(replace));
    };
    let typed = move |_| {
        if typing.is_composing() || timer.with_value(Option::is_some) {
            return;
        }
        follow();
        let again = move || {
            timer.set_value(None);
            if !typing.is_composing() {
                follow();
            }
        };
        timer.set_value(set_timeout(again, TYPED).ok());
    };
    let submitted = move |submit: SubmitEvent| {
        submit.prevent_default();
        go.with_value(|go| go(false));
    };
    let chosen = move |_| go.with_value(|go| go(false));
    // Back, and links, change the address under the field.
    Effect::new(move |awake: Option<()>| {
        let text = filter.with(|filter| filter.search.clone());
        if awake.is_none() {
            // What was typed and chosen before the page was awake.
            return follow();
        }
        if !typing.echoes(&text)
            && let Some(search) = search.get_untracked()
            && search.value().trim() != text.trim()
        {
            search.set_value(&text);
        }
    });
    let first = filter.get_untracked();
    let letter = expect_context::<Letters>().announced("/");
    view! {
        <form class="tools" method="get" action="/keys" role="search" node_ref=form on:submit=submitted>
            {(first.sort != model::Sort::default())
                .then(|| view! { <input type="hidden" name="sort" value=first.sort.to_string()/> })}
            <div class="search">
                <input
                    type="search"
                    name="search"
                    id="search"
                    aria-label="Quick Search"
                    aria-keyshortcuts=letter
                    placeholder="Quick Search"
                    autocomplete="off"
                    spellcheck="false"
                    maxlength=model::SEARCH_MAX
                    value=first.search.clone()
                    node_ref=search
                    on:input=typed
                    on:compositionstart=move |_| typing.compose(true)
                    on:compositionend=move |_| {
                        typing.compose(false);
                        follow();
                    }
                />
                <button type="submit" class="icon-button" aria-label="Search" title="Search">
                    <Icon glyph=Glyph::Search/>
                </button>
            </div>
            <Choice
                name="environment"
                label="Environment"
                any="Every environment"
                options=vec![(Environment::Live.as_str(), "Live"), (Environment::Test.as_str(), "Test")]
                chosen=Signal::derive(move || filter.with(|filter| filter.environment.map(Environment::as_str)))
                on_choice=chosen
            />
            <Choice
                name="preset"
                label="Access"
                any="Every access"
                options=Preset::ALL.map(|preset| (preset.as_str(), preset.title())).to_vec()
                chosen=Signal::derive(move || filter.with(|filter| filter.preset.map(Preset::as_str)))
                on_choice=chosen
            />
            <Choice
                name="status"
                label="Status"
                any="Every status"
                options=vec![
                    (KeyStatus::Active.as_str(), "Active"),
                    (EXPIRING, "Expiring soon"),
                    (KeyStatus::Disabled.as_str(), "Disabled"),
                    (KeyStatus::Expired.as_str(), "Expired"),
                    (KeyStatus::Revoked.as_str(), "Recently deleted"),
                ]
                chosen=Signal::derive(move || filter.with(Filter::state))
                on_choice=chosen
            />
            <a class="button export" href=move || filter.with(|filter| own(&filter.address_of("/keys.csv"))) rel="external">
                <Icon glyph=Glyph::Down/>
                "Export CSV"
            </a>
        </form>
    }
}

/// One filter: any, or one of several.
#[component]
fn Choice(
    name: &'static str,
    label: &'static str,
    any: &'static str,
    options: Vec<(&'static str, &'static str)>,
    chosen: Signal<Option<&'static str>>,
    on_choice: impl Fn(leptos::ev::Event) + 'static,
) -> impl IntoView {
    let select = NodeRef::<html::Select>::new();
    Effect::new(move |awake: Option<()>| {
        let chosen = chosen.get().unwrap_or_default();
        // What was chosen before the page was awake stays.
        if awake.is_some()
            && let Some(select) = select.get_untracked()
        {
            select.set_value(chosen);
        }
    });
    view! {
        <select name=name aria-label=label class="choice" node_ref=select on:change=on_choice>
            <option value="">{any}</option>
            {options
                .into_iter()
                .map(|(value, text)| {
                    view! {
                        <option value=value selected=chosen.get_untracked() == Some(value)>
                            {text}
                        </option>
                    }
                })
                .collect_view()}
        </select>
    }
}
