use std::time::Duration;

use leptos::{html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use model::{KeyStatus, SortColumn, looks_like_key};
use web_sys::KeyboardEvent;

use super::{
    api::{list_keys, look_up_key},
    debounce::Debounce,
    dom,
    filter::Filter,
    key_lookup::KeyLookup,
    key_row::KeyRow,
    open::Open,
    state::KeysState,
};
use crate::ui::{Dialog, DialogHandle, composing, live};

/// From the last key press until keys are searched for.
const TYPED: Duration = Duration::from_millis(120);
/// Keys that are offered.
const KEYS: u32 = 6;

/// What can be done from the keyboard by typing its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    Add,
    Search,
    All,
    Deleted,
    ByName,
    ByAccess,
    ByStatus,
    ByEnd,
    ByUse,
    ByAge,
    Shortcuts,
    Documentation,
}

impl Command {
    const ALL: [Self; 12] = [
        Self::Add,
        Self::Search,
        Self::All,
        Self::Deleted,
        Self::ByName,
        Self::ByAccess,
        Self::ByStatus,
        Self::ByEnd,
        Self::ByUse,
        Self::ByAge,
        Self::Shortcuts,
        Self::Documentation,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Add => "Add API key",
            Self::Search => "Search API keys",
            Self::All => "Show all keys",
            Self::Deleted => "Show recently deleted keys",
            Self::ByName => "Sort by Client Name",
            Self::ByAccess => "Sort by Access",
            Self::ByStatus => "Sort by Status",
            Self::ByEnd => "Sort by Expires",
            Self::ByUse => "Sort by Last used",
            Self::ByAge => "Sort by Created",
            Self::Shortcuts => "Keyboard shortcuts",
            Self::Documentation => "Integration Documentation",
        }
    }

    fn matches(self, typed: &str) -> bool {
        let label = self.label().to_ascii_lowercase();
        typed.to_ascii_lowercase().split_whitespace().all(|word| label.contains(word))
    }

    /// The address that it leads to, if it leads anywhere.
    fn address(self, filter: &Filter) -> Option<String> {
        match self {
            Self::All => Some(Filter::default().address()),
            Self::Deleted => Some(Filter { status: Some(KeyStatus::Revoked), ..Filter::default() }.address()),
            Self::ByName => Some(filter.sorted_by(SortColumn::ClientName).address()),
            Self::ByAccess => Some(filter.sorted_by(SortColumn::Preset).address()),
            Self::ByStatus => Some(filter.sorted_by(SortColumn::Status).address()),
            Self::ByEnd => Some(filter.sorted_by(SortColumn::ExpiresAt).address()),
            Self::ByUse => Some(filter.sorted_by(SortColumn::LastUsedAt).address()),
            Self::ByAge => Some(filter.sorted_by(SortColumn::CreatedAt).address()),
            Self::Add | Self::Search | Self::Shortcuts | Self::Documentation => None,
        }
    }
}

/// What the palette offers.
#[derive(Clone, PartialEq, Eq)]
enum Entry {
    Command(Command),
    /// The page of a key.
    Key(KeyRow),
}

impl Entry {
    /// What it is called, and what tells it from others that are called so.
    fn texts(&self) -> (String, String) {
        match self {
            Self::Command(command) => (command.label().to_owned(), String::new()),
            Self::Key(row) => (row.name.clone(), row.hint.clone()),
        }
    }
}

/// Finds commands and keys by their names.
#[component]
pub(super) fn PaletteDialog() -> impl IntoView {
    let state = expect_context::<KeysState>();
    // Done once the dialog is closed, so that the focus is free to go where the command wants it.
    let chosen = RwSignal::new(None::<Entry>);
    let navigate = use_navigate();
    let closed = move || {
        state.open.set(None);
        let command = match chosen.get_untracked() {
            None => return,
            Some(Entry::Key(row)) => {
                // Fails only for a malformed address.
                _ = location().assign(&format!("/keys/{}", row.id));
                return;
            }
            Some(Entry::Command(command)) => command,
        };
        if let Some(address) = command.address(&state.filter.get_untracked()) {
            return navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
        match command {
            Command::Add => state.open.set(Some(Open::Add(Vec::new()))),
            Command::Shortcuts => state.open.set(Some(Open::Shortcuts)),
            // As above.
            Command::Documentation => _ = location().assign("/docs"),
            _ => dom::after_rendering(|| _ = dom::focus("#search")),
        }
    };
    view! {
        <Dialog id="palette" title="Commands" closed>
            <Chooser chosen/>
        </Dialog>
    }
}

/// The keys that a text finds; the one that it is.
async fn keys(text: String) -> Vec<KeyRow> {
    // An ornament of the palette: without an answer nothing is missing, so it is not asked again.
    if looks_like_key(&text) {
        return match look_up_key(text).await {
            Ok(KeyLookup::Found(row)) => vec![*row],
            _ => Vec::new(),
        };
    }
    let filter = Filter { search: text, ..Filter::default() };
    list_keys(filter, None, KEYS).await.map(|list| list.rows).unwrap_or_default()
}

#[component]
fn Chooser(chosen: RwSignal<Option<Entry>>) -> impl IntoView {
    let dialog = expect_context::<DialogHandle>();
    let state = expect_context::<KeysState>();
    let input = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(String::new());
    let rows = RwSignal::new(Vec::<KeyRow>::new());
    let looking = RwSignal::new(false);
    let at = RwSignal::new(0_usize);
    let found = Memo::new(move |_| {
        let may_change = state.may_change.get();
        let fits =
            |command: &Command| typed.with(|typed| command.matches(typed)) && (may_change || *command != Command::Add);
        let commands = Command::ALL.into_iter().filter(fits).map(Entry::Command);
        commands.chain(rows.get().into_iter().map(Entry::Key)).collect::<Vec<_>>()
    });
    let run = move |entry| {
        chosen.set(Some(entry));
        dialog.close();
    };
    let pressed = move |press: KeyboardEvent| {
        if composing(&press) {
            return;
        }
        let count = found.with_untracked(Vec::len);
        match press.key().as_str() {
            "ArrowDown" if count > 0 => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" if count > 0 => at.update(|at| *at = (*at + count - 1) % count),
            "Enter" => {
                if let Some(entry) = found.with_untracked(|found| found.get(at.get_untracked()).cloned()) {
                    run(entry);
                }
            }
            _ => return,
        }
        press.prevent_default();
    };
    let pause = Debounce::new();
    let look = move || {
        let Some(text) = typed.try_get_untracked() else { return };
        leptos::task::spawn_local(async move {
            let answer = keys(text.clone()).await;
            // What was typed meanwhile has its own look.
            if typed.try_with_untracked(|typed| *typed == text) == Some(true) {
                rows.set(answer);
                looking.set(false);
            }
        });
    };
    let edited = move |_| {
        let text = input.get_untracked().map(|input| input.value().trim().to_owned()).unwrap_or_default();
        at.set(0);
        rows.set(Vec::new());
        looking.set(!text.is_empty());
        if text.is_empty() {
            pause.forget();
        } else {
            pause.after(TYPED, look);
        }
        typed.set(text);
    };
    // The list may be longer than the screen.
    Effect::new(move || {
        at.track();
        dom::after_rendering(|| dom::bring("#commands [aria-selected='true']"));
    });
    let active = move || found.with(|found| found.get(at.get()).map(|_| format!("command-{}", at.get())));
    view! {
        <div class="palette">
            <input
                class="input"
                type="text"
                role="combobox"
                aria-label="Command or Client Name"
                aria-expanded="true"
                aria-controls="commands"
                aria-autocomplete="list"
                aria-activedescendant=active
                placeholder="Type a command or a Client Name"
                maxlength=model::SEARCH_MAX
                autocomplete="off"
                spellcheck="false"
                data-first
                node_ref=input
                on:input=edited
                on:keydown=pressed
            />
            <div id="commands" role="listbox" aria-label="Commands and keys" class="commands">
                {live(move || {
                    found
                        .get()
                        .into_iter()
                        .enumerate()
                        .map(|(index, entry)| {
                            let (name, hint) = entry.texts();
                            let is_key = matches!(entry, Entry::Key(_));
                            view! {
                                <div
                                    role="option"
                                    id=format!("command-{index}")
                                    class="command"
                                    aria-selected=Signal::derive(move || (at.get() == index).to_string())
                                    on:click=move |_| run(entry.clone())
                                >
                                    {if is_key {
                                        view! {
                                            <bdi translate="no">{name}</bdi>
                                            " "
                                            <code class="hint-text" translate="no">{hint}</code>
                                        }
                                            .into_any()
                                    } else {
                                        name.into_any()
                                    }}
                                </div>
                            }
                        })
                        .collect_view()
                })}
            </div>
            <p class="faint" role="status">
                {live(move || {
                    let none = found.with(Vec::is_empty) && !looking.get();
                    none.then_some("No command and no key has this name.")
                })}
            </p>
        </div>
    }
}
