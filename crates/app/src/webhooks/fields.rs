use leptos::prelude::*;
use model::{EVENT_TYPES, WEBHOOK_URL_MAX};

use super::details::WebhookForm;
use crate::FieldProblem;

/// The fields of a receiver. `new`: with those that can't be changed later.
pub(super) fn fields(form: &WebhookForm, problems: &[FieldProblem], new: bool) -> AnyView {
    view! {
        <div class="field">
            <label for="url">"Address"</label>
            <input
                class="input"
                id="url"
                name="url"
                type="url"
                required
                maxlength=WEBHOOK_URL_MAX
                autocomplete="off"
                spellcheck="false"
                placeholder="https://example.com/hooks/keydesk"
                value=form.url.clone()
                autofocus=new
                aria-invalid=wrong(problems, "url")
                aria-describedby="url-note"
            />
            {note("url-note", problems, "url", "Events are posted there. It begins with https:// and is a public address.")}
        </div>
        <div class="field">
            <label for="types">"Types of events"</label>
            <textarea
                class="input area mono"
                id="types"
                name="types"
                rows="3"
                spellcheck="false"
                autocomplete="off"
                aria-invalid=wrong(problems, "types")
                aria-describedby="types-note"
            >
                {form.types.clone()}
            </textarea>
            {note("types-note", problems, "types", "One a line: key.deleted for one type, key.* for all that begin so, * for all there are.")}
            <details>
                <summary>"All types"</summary>
                <ul class="scopes">
                    {EVENT_TYPES.iter().map(|kind| view! { <li><code translate="no">{*kind}</code></li> }).collect_view()}
                </ul>
            </details>
        </div>
        {tick(
            "unordered",
            form.unordered,
            "Events need not come in order",
            "If this is not ticked, the next event of a key waits until the one before was accepted.",
        )}
        {new.then(|| only_new(form))}
    }
    .into_any()
}

fn only_new(form: &WebhookForm) -> AnyView {
    view! {
        <fieldset class="choices">
            <legend>"How deliveries are signed"</legend>
            {signature(
                "v1",
                !form.asymmetric,
                "With a secret that both sides have (v1, HMAC-SHA256). Every library knows it.",
            )}
            {signature(
                "v1a",
                form.asymmetric,
                "With a key of Keydesk's own (v1a, Ed25519). The receiver gets a public key, with which nobody can sign.",
            )}
        </fieldset>
        {tick(
            "test",
            form.test,
            "Test events only",
            "It is told of test keys, and of nothing else. This can't be changed later.",
        )}
    }
    .into_any()
}

fn tick(name: &'static str, checked: bool, label: &'static str, hint: &'static str) -> AnyView {
    let id = format!("{name}-note");
    view! {
        <div class="field">
            <label class="tick">
                <input type="checkbox" name=name checked=checked aria-describedby=id.clone()/>
                <span>{label}</span>
            </label>
            <p class="field-note" id=id>{hint}</p>
        </div>
    }
    .into_any()
}

fn signature(value: &'static str, checked: bool, words: &'static str) -> AnyView {
    view! {
        <label class="tick">
            <input type="radio" name="signature" value=value checked=checked/>
            <span>{words}</span>
        </label>
    }
    .into_any()
}

fn wrong(problems: &[FieldProblem], field: &str) -> Option<&'static str> {
    problems.iter().any(|problem| problem.field == field).then_some("true")
}

/// What is wrong with a field, or else what it is for.
fn note(id: &'static str, problems: &[FieldProblem], field: &str, hint: &'static str) -> AnyView {
    let messages: Vec<_> =
        problems.iter().filter(|problem| problem.field == field).map(|problem| problem.message.clone()).collect();
    let class = if messages.is_empty() { "field-note" } else { "field-note wrong" };
    let text = if messages.is_empty() { hint.to_owned() } else { messages.join(" ") };
    view! { <p class=class id=id>{text}</p> }.into_any()
}
