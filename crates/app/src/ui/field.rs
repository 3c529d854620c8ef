use leptos::{html::Input, prelude::*};

/// A text input between its label and its error, or else its hint.
#[component]
pub(crate) fn Field(
    /// The name that people read.
    label: &'static str,
    /// The field's name in the form, and its id in the document.
    name: &'static str,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// The hint.
    #[prop(default = "")]
    hint: &'static str,
    /// Its first value.
    #[prop(optional, into)]
    value: String,
    /// Fewest characters.
    #[prop(optional)]
    least: Option<usize>,
    /// Most characters.
    #[prop(default = 254)]
    most: usize,
    /// Whether the page begins with it.
    #[prop(optional)]
    focused: bool,
    /// What is wrong with it; empty when nothing is.
    #[prop(optional, into)]
    error: Signal<String>,
    /// The element, to read the value.
    input: NodeRef<Input>,
) -> impl IntoView {
    let note = format!("{name}-note");
    let wrong = move || !error.read().is_empty();
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                class="input"
                id=name
                name=name
                type=kind
                // Browsers give a password no role of its own; it is a textbox like the others.
                role=(kind == "password").then_some("textbox")
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required
                minlength=least
                maxlength=most
                value=value
                autofocus=focused
                aria-invalid=move || wrong().then_some("true")
                aria-describedby=note.clone()
                node_ref=input
            />
            <p class="field-note" class:wrong=wrong id=note>
                {move || if wrong() { error.get() } else { hint.to_owned() }}
            </p>
        </div>
    }
}
