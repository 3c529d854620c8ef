//! A letter as text and as HTML, of the same parts.

use std::fmt::Write as _;

/// A part of a letter.
pub(super) enum Part {
    /// A paragraph.
    Words(String),
    /// A link that stands by itself.
    Link(String),
    /// A thing with a link: its name, what is said of it, where it leads.
    Thing(String, String, String),
}

/// The letter as text.
pub(super) fn text(parts: &[Part]) -> String {
    let parts = parts.iter().map(|part| match part {
        Part::Words(words) => words.clone(),
        Part::Link(link) => link.clone(),
        Part::Thing(name, said, link) => format!("{name}: {said}\n{link}"),
    });
    let mut text = parts.collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

/// The letter as a document. Nothing in it is fetched from anywhere.
pub(super) fn html(title: &str, parts: &[Part]) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n",
        escaped(title)
    );
    for part in parts {
        let _ = match part {
            Part::Words(words) => writeln!(html, "<p>{}</p>", escaped(words)),
            Part::Link(link) => writeln!(html, "<p><a href=\"{0}\">{0}</a></p>", escaped(link)),
            Part::Thing(name, said, link) => {
                writeln!(html, "<p><a href=\"{}\">{}</a>: {}</p>", escaped(link), escaped(name), escaped(said))
            }
        };
    }
    html.push_str("</body></html>\n");
    html
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_no_markup() {
        let parts = [
            Part::Words("Hello <b>Ada</b> & \"Bo\"".to_owned()),
            Part::Thing("<img src=x>".to_owned(), "ends 'soon'".to_owned(), "https://d.example/keys/1?a=\"".to_owned()),
            Part::Link("https://d.example/invite#abc".to_owned()),
        ];
        let html = html("</title><script>", &parts);
        for part in [
            "<title>&lt;/title&gt;&lt;script&gt;</title>",
            "<p>Hello &lt;b&gt;Ada&lt;/b&gt; &amp; &quot;Bo&quot;</p>",
            "<a href=\"https://d.example/keys/1?a=&quot;\">&lt;img src=x&gt;</a>: ends &#39;soon&#39;",
            "<a href=\"https://d.example/invite#abc\">https://d.example/invite#abc</a>",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        let plain = text(&parts);
        assert!(
            plain.contains("<img src=x>: ends 'soon'\nhttps://d.example/keys/1?a=\"\n\nhttps://d.example/invite#abc\n")
        );
    }
}
