use leptos::prelude::*;

use super::{
    layout::{Place, layout},
    library::Library,
    search::Hit,
};

/// What was found.
pub(super) fn search_page(library: &Library, question: &str, hits: &[Hit]) -> AnyView {
    let asked = !question.trim().is_empty();
    let words = match hits.len() {
        _ if !asked => "Type what you look for.".to_owned(),
        0 => format!("No page has all words of “{question}”."),
        1 => format!("1 place for “{question}”."),
        many => format!("{many} places for “{question}”."),
    };
    let list: Vec<AnyView> = hits.iter().map(hit).collect();
    let content = view! {
        <section aria-labelledby="docs-results">
            <h1 id="docs-results">"Search"</h1>
            <p class="faint">{words}</p>
            <ol class="docs-hits">{list}</ol>
        </section>
    };
    let place = Place { here: "/docs/search".to_owned(), question: question.to_owned() };
    layout(library, &place, content.into_any(), None)
}

fn hit(hit: &Hit) -> AnyView {
    let Hit { address, page, title, excerpt, .. } = hit.clone();
    let beside = (page != title).then(|| view! { <span class="faint">{page}</span> });
    view! {
        <li>
            <a href=address rel="external">{title}</a>
            {beside}
            <p>{excerpt}</p>
        </li>
    }
    .into_any()
}
