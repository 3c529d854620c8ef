use leptos::prelude::*;

use super::{Notice, Tone, count};

/// Said beside numbers of allowed calls where none are recorded.
pub(crate) fn not_recorded() -> AnyView {
    view! {
        <Notice tone=Tone::Warning>
            "Allowed calls are not recorded by this Keydesk, so a key that is in use can look unused."
        </Notice>
    }
    .into_any()
}

/// Said in place of a last use where none is known. `recorded`: whether allowed calls are.
pub(crate) const fn never(recorded: bool) -> &'static str {
    if recorded { "Never" } else { "Not recorded" }
}

/// A number of allowed calls. `at_least`: it is a lower bound, as each is where allowed calls are not `recorded`.
pub(crate) fn allowed_calls(calls: u64, at_least: bool, recorded: bool) -> String {
    match calls {
        0 if !recorded => "Not recorded".to_owned(),
        calls if at_least || !recorded => format!("At least {}", count(calls)),
        calls => count(calls),
    }
}
