use leptos::prelude::*;

/// A field of a form on this page.
pub(super) struct OwnField<'a> {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: &'static str,
    pub(super) autocomplete: &'static str,
    pub(super) value: String,
    pub(super) most: usize,
    pub(super) hint: &'static str,
    pub(super) problem: Option<&'a str>,
}

impl OwnField<'_> {
    pub(super) fn view(self) -> AnyView {
        let Self { name, label, kind, autocomplete, value, most, hint, problem } = self;
        let note = format!("{name}-note");
        let wrong = problem.is_some();
        let said = problem.unwrap_or(hint).to_owned();
        view! {
            <div class="field">
                <label for=name>{label}</label>
                <input
                    class="input"
                    id=name
                    name=name
                    type=kind
                    role=(kind == "password").then_some("textbox")
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    required
                    maxlength=most
                    value=value
                    aria-invalid=wrong.then_some("true")
                    aria-describedby=note.clone()
                />
                <p class=if wrong { "field-note wrong" } else { "field-note" } id=note>{said}</p>
            </div>
        }
        .into_any()
    }
}
