use leptos::prelude::*;

/// The settings that differ: the other's value first.
pub(crate) fn differences_view(differences: &[(&'static str, String, String)]) -> AnyView {
    view! {
        <dl class="compared">
            {differences
                .iter()
                .map(|(label, theirs, mine)| {
                    view! {
                        <dt>{*label}</dt>
                        <dd>
                            <span class="unseen">"Now: "</span>
                            <bdi translate="no" class="conflict-name">{theirs.clone()}</bdi>
                        </dd>
                        <dd class="faint">
                            "Yours: " <bdi translate="no">{mine.clone()}</bdi>
                        </dd>
                    }
                })
                .collect_view()}
        </dl>
    }
    .into_any()
}
