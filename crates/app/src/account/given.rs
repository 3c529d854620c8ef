use leptos::prelude::*;
use model::PlainSecret;

use super::details::Flash;
use crate::ui::{Ask, Notice, ShownOnce, Tone, Unseen};

/// What was done, given or refused. Scripts say it to screen readers once the page stands.
pub(super) fn told(flash: Flash) -> AnyView {
    match flash {
        Flash::Done(text, _) => view! {
            <div class="outcome">
                <div role="status" data-announce><Notice tone=Tone::Good>{text}</Notice></div>
            </div>
        }
        .into_any(),
        Flash::Refused(error) => {
            let text = error.to_string();
            view! { <div role="alert" data-announce><Notice tone=Tone::Bad>{text}</Notice></div> }.into_any()
        }
        Flash::Codes(codes) => given(&codes),
    }
}

fn given(codes: &[PlainSecret]) -> AnyView {
    let lines: Vec<_> = codes.iter().map(PlainSecret::expose).collect();
    let once = ShownOnce {
        id: "recovery-codes",
        what: "list",
        text: lines.join("\n"),
        hint: "xxxx-xxxx-xxxx-xxxx".to_owned(),
        unseen: Unseen::Covered,
        ask: Ask::Always,
    };
    view! {
        <section class="panel once" aria-labelledby="once">
            <h2 id="once" tabindex="-1" autofocus>"Your recovery codes"</h2>
            <p role="status" data-announce>
                "Keep them where you keep what matters, and not on the device of your second factor. They are shown now and never again. Each \
                 signs you in once when you have lost the rest."
            </p>
            <div class="codes">{once.view()}</div>
        </section>
    }
    .into_any()
}
