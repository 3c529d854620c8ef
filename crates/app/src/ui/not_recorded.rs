use leptos::prelude::*;

use super::{Notice, Tone};

/// Said beside numbers of allowed calls where none are recorded.
pub(crate) fn not_recorded() -> AnyView {
    view! {
        <Notice tone=Tone::Warning>
            "Allowed calls are not recorded by this Keydesk, so a key that is in use can look unused."
        </Notice>
    }
    .into_any()
}
