//! Shortcuts of a single letter, which everybody can switch off: who speaks to their computer would press them by mistake.

use leptos::prelude::*;

/// Where the browser keeps the choice.
const KEPT_AS: &str = "keydesk-letter-shortcuts";
const OFF: &str = "off";

/// Whether `/`, `n` and `?` are shortcuts. The choice is this browser's.
#[derive(Clone, Copy)]
pub(super) struct Letters(RwSignal<bool>);

impl Letters {
    /// On, until the browser says otherwise.
    pub(super) fn provide() -> Self {
        let letters = Self(RwSignal::new(true));
        provide_context(letters);
        Effect::new(move || letters.0.set(kept().as_deref() != Some(OFF)));
        letters
    }

    pub(super) fn are_on(self) -> bool {
        self.0.get_untracked()
    }

    /// What `aria-keyshortcuts` says of a control that has this letter.
    pub(super) fn announced(self, letter: &'static str) -> Signal<Option<&'static str>> {
        Signal::derive(move || self.0.get().then_some(letter))
    }
}

fn kept() -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(KEPT_AS).ok().flatten()
}

/// The switch.
#[component]
pub(super) fn LettersSwitch() -> impl IntoView {
    let Letters(on) = expect_context();
    let switched = move |event: leptos::ev::Event| {
        let wanted = event_target_checked(&event);
        on.set(wanted);
        // A browser that keeps nothing has it until the page is left.
        if let Ok(Some(storage)) = window().local_storage() {
            _ = if wanted { storage.remove_item(KEPT_AS) } else { storage.set_item(KEPT_AS, OFF) };
        }
    };
    view! {
        <div class="field scripted">
            <label class="tick">
                <input type="checkbox" role="switch" aria-describedby="letters-note" prop:checked=on on:change=switched/>
                "Single-letter shortcuts"
            </label>
            <p class="field-note" id="letters-note">
                "Switch them off if they are in your way, for example when you speak to your computer. Ctrl K still finds every command."
            </p>
        </div>
    }
}
