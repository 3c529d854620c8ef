use leptos::prelude::*;

/// The name of what is told where allowed calls are not recorded.
pub(crate) const BLIND: &str = "unknown";

/// Which calls of the last 30 days a change would refuse, at the button that makes it all the same. `seen` says what
/// was told, so that a form which by then refuses more is asked about again.
pub(crate) fn narrows(lines: Vec<String>, seen: String) -> AnyView {
    // Of what the key was used for nothing is known then.
    let title = match seen.as_str() {
        BLIND => "What this change refuses is not known:",
        _ => "The key was used in the last 30 days, and with this change:",
    };
    view! {
        <div class="conflict narrows" role="alert" tabindex="-1" autofocus>
            <p>{title}</p>
            <ul>{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
            <p>"Save again to change it all the same."</p>
            <input type="hidden" name="narrows" value=seen/>
        </div>
    }
    .into_any()
}
