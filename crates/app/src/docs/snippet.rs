use super::{embedded::EMBEDDED, html, language::Language};

/// One task in every language in which there is a file for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    /// Its place among those of its page; ids of elements are made of it.
    number: usize,
    texts: Vec<(Language, String)>,
}

impl Snippet {
    /// The snippet of this name; `None`: it has no file.
    pub(super) fn named(name: &str, number: usize) -> Option<Self> {
        let text = |language: Language| {
            let mut files = EMBEDDED.1.iter();
            let (_, _, text) = files.find(|(of, ending, _)| *of == name && *ending == language.ending())?;
            Some((language, shown(text)))
        };
        let texts: Vec<_> = Language::ALL.into_iter().filter_map(text).collect();
        (!texts.is_empty()).then_some(Self { number, texts })
    }

    /// The same with other texts.
    pub(super) fn map(self, change: impl Fn(&str) -> String) -> Self {
        let texts = self.texts.into_iter().map(|(language, text)| (language, change(&text))).collect();
        Self { texts, ..self }
    }

    /// Its languages as tabs. Each is a link, so that a choice needs no script.
    pub(super) fn html(&self, wanted: Language) -> String {
        let has = self.texts.iter().any(|(language, _)| *language == wanted);
        let chosen = if has { wanted } else { self.texts.first().map_or(wanted, |(language, _)| *language) };
        let number = self.number;
        let tabs = self.texts.iter().map(|(language, _)| {
            let (name, label, here) = (language.name(), language.label(), *language == chosen);
            let tabindex = if here { 0 } else { -1 };
            format!(
                "<a role=\"tab\" id=\"tab-{number}-{name}\" href=\"?language={name}#tab-{number}-{name}\" rel=\"external\" \
                 aria-selected=\"{here}\" aria-controls=\"panel-{number}-{name}\" tabindex=\"{tabindex}\" \
                 data-language=\"{name}\">{label}</a>"
            )
        });
        let panels = self.texts.iter().map(|(language, text)| {
            let (name, hidden) = (language.name(), if *language == chosen { "" } else { " hidden" });
            let code = html::code(&format!("code-{number}-{name}"), language.label(), text);
            format!(
                "<div role=\"tabpanel\" id=\"panel-{number}-{name}\" aria-labelledby=\"tab-{number}-{name}\"{hidden}>{code}</div>"
            )
        });
        let (tabs, panels): (String, String) = (tabs.collect(), panels.collect());
        format!(
            "<div class=\"docs-snippet\"><div class=\"docs-tabs\" role=\"tablist\" aria-label=\"Language\">{tabs}</div>{panels}</div>"
        )
    }

    /// Each language as a block of Markdown.
    pub(super) fn markdown(&self) -> String {
        let blocks = self.texts.iter().map(|(language, text)| {
            format!("{}:\n\n```{}\n{}\n```\n", language.label(), language.fence(), text.trim_end())
        });
        blocks.collect::<Vec<_>>().join("\n")
    }

    /// What a search looks at.
    pub(super) fn words(&self) -> String {
        self.texts.first().map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

/// What is shown of a file: what stands between a line that says `[show]` and one that says `[end]`, each time, without the indent that
/// all its lines share; all of it where there is none.
fn shown(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let (mut marked, mut inside) = (false, false);
    for line in text.lines() {
        if line.contains("[show]") {
            if marked {
                lines.push("");
            }
            (marked, inside) = (true, true);
        } else if line.contains("[end]") {
            inside = false;
        } else if inside {
            lines.push(line);
        }
    }
    if !marked {
        return text.trim_end().to_owned();
    }
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let shared = lines.iter().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or_default();
    let lines: Vec<&str> = lines.iter().map(|line| line.get(shared..).unwrap_or_default()).collect();
    lines.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marked_part_is_shown_without_its_indent() {
        for (text, expected) in [
            ("a\nb\n", "a\nb"),
            ("a\n  # [show]\n  b\n    c\n\n  d\n  # [end]\ne\n", "b\n  c\n\nd"),
            ("// [show]\na\n// [end]\nb\n// [show]\nc\n", "a\n\nc"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn the_language_that_a_reader_chose_is_open_where_it_is_there() {
        let texts = vec![(Language::Curl, "curl a".to_owned()), (Language::Go, "go b".to_owned())];
        let snippet = Snippet { number: 1, texts };
        for (wanted, open) in [(Language::Go, "go"), (Language::Java, "curl"), (Language::Curl, "curl")] {
            let html = snippet.html(wanted);
            let closed = if open == "go" { "curl" } else { "go" };
            assert!(html.contains(&format!("aria-labelledby=\"tab-1-{open}\">")), "{html}");
            assert!(html.contains(&format!("aria-labelledby=\"tab-1-{closed}\" hidden>")), "{html}");
        }
        assert_eq!(snippet.markdown(), "curl:\n\n```sh\ncurl a\n```\n\nGo:\n\n```go\ngo b\n```\n");
    }
}
