//! Markup that is put together as text: what Markdown becomes, and the code beside it.

/// Any text, for elements and for attributes in double quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c => html.push(c),
        }
    }
    html
}

/// Code that can be copied. `label` says what it is.
pub(super) fn code(id: &str, label: &str, text: &str) -> String {
    let (label, text) = (escaped(label), escaped(text.trim_end()));
    format!(
        "<div class=\"docs-code\"><pre tabindex=\"0\" role=\"group\" aria-label=\"{label}\" translate=\"no\">\
         <code id=\"{id}\">{text}</code></pre>\
         <span class=\"docs-copied\" role=\"status\" id=\"{id}-copied\"></span>\
         <button type=\"button\" class=\"button scripted\" data-copy=\"{id}\" aria-describedby=\"{id}-copied\" \
         aria-label=\"Copy {label}\">Copy</button></div>"
    )
}

/// Text in which a pair of backticks marks code.
pub(super) fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let part = escaped(part);
        if index % 2 == 1 { format!("<code>{part}</code>") } else { part }
    });
    parts.collect()
}

/// A heading as the id of its section.
pub(super) fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.to_lowercase().chars() {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_code_is_marked() {
        assert_eq!(inline("a <b> & `\"c\"`"), "a &lt;b&gt; &amp; <code>&quot;c&quot;</code>");
        assert!(code("x", "curl", "a < b\n").contains("<code id=\"x\">a &lt; b</code>"));
    }

    #[test]
    fn headings_become_ids() {
        for (title, id) in
            [("Paging and `changed_since`", "paging-and-changed-since"), ("429: wait", "429-wait"), ("?", "")]
        {
            assert_eq!(slug(title), id);
        }
    }
}
