use leptos::prelude::*;

use super::state::{Lack, Reader};
use crate::web::guard::sign_in;

/// What a page offers to whoever wants a test key for it.
#[derive(Clone, Debug)]
pub(super) struct TestKeyPanel {
    pub(super) reader: Reader,
    /// Why none is made.
    pub(super) lack: Option<Lack>,
    /// Whose access the key gets: the name of a preset, or `all`.
    pub(super) access: &'static str,
    /// The same in words.
    pub(super) words: &'static str,
    /// The element that names the access in place of that.
    pub(super) chooser: Option<&'static str>,
    /// Where the page is.
    pub(super) here: String,
}

impl TestKeyPanel {
    pub(super) fn view(self) -> AnyView {
        let Self { reader, lack, access, words, chooser, here } = self;
        let offer = match (lack, reader) {
            (Some(lack), _) => none(lack),
            (None, Reader::Anybody) => view! {
                <p class="faint">
                    "A test key opens a contact centre of made-up people, and no live data. " <a href=sign_in(&here) rel="external">
                        "Sign in"
                    </a> " to make one here, or ask an administrator for one."
                </p>
            }
            .into_any(),
            (None, Reader::Other) => {
                view! { <p class="faint">"Your role makes no keys: ask an administrator for a test key."</p> }.into_any()
            }
            (None, Reader::Maker) => view! {
                <p class="faint">
                    {format!("A test key opens a contact centre of made-up people, and no live data. This one has {words}, and ends after a day.")}
                </p>
                <button
                    type="button"
                    class="button primary scripted docs-make"
                    data-make-key=access
                    data-chooser=chooser
                    aria-describedby="docs-key-said"
                >
                    "Make a test key"
                </button>
            }
            .into_any(),
        };
        view! {
            <section class="panel docs-key" aria-labelledby="docs-key-title">
                <h2 id="docs-key-title">"Test key"</h2>
                {offer}
                <p class="docs-said" id="docs-key-said" role="status"></p>
                <div class="secret" id="docs-key-shown" hidden>
                    <code class="secret-text" id="docs-key" translate="no"></code>
                    <p>"It is filled in on this page, and nowhere kept: it is gone when you leave."</p>
                    <span class="docs-copied" role="status" id="docs-key-copied"></span>
                    <button type="button" class="button" data-copy="docs-key" aria-describedby="docs-key-copied">
                        "Copy key"
                    </button>
                </div>
            </section>
        }
        .into_any()
    }
}

/// Why there is no button, and what to do.
fn none(lack: Lack) -> AnyView {
    let remedy = match lack {
        Lack::Gateway => {
            view! { "start it with " <code>"--gateway-listen 127.0.0.1:8080 --sandbox"</code> "." }.into_any()
        }
        Lack::Api => view! {
            "start it with " <code>"--sandbox"</code> ", or name an API for test keys in " <code>"[upstreams.test]"</code> "."
        }
        .into_any(),
    };
    view! {
        <p class="faint">
            "This Keydesk has no contact centre for test keys, so none is made here: ask its operator to " {remedy}
        </p>
    }
    .into_any()
}
