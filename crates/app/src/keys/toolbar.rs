use std::time::Duration;

use js_sys::{Function, Reflect};
use leptos::{
    ev::{self, SubmitEvent},
    html,
    leptos_dom::helpers::TimeoutHandle,
    prelude::*,
};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use model::{Attention, Environment, KeyStatus, Preset, looks_like_key};
use web_sys::{Event, wasm_bindgen::JsCast};

use super::{
    api::look_up_key,
    columns_menu::ColumnsMenu,
    debounce::Debounce,
    dom::OpenForm,
    filter::{EXPIRING, Filter, attention},
    labels,
    letters::Letters,
    lookup::{Answer, LookupAnswer},
    state::KeysState,
};
use crate::{
    ui::{Glyph, Icon},
    web::own,
};

/// The list is asked for with the first key press, and then at most this often.
const TYPED: Duration = Duration::from_millis(40);
/// A key that is typed, and not pasted, is looked up when nothing was added for so long.
const TYPED_KEY: Duration = Duration::from_millis(400);

/// Search and filters. A plain form, so that it works without scripts; with them it needs no button. It is posted: what is typed
/// into it may be a key, which must not get into an address.
#[component]
pub(super) fn Toolbar() -> impl IntoView {
    let state = expect_context::<KeysState>();
    let filter = state.filter;
    let form = NodeRef::<html::Form>::new();
    let search = NodeRef::<html::Input>::new();
    let answer = Answer::default();
    let navigate = use_navigate();
    // The text that the address is on its way to. Until it is there, the address says nothing that the field does not know better.
    let sent = StoredValue::<Option<String>>::new(None);
    let composing = StoredValue::new(false);
    let go = move |replace: bool| {
        let Some(fields) = OpenForm::of(form) else { return };
        let wanted = Filter {
            search: fields.text("search"),
            sort: filter.get_untracked().sort,
            status: fields.text("status").parse().ok(),
            expiring: fields.text("status") == EXPIRING,
            attention: attention(&fields.text("status")),
            environment: fields.text("environment").parse().ok(),
            preset: fields.text("preset").parse().ok(),
        };
        // What an input method composes is no text yet, and a key is for no address.
        if composing.get_value() || looks_like_key(&wanted.search) {
            return;
        }
        if wanted == filter.get_untracked() {
            sent.set_value(None);
        } else {
            sent.set_value(Some(wanted.search.clone()));
            answer.set(None);
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
    let look_up = move |text: String| {
        // From here on the key is in no part of the page.
        put_back(search, filter);
        leptos::task::spawn_local(async move {
            let found = state.connection.ask(move || look_up_key(text.clone())).await;
            answer.set(Some(found));
        });
    };
    let look_up_typed = move || {
        let text = search.get_untracked().map(|search| search.value()).unwrap_or_default();
        if looks_like_key(&text) {
            look_up(text);
        }
    };
    let pause = Debounce::new();
    let edited = move || {
        pause.forget();
        if composing.get_value() {
            return;
        }
        let text = search.get_untracked().map(|search| search.value()).unwrap_or_default();
        if looks_like_key(&text) {
            pause.after(TYPED_KEY, look_up_typed);
            return;
        }
        if timer.with_value(Option::is_some) {
            return;
        }
        follow();
        let again = move || {
            timer.set_value(None);
            follow();
        };
        timer.set_value(set_timeout(again, TYPED).ok());
    };
    let typed = move |event: Event| {
        composing.set_value(is_composing(&event));
        edited();
    };
    let composed = move |_| {
        composing.set_value(false);
        edited();
    };
    let pasted = move |event: Event| {
        if let Some(text) = text_of(&event).filter(|text| looks_like_key(text)) {
            event.prevent_default();
            look_up(text);
        }
    };
    let submitted = move |submit: SubmitEvent| {
        submit.prevent_default();
        look_up_typed();
        go.with_value(|go| go(false));
    };
    let chosen = move |_| go.with_value(|go| go(false));
    // Back, and links, change the address under the field; what is typed is newer than an address that it led to.
    Effect::new(move |seen: Option<bool>| {
        let text = filter.with(|filter| filter.search.clone());
        let Some(field) = search.get() else { return false };
        let differs = field.value().trim() != text.trim();
        if seen != Some(true) {
            // What was typed and chosen before the page could follow it.
            edited();
            return true;
        }
        match sent.get_value() {
            Some(sent_text) if sent_text == text => sent.set_value(None),
            None if differs => field.set_value(&text),
            Some(_) | None => {}
        }
        true
    });
    Effect::new(move || {
        let listener = window_event_listener(ev::popstate, move |_| sent.set_value(None));
        on_cleanup(move || listener.remove());
    });
    tell_results(state);
    let first = filter.get_untracked();
    let letter = expect_context::<Letters>().announced("/");
    view! {
        <div class="toolbar">
            <form class="tools" method="post" action=own("/keys/search") role="search" node_ref=form on:submit=submitted>
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
                        autocapitalize="off"
                        spellcheck="false"
                        maxlength=model::SEARCH_MAX
                        value=first.search.clone()
                        node_ref=search
                        on:input=typed
                        on:compositionend=composed
                        on:paste=move |event| pasted(event.into())
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
                        (Attention::Unused.as_str(), "Unused for 90 days"),
                        (Attention::NeverUsed.as_str(), "Never used"),
                        (Attention::NeverHandedOver.as_str(), "Never handed over"),
                        (KeyStatus::Disabled.as_str(), "Disabled"),
                        (KeyStatus::Expired.as_str(), "Expired"),
                        (KeyStatus::Revoked.as_str(), "Recently deleted"),
                    ]
                    chosen=Signal::derive(move || filter.with(Filter::state))
                    on_choice=chosen
                />
            </form>
            <div class="tools-more">
                <ColumnsMenu/>
                <a
                    class="button quiet"
                    href=move || filter.with(|filter| own(&filter.address_of("/keys.csv")))
                    rel="external"
                >
                    <Icon glyph=Glyph::Down/>
                    "Export CSV"
                </a>
            </div>
        </div>
        <LookupAnswer answer/>
    }
}

/// Shows the text that the address has in place of a key.
fn put_back(search: NodeRef<html::Input>, filter: Memo<Filter>) {
    if let Some(search) = search.get_untracked() {
        search.set_value(&filter.get_untracked().search);
    }
}

/// Whether an input method is at work.
fn is_composing(event: &Event) -> bool {
    Reflect::get(event, &"isComposing".into()).is_ok_and(|composing| composing.is_truthy())
}

/// The text that is being pasted.
fn text_of(paste: &Event) -> Option<String> {
    let data = Reflect::get(paste, &"clipboardData".into()).ok()?;
    let read: Function = Reflect::get(&data, &"getData".into()).ok()?.dyn_into().ok()?;
    read.call1(&data, &"text/plain".into()).ok()?.as_string()
}

/// Announces how many keys another search or filter finds, once they are there.
fn tell_results(state: KeysState) {
    let told = StoredValue::new(state.filter.get_untracked());
    Effect::new(move |before: Option<bool>| {
        let searching = state.searching.get();
        let filter = state.filter.get_untracked();
        let done = before == Some(true) && !searching && state.failure.with_untracked(Option::is_none);
        if done && told.get_value() != filter {
            state.announce(results(state.total.get_untracked(), state.at_least.get_untracked(), &filter.search));
            told.set_value(filter);
        }
        searching
    });
}

fn results(total: u64, at_least: bool, search: &str) -> String {
    let found = match total {
        0 => "No API key matches".to_owned(),
        1 => "1 API key matches".to_owned(),
        total if at_least => format!("More than {} match", labels::keys(total)),
        total => format!("{} match", labels::keys(total)),
    };
    // The same number after another search is announced, too.
    if search.trim().is_empty() { found } else { format!("{found} “{}”", search.trim()) }
}

/// One filter: any, or one of several.
#[component]
fn Choice(
    name: &'static str,
    label: &'static str,
    any: &'static str,
    options: Vec<(&'static str, &'static str)>,
    chosen: Signal<Option<&'static str>>,
    on_choice: impl Fn(Event) + 'static,
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
        <select
            name=name
            aria-label=label
            class="choice quiet"
            class:set=move || chosen.with(Option::is_some)
            node_ref=select
            on:change=on_choice
        >
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
