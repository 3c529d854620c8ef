use std::collections::BTreeMap;

use super::{embedded::EMBEDDED, markdown, page::Page};
use crate::web::Documentation;

/// Pages in their order, below the words that head them. Others follow under `More`.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Begin", &["index"]),
    ("Kinds of system", &["crm", "workforce-management", "quality-assurance", "business-intelligence", "live-widget"]),
    ("How it works", &["errors", "limits", "paging", "streams", "webhooks", "tokens"]),
    ("Your own API", &["protect"]),
    ("Go live", &["conformance", "go-live"]),
];
const MORE: &str = "More";

/// What pages say of a deployment nobody has asked about: the gateway, and Keydesk.
const GATEWAY: &str = "http://127.0.0.1:8080";
const WORKSPACE: &str = "http://127.0.0.1:3000";

/// All pages.
#[derive(Debug, Default)]
pub(super) struct Library {
    groups: Vec<(&'static str, Vec<Page>)>,
}

impl Library {
    /// The pages with the reader's own addresses in them.
    pub(super) fn of(documentation: &Documentation) -> Self {
        let gateway = documentation.gateway.as_deref().unwrap_or(GATEWAY);
        let workspace = documentation.workspace.as_str();
        // One that was filled in is not looked at again.
        let fill = |text: &str| {
            let pieces = text.split(GATEWAY).map(|piece| piece.replace(WORKSPACE, workspace));
            pieces.collect::<Vec<_>>().join(gateway)
        };
        let mut pages: BTreeMap<&str, Page> =
            EMBEDDED.0.iter().map(|(name, source)| (*name, markdown::page(name, source, &fill))).collect();
        let mut groups: Vec<_> = GROUPS
            .iter()
            .map(|(title, names)| (*title, names.iter().filter_map(|name| pages.remove(name)).collect::<Vec<_>>()))
            .collect();
        groups.push((MORE, pages.into_values().collect()));
        groups.retain(|(_, pages)| !pages.is_empty());
        Self { groups }
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (&'static str, &[Page])> {
        self.groups.iter().map(|(title, pages)| (*title, pages.as_slice()))
    }

    pub(super) fn pages(&self) -> impl Iterator<Item = &Page> {
        self.groups.iter().flat_map(|(_, pages)| pages)
    }

    pub(super) fn page(&self, name: &str) -> Option<&Page> {
        self.pages().find(|page| page.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::language::Language;

    fn filled() -> Library {
        Library::of(&Documentation {
            gateway: Some("https://gateway.example".to_owned()),
            workspace: "https://desk.example".to_owned(),
            ..Documentation::default()
        })
    }

    #[test]
    fn no_page_tells_a_reader_of_another_address_than_theirs() {
        for page in filled().pages() {
            for text in Language::ALL.map(|language| page.html(language)).iter().chain([&page.markdown]) {
                assert!(!text.contains(GATEWAY) && !text.contains(WORKSPACE), "{}", page.name);
            }
        }
    }

    #[test]
    fn every_page_has_a_title_and_its_ids_are_its_own() {
        for page in filled().pages() {
            assert!(!page.title.is_empty() && !page.lead.is_empty(), "{}", page.name);
            let html = page.html(Language::default());
            let mut ids: Vec<_> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let all = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), all, "{}", page.name);
            assert!(!html.contains(" style="), "{}", page.name);
        }
    }

    #[test]
    fn links_between_pages_lead_somewhere() {
        let library = filled();
        for page in library.pages() {
            let html = page.html(Language::default());
            for link in html.split("href=\"/docs/").skip(1).filter_map(|rest| rest.split('"').next()) {
                let (name, place) = link.split_once('#').unwrap_or((link, ""));
                if ["try-it", "openapi.json", "asyncapi.json"].contains(&name) || name.starts_with("reference") {
                    continue;
                }
                let other = library.page(name).unwrap_or_else(|| panic!("{} links to {link}", page.name));
                let known = place.is_empty() || other.sections.iter().any(|section| section.id == place);
                assert!(known, "{} links to {link}", page.name);
            }
        }
    }
}
