use leptos::prelude::*;

/// A text or a day by which a list is filtered, between its name and what is wrong with it. `most`: the most characters.
pub(crate) fn filter_field(
    (name, label, kind): (&'static str, &'static str, &'static str),
    value: &str,
    most: Option<usize>,
    wrong: Option<&str>,
) -> AnyView {
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                class="input"
                type=kind
                id=name
                name=name
                value=value.to_owned()
                maxlength=most.map(|most| most.to_string())
                autocomplete="off"
                spellcheck="false"
                dir="auto"
                aria-invalid=wrong.map(|_| "true")
                aria-describedby=wrong.map(|_| format!("{name}-note"))
            />
            {filter_note(name, wrong)}
        </div>
    }
    .into_any()
}

/// What is wrong with a field by which a list is filtered.
pub(crate) fn filter_note(name: &str, wrong: Option<&str>) -> Option<AnyView> {
    let id = format!("{name}-note");
    wrong.map(|wrong| view! { <span class="field-note wrong" id=id>{wrong.to_owned()}</span> }.into_any())
}
