use leptos::prelude::*;
use model::Preset;

use super::{
    language::Language,
    layout::{Place, layout},
    library::Library,
    page::{Page, Section},
    state::{Lack, Reader},
    test_key_panel::TestKeyPanel,
};

/// A page of the library.
pub(super) fn article(
    library: &Library,
    page: &Page,
    language: Language,
    reader: Reader,
    lack: Option<Lack>,
) -> AnyView {
    let address = page.address();
    let preset = Preset::ALL.into_iter().find(|preset| preset.as_str() == page.name);
    let panel = (preset.is_some() || page.is_tried_with_a_key()).then(|| {
        let (access, words) =
            preset.map_or(("all", "access to everything there"), |preset| (preset.as_str(), access(preset)));
        TestKeyPanel { reader, lack, access, words, chooser: None, here: address.clone() }.view()
    });
    let content = view! {
        <article>
            <h1>{page.title.clone()}</h1>
            <p class="docs-formats">
                <a href=format!("/docs/{}.md", page.name) rel="external">"This page as Markdown"</a>
            </p>
            {panel}
            <div class="docs-text" inner_html=page.html(language)></div>
        </article>
    };
    let place = Place { here: address, question: String::new() };
    layout(library, &place, content.into_any(), contents(&page.sections))
}

const fn access(preset: Preset) -> &'static str {
    match preset {
        Preset::Crm => "the access of a CRM",
        Preset::WorkforceManagement => "the access of workforce management",
        Preset::QualityAssurance => "the access of quality assurance",
        Preset::BusinessIntelligence => "the access of business intelligence",
        Preset::LiveWidget => "the access of a live widget",
        Preset::Custom => "no access",
    }
}

/// What stands on a page.
pub(super) fn contents(sections: &[Section]) -> Option<AnyView> {
    let links: Vec<AnyView> = sections
        .iter()
        .filter(|section| matches!(section.level, 2 | 3))
        .map(|section| {
            let (to, title) = (format!("#{}", section.id), section.title.clone());
            let class = if section.level == 3 { "deep" } else { "" };
            view! {
                <li class=class>
                    <a href=to>{title}</a>
                </li>
            }
            .into_any()
        })
        .collect();
    (links.len() > 1).then(|| {
        view! {
            <nav class="docs-contents" aria-label="On this page">
                <p class="navigation-title">"On this page"</p>
                <ul>{links}</ul>
            </nav>
        }
        .into_any()
    })
}
