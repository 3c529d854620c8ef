use leptos::prelude::*;

use super::{
    library::Library,
    page::{HOME, KEYDESK_API, Page},
};
use crate::{frame::module, web::Assets};

/// Where a page stands among the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// Its address.
    pub(super) here: String,
    /// What was searched for.
    pub(super) question: String,
}

/// Addresses beside the pages, with their words.
const TOOLS: [(&str, &str); 3] =
    [("/docs/try-it", "Try it"), ("/docs/reference", "API reference"), (KEYDESK_API, "Keydesk API on one page")];
const DOWNLOADS: [(&str, &str); 4] = [
    ("/docs/openapi.json", "OpenAPI of the contact centre"),
    ("/docs/asyncapi.json", "AsyncAPI of its streams and webhooks"),
    ("/api/openapi.json", "OpenAPI of Keydesk"),
    ("/llms.txt", "llms.txt"),
];

/// A page with the navigation of all pages, the search, and the contents of the page itself.
pub(super) fn layout(library: &Library, place: &Place, content: AnyView, contents: Option<AnyView>) -> AnyView {
    let script = expect_context::<Assets>().docs;
    let question = place.question.clone();
    view! {
        <div class="docs">
            <header class="docs-head">
                <p class="docs-home">
                    <a href=HOME rel="external">"Integration Documentation"</a>
                </p>
                <a class="docs-jump" href="#docs-pages">"All pages"</a>
                <form class="docs-search" role="search" aria-label="Documentation" method="get" action="/docs/search">
                    <label class="unseen" for="docs-question">"Search the documentation"</label>
                    <input
                        class="input"
                        id="docs-question"
                        type="search"
                        name="search"
                        value=question
                        maxlength="200"
                        placeholder="Search"
                    />
                    <button type="submit" class="button">"Search"</button>
                </form>
            </header>
            <div class="docs-body">
                <div class="docs-main">{content}</div>
                {contents}
                {navigation(library, &place.here)}
            </div>
        </div>
        {module(&script, use_nonce())}
    }
    .into_any()
}

fn navigation(library: &Library, here: &str) -> AnyView {
    let groups = library.groups().map(|(title, pages)| {
        let pages = pages.iter().map(|page: &Page| link(page.address(), page.title.clone(), here));
        group(title, pages.collect())
    });
    let groups: Vec<AnyView> = groups.collect();
    let list = |links: &[(&str, &str)]| {
        links.iter().map(|(to, words)| link((*to).to_owned(), (*words).to_owned(), here)).collect()
    };
    view! {
        <nav class="docs-pages" id="docs-pages" aria-label="Documentation pages" tabindex="-1">
            {groups}
            {group("Tools", list(&TOOLS))}
            {group("Downloads", list(&DOWNLOADS))}
        </nav>
    }
    .into_any()
}

fn group(title: &'static str, links: Vec<AnyView>) -> AnyView {
    view! {
        <p class="navigation-title">{title}</p>
        <ul>{links}</ul>
    }
    .into_any()
}

fn link(to: String, words: String, here: &str) -> AnyView {
    let current = (to == here).then_some("page");
    view! {
        <li>
            <a href=to rel="external" aria-current=current>{words}</a>
        </li>
    }
    .into_any()
}
