use leptos::{html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use model::{KeyStatus, SortColumn};
use web_sys::KeyboardEvent;

use super::{dom, filter::Filter, open::Open, state::KeysState};
use crate::ui::{Dialog, DialogHandle, composing, live};

/// What can be done from the keyboard by typing its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    Add,
    Search,
    All,
    Deleted,
    ByName,
    ByUse,
    ByAge,
    Shortcuts,
    Documentation,
}

impl Command {
    const ALL: [Self; 9] = [
        Self::Add,
        Self::Search,
        Self::All,
        Self::Deleted,
        Self::ByName,
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
            Self::ByUse => Some(filter.sorted_by(SortColumn::LastUsedAt).address()),
            Self::ByAge => Some(filter.sorted_by(SortColumn::CreatedAt).address()),
            Self::Add | Self::Search | Self::Shortcuts | Self::Documentation => None,
        }
    }
}

/// Finds a command by its name.
#[component]
pub(super) fn PaletteDialog() -> impl IntoView {
    let state = expect_context::<KeysState>();
    // Done once the dialog is closed, so that the focus is free to go where the command wants it.
    let chosen = RwSignal::new(None::<Command>);
    let navigate = use_navigate();
    let closed = move || {
        state.open.set(None);
        let Some(command) = chosen.get_untracked() else { return };
        if let Some(address) = command.address(&state.filter.get_untracked()) {
            return navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
        match command {
            Command::Add => state.open.set(Some(Open::Add(Vec::new()))),
            Command::Shortcuts => state.open.set(Some(Open::Shortcuts)),
            // Fails only for a malformed address.
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

#[component]
fn Chooser(chosen: RwSignal<Option<Command>>) -> impl IntoView {
    let dialog = expect_context::<DialogHandle>();
    let state = expect_context::<KeysState>();
    let input = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let found = Memo::new(move |_| {
        let may_change = state.may_change.get();
        typed.with(|typed| {
            let fits = |command: &Command| command.matches(typed) && (may_change || *command != Command::Add);
            Command::ALL.into_iter().filter(fits).collect::<Vec<_>>()
        })
    });
    let run = move |command| {
        chosen.set(Some(command));
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
                if let Some(command) = found.with_untracked(|found| found.get(at.get_untracked()).copied()) {
                    run(command);
                }
            }
            _ => return,
        }
        press.prevent_default();
    };
    let edited = move |_| {
        typed.set(input.get_untracked().map(|input| input.value()).unwrap_or_default());
        at.set(0);
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
                aria-label="Command"
                aria-expanded="true"
                aria-controls="commands"
                aria-autocomplete="list"
                aria-activedescendant=active
                placeholder="Type a command"
                autocomplete="off"
                spellcheck="false"
                data-first
                node_ref=input
                on:input=edited
                on:keydown=pressed
            />
            <div id="commands" role="listbox" aria-label="Commands" class="commands">
                {live(move || {
                    found
                        .get()
                        .into_iter()
                        .enumerate()
                        .map(|(index, command)| {
                            view! {
                                <div
                                    role="option"
                                    id=format!("command-{index}")
                                    class="command"
                                    aria-selected=Signal::derive(move || (at.get() == index).to_string())
                                    on:click=move |_| run(command)
                                >
                                    {command.label()}
                                </div>
                            }
                        })
                        .collect_view()
                })}
            </div>
            <p class="faint" role="status">
                {live(move || found.with(Vec::is_empty).then_some("No command has this name."))}
            </p>
        </div>
    }
}
