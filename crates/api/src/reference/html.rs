/// Markup that is being built. Text goes through [`Html::text`], which escapes it; only our own markup goes in raw.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Markup of our own.
    pub(super) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Any text, escaped for elements and for attributes in double quotes.
    pub(super) fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                c => self.0.push(c),
            }
        }
    }

    pub(super) fn code(&mut self, text: &str) {
        self.raw("<code>");
        self.text(text);
        self.raw("</code>");
    }

    pub(super) fn link(&mut self, to: &str, text: &str) {
        self.raw("<a href=\"");
        self.text(to);
        self.raw("\">");
        self.text(text);
        self.raw("</a>");
    }

    /// Text in which a pair of backticks marks code.
    pub(super) fn inline(&mut self, text: &str) {
        for (index, part) in text.split('`').enumerate() {
            if index % 2 == 1 {
                self.code(part);
            } else {
                self.text(part);
            }
        }
    }

    /// Paragraphs.
    pub(super) fn prose(&mut self, text: &str) {
        for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
            self.raw("<p>");
            self.inline(paragraph);
            self.raw("</p>\n");
        }
    }

    /// A call in a shell, with the button of the Workspace's pages that copies it. `label` says what it is.
    pub(super) fn shell(&mut self, id: &str, label: &str, text: &str) {
        self.raw("<div class=\"docs-code\"><pre tabindex=\"0\" role=\"group\" translate=\"no\" aria-label=\"");
        self.text(label);
        self.raw("\"><code id=\"");
        self.text(id);
        self.raw("\">");
        self.text(text);
        self.raw("</code></pre><span class=\"docs-copied\" role=\"status\" id=\"");
        self.text(id);
        self.raw("-copied\"></span><button type=\"button\" class=\"button scripted\" data-copy=\"");
        self.text(id);
        self.raw("\" aria-describedby=\"");
        self.text(id);
        self.raw("-copied\" aria-label=\"Copy ");
        self.text(label);
        self.raw("\">Copy</button></div>\n");
    }

    /// A section with its heading; close it with `</section>`.
    pub(super) fn open_section(&mut self, id: &str, title: &str, heading: &str) {
        self.raw("<section class=\"docs-text\" id=\"");
        self.text(id);
        self.raw("\">\n<");
        self.raw(heading);
        self.raw(">");
        self.text(title);
        self.raw("</");
        self.raw(heading);
        self.raw(">\n");
    }

    /// A table in a box that scrolls by itself on a narrow screen, and can be scrolled with the keyboard.
    pub(super) fn open_table(&mut self, columns: &[&str]) {
        self.raw("<div class=\"table-scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
        self.text(columns.first().unwrap_or(&"Table"));
        self.raw("\"><table class=\"table\">\n<thead><tr>");
        for column in columns {
            self.raw("<th scope=\"col\">");
            self.text(column);
            self.raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n");
    }

    pub(super) fn close_table(&mut self) {
        self.raw("</tbody></table></div>\n");
    }
}

/// A title as an id.
pub(super) fn slug(title: &str) -> String {
    format!("tag-{}", title.to_lowercase().replace(' ', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_code_is_marked() {
        let mut html = Html::default();
        html.prose("a <b> & `\"c\"`\n\nd");
        assert_eq!(html.finish(), "<p>a &lt;b&gt; &amp; <code>&quot;c&quot;</code></p>\n<p>d</p>\n");
    }
}
