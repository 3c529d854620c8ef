//! Pages for people who are not signed in, and may have no account: nothing of the Workspace surrounds them.
//!
//! Links lead to them. The code of a link stands behind `#`, so that browsers send it to nobody and no proxy's log holds
//! it. `link.js` takes it out of the address and posts it; without scripts people paste it.

use leptos::prelude::*;

use crate::ui::Mark;

/// A page with one card.
pub(crate) fn outside(title: &'static str, card: &'static str, content: AnyView) -> AnyView {
    view! {
        <header class="banner">
            <span class="brand">
                <Mark/>
                <span>"Keydesk"</span>
            </span>
        </header>
        <div class="frame">
            <main id="main" class="page" tabindex="-1">
                <section class=card>
                    <h1>{title}</h1>
                    {content}
                </section>
            </main>
        </div>
    }
    .into_any()
}

/// Asks for the code of a link, and posts it to `action`. Showing this page uses nothing up: previews of links get no further.
pub(crate) fn link_code_page(title: &'static str, lead: &'static str, action: &'static str) -> AnyView {
    let content = view! {
        <p class="lead">{lead}</p>
        <form class="form" method="post" action=action>
            <div class="field">
                <label for="code">"Link code"</label>
                <input
                    class="input"
                    id="code"
                    name="code"
                    type="text"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    required
                    maxlength="512"
                    aria-describedby="code-note"
                />
                <p class="field-note" id="code-note">
                    "Paste the part of the link behind #, or the whole link."
                </p>
            </div>
            <button type="submit" class="button primary">
                "Continue"
            </button>
        </form>
    };
    outside(title, "card", content.into_any())
}

/// The code in what was posted: people may paste the whole link.
pub(crate) fn code_of(posted: &str) -> &str {
    posted.rsplit('#').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::code_of;

    #[test]
    fn a_code_is_found_in_a_whole_link() {
        for posted in ["a-b_c", " a-b_c\n", "https://desk.example/setup#a-b_c", "#a-b_c "] {
            assert_eq!(code_of(posted), "a-b_c");
        }
        assert_eq!(code_of(""), "");
    }
}
