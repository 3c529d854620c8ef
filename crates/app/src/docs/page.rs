use super::{language::Language, snippet::Snippet};

/// A page of the documentation.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// Its name in its address.
    pub(super) name: String,
    pub(super) title: String,
    /// Its first paragraph, as text.
    pub(super) lead: String,
    pub(super) parts: Vec<Part>,
    /// Its headings below the title, with the text of each.
    pub(super) sections: Vec<Section>,
    /// The page as Markdown, with its snippets.
    pub(super) markdown: String,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    Html(String),
    Snippet(Snippet),
}

/// What stands below one heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// Its id on the page; empty: what stands below the title.
    pub(super) id: String,
    pub(super) title: String,
    /// How deep: 2 or 3 in the table of contents, 1 for the title.
    pub(super) level: u8,
    pub(super) text: String,
}

impl Page {
    pub(super) fn address(&self) -> String {
        if self.name == INDEX { HOME.to_owned() } else { format!("{HOME}/{}", self.name) }
    }

    pub(super) fn html(&self, language: Language) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Html(html) => html.clone(),
            Part::Snippet(snippet) => snippet.html(language),
        });
        parts.collect()
    }

    /// Whether a test key is of use to whoever tries what is shown.
    pub(super) fn is_tried_with_a_key(&self) -> bool {
        let has_snippets = self.parts.iter().any(|part| matches!(part, Part::Snippet(_)));
        has_snippets && !NOT_THE_CONTACT_CENTRE.contains(&self.name.as_str())
    }
}

/// Where the documentation is.
pub(super) const HOME: &str = "/docs";

/// Where the operations of Keydesk itself are, on one page.
pub(super) const KEYDESK_API: &str = "/api/docs";

/// The name of the page there.
pub(super) const INDEX: &str = "index";

/// Pages whose programs call no contact centre.
const NOT_THE_CONTACT_CENTRE: [&str; 1] = ["protect"];
