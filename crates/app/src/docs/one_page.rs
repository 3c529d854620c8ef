use leptos::prelude::*;

use super::{
    article::contents,
    layout::{Place, layout},
    library::Library,
    page::{KEYDESK_API, Section},
};
use crate::web::OnePage;

pub(super) const TITLE: &str = "Keydesk API";

/// All operations of Keydesk itself, with its errors and schemas. Problem documents lead here, so everybody may read it.
pub(super) fn one_page(library: &Library, page: &OnePage) -> AnyView {
    let sections = page.headings.iter().map(|(level, id, title)| Section {
        id: id.clone(),
        title: title.clone(),
        level: *level,
        text: String::new(),
    });
    let sections: Vec<Section> = sections.collect();
    let content = view! {
        <p class="docs-formats">
            <a href="/docs/reference" rel="external">"API reference"</a>
            " / "
            {TITLE}
        </p>
        <h1>{TITLE}</h1>
        <div class="docs-text" inner_html=page.html.clone()></div>
    };
    let place = Place { here: KEYDESK_API.to_owned(), ..Place::default() };
    layout(library, &place, content.into_any(), contents(&sections))
}
