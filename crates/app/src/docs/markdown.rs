//! Reads a page. Raw HTML in it is left out, but for the line that stands for a snippet: `<!-- snippet: NAME -->`.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html::push_html};

use super::{
    html::{self, escaped, slug},
    page::{HOME, INDEX, Page, Part, Section},
    snippet::Snippet,
};

/// Reads a page. `fill` puts the reader's own addresses into texts.
pub(super) fn page(name: &str, source: &str, fill: &dyn Fn(&str) -> String) -> Page {
    let source = fill(source);
    let mut reader =
        Reader { name, fill, events: Vec::new(), parts: Vec::new(), sections: vec![top()], codes: 0, snippets: 0 };
    reader.read(&source);
    reader.flush();
    let Reader { parts, mut sections, .. } = reader;
    let title = sections.first().map(|section| section.title.clone()).unwrap_or_default();
    let title = if title.is_empty() { name.to_owned() } else { title };
    let lead = sections.first().and_then(|section| section.text.lines().next()).unwrap_or_default().to_owned();
    if let Some(first) = sections.first_mut() {
        first.title.clone_from(&title);
    }
    Page { name: name.to_owned(), title, lead, parts, sections, markdown: with_snippets(&source, fill) }
}

fn top() -> Section {
    Section { level: 1, ..Section::default() }
}

struct Reader<'a> {
    name: &'a str,
    fill: &'a dyn Fn(&str) -> String,
    events: Vec<Event<'static>>,
    parts: Vec<Part>,
    sections: Vec<Section>,
    codes: usize,
    snippets: usize,
}

impl Reader<'_> {
    fn read(&mut self, source: &str) {
        let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
        let mut events = Parser::new_ext(source, options);
        while let Some(event) = events.next() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => self.heading(level, &mut events),
                Event::Start(Tag::CodeBlock(kind)) => self.code(&kind, &mut events),
                Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) | Event::InlineHtml(_) => {}
                Event::Html(html) => {
                    if let Some(name) = snippet_name(&html) {
                        self.snippet(name);
                    }
                }
                Event::Start(Tag::Table(alignment)) => {
                    self.html("<div class=\"table-scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\">");
                    self.events.push(Event::Start(Tag::Table(alignment)));
                }
                Event::End(TagEnd::Table) => {
                    self.events.push(Event::End(TagEnd::Table));
                    self.html("</div>");
                }
                Event::TaskListMarker(done) => {
                    let (mark, words) = if done { ("☑", "done") } else { ("☐", "to do") };
                    self.html(&format!(
                        "<span aria-hidden=\"true\">{mark}</span><span class=\"unseen\">{words}</span> "
                    ));
                }
                Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                    let dest_url = CowStr::from(address(&dest_url));
                    let (title, id) = (title.into_static(), id.into_static());
                    self.events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                }
                event => {
                    match &event {
                        Event::Text(text) | Event::Code(text) => self.words(text),
                        Event::SoftBreak | Event::HardBreak => self.words(" "),
                        Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead) => {
                            self.words("\n");
                        }
                        Event::End(TagEnd::TableCell) => self.words(" "),
                        _ => {}
                    }
                    self.events.push(event.into_static());
                }
            }
        }
    }

    fn heading<'e>(&mut self, level: HeadingLevel, events: &mut impl Iterator<Item = Event<'e>>) {
        let (mut inside, mut title) = (Vec::new(), String::new());
        for event in events.by_ref() {
            match event {
                Event::End(TagEnd::Heading(_)) => break,
                Event::Text(ref text) | Event::Code(ref text) => {
                    title.push_str(text);
                    inside.push(event.into_static());
                }
                event => inside.push(event.into_static()),
            }
        }
        let level = level as u8;
        if level == 1 {
            // The title is the page's own heading.
            if let Some(first) = self.sections.first_mut() {
                first.title = title;
            }
            return;
        }
        let mut id = slug(&title);
        let taken = |id: &str| self.sections.iter().any(|section| section.id == id);
        if id.is_empty() || taken(&id) {
            id = format!("{id}-{}", self.sections.len()).trim_start_matches('-').to_owned();
        }
        self.html(&format!("<h{level} id=\"{}\">", escaped(&id)));
        self.events.extend(inside);
        self.html(&format!(
            " <a class=\"docs-anchor\" href=\"#{}\" aria-label=\"Link to {}\">#</a></h{level}>\n",
            escaped(&id),
            escaped(&title)
        ));
        self.sections.push(Section { id, title, level, text: String::new() });
    }

    fn code<'e>(&mut self, kind: &CodeBlockKind<'_>, events: &mut impl Iterator<Item = Event<'e>>) {
        let mut text = String::new();
        for event in events.by_ref() {
            match event {
                Event::End(TagEnd::CodeBlock) => break,
                Event::Text(more) => text.push_str(&more),
                _ => {}
            }
        }
        let fence = match kind {
            CodeBlockKind::Fenced(fence) => fence.split_whitespace().next().unwrap_or_default(),
            CodeBlockKind::Indented => "",
        };
        self.codes += 1;
        let label = format!("{} {}", label(fence), self.codes);
        let code = html::code(&format!("code-{}-{}", slug(self.name), self.codes), &label, &text);
        self.html(&code);
        self.words(&text);
        self.words("\n");
    }

    /// A snippet without a file can't be run, and what can't be run is not shown.
    fn snippet(&mut self, name: &str) {
        self.snippets += 1;
        let Some(snippet) = Snippet::named(name, self.snippets) else { return };
        let snippet = snippet.map(self.fill);
        self.words(&snippet.words());
        self.words("\n");
        self.flush();
        self.parts.push(Part::Snippet(snippet));
    }

    fn html(&mut self, html: &str) {
        self.events.push(Event::Html(html.to_owned().into()));
    }

    fn words(&mut self, text: &str) {
        if let Some(section) = self.sections.last_mut() {
            section.text.push_str(text);
        }
    }

    fn flush(&mut self) {
        let mut html = String::new();
        push_html(&mut html, self.events.drain(..));
        if !html.is_empty() {
            self.parts.push(Part::Html(html));
        }
    }
}

fn label(fence: &str) -> &str {
    match fence {
        "sh" | "bash" | "shell" | "console" => "Shell",
        "json" => "JSON",
        "js" | "javascript" | "mjs" => "JavaScript",
        "py" | "python" => "Python",
        "toml" => "TOML",
        "http" => "HTTP",
        "sql" => "SQL",
        "html" => "HTML",
        "" | "text" | "txt" => "Text",
        other => other,
    }
}

/// The name in `<!-- snippet: NAME -->`.
fn snippet_name(html: &str) -> Option<&str> {
    let inside = html.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    let name = inside.trim().strip_prefix("snippet:")?.trim();
    let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    fits.then_some(name)
}

/// Where a link leads here: a file beside this one is its page.
fn address(link: &str) -> String {
    let (file, place) = link.split_once('#').map_or((link, ""), |(file, place)| (file, place));
    let name = file.strip_prefix("./").unwrap_or(file).strip_suffix(".md");
    let Some(name) = name.filter(|name| !name.contains('/')) else { return link.to_owned() };
    let place = if place.is_empty() { String::new() } else { format!("#{place}") };
    if name == INDEX { format!("{HOME}{place}") } else { format!("{HOME}/{name}{place}") }
}

/// The source with its snippets in place of the lines that stand for them.
fn with_snippets(source: &str, fill: &dyn Fn(&str) -> String) -> String {
    let lines = source.lines().map(|line| match snippet_name(line) {
        Some(name) => Snippet::named(name, 0).map_or_else(String::new, |snippet| snippet.map(fill).markdown()),
        None => line.to_owned(),
    });
    let mut text = lines.collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::language::Language;

    fn read(source: &str) -> Page {
        page("sample", source, &|text: &str| text.replace("http://127.0.0.1:8080", "https://gateway.example"))
    }

    #[test]
    fn a_page_has_its_title_lead_and_sections() {
        let page = read("# Call a *centre*\n\nFirst things.\n\n## One `a`\n\nText.\n\n## One `a`\n\n### Deep\n");
        assert_eq!((page.title.as_str(), page.lead.as_str()), ("Call a centre", "First things."));
        let sections: Vec<_> = page.sections.iter().map(|section| (section.level, section.id.as_str())).collect();
        assert_eq!(sections, [(1, ""), (2, "one-a"), (2, "one-a-2"), (3, "deep")]);
        let html = page.html(Language::default());
        assert!(!html.contains("<h1") && html.contains("<h2 id=\"one-a\">One <code>a</code>"), "{html}");
    }

    #[test]
    fn the_readers_own_address_stands_in_code_and_in_markdown() {
        let page = read("# A\n\n```sh\ncurl http://127.0.0.1:8080/v1/calls?a=1&b=2\n```\n");
        let html = page.html(Language::default());
        assert!(html.contains("curl https://gateway.example/v1/calls?a=1&amp;b=2</code>"), "{html}");
        assert!(page.markdown.contains("https://gateway.example"), "{}", page.markdown);
    }

    #[test]
    fn raw_markup_is_left_out_and_links_lead_to_pages() {
        let page =
            read("# A\n\n<script>x</script>\n\n[a](crm.md#one) [b](index.md) [c](https://e.example/x.md)\n\n- [ ] a\n");
        let html = page.html(Language::default());
        assert!(!html.contains("script"), "{html}");
        for part in ["href=\"/docs/crm#one\"", "href=\"/docs\"", "href=\"https://e.example/x.md\"", "☐"] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn a_line_stands_for_a_snippet() {
        for (line, name) in [
            ("<!-- snippet: look-up -->", Some("look-up")),
            ("<!--snippet: a -->\n", Some("a")),
            ("<!-- a comment -->", None),
            ("<!-- snippet: ../a -->", None),
        ] {
            assert_eq!(snippet_name(line), name, "{line}");
        }
    }
}
