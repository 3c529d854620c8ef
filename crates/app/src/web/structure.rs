//! Tells the scripts of a page what its body was made of when it left the server.
//!
//! Hydration walks over the nodes that the server wrote, and trusts that they are as it wrote them. Translators and extensions
//! change a page as soon as they see it. So `wake.js` compares what it finds with what is told here, and where they differ it
//! asks for the page anew before anything is hydrated.

use axum::{
    body::{Body, Bytes},
    http::header::{CONTENT_LENGTH, CONTENT_TYPE},
    response::Response,
};
use http_body_util::BodyExt as _;

/// Where the shell wants it to be told: an attribute of the script that wakes the page up.
const WANTED: &[u8] = b" data-structure=\"\"";

/// Elements whose content is text, whatever it looks like. It is no part of the structure.
const RAW: [&[u8]; 3] = [b"script", b"style", b"textarea"];

/// Writes the structure of a page into it, if it wants that.
pub(crate) async fn tell(response: Response) -> Response {
    let is_html = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_html {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    match body.collect().await {
        Ok(page) => {
            parts.headers.remove(CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(told(page.to_bytes())))
        }
        // A page that broke off wakes up as far as it came.
        Err(_) => Response::from_parts(parts, Body::empty()),
    }
}

fn told(page: Bytes) -> Bytes {
    let Some(body) = find(&page, b"<body>") else { return page };
    let (head, rest) = page.split_at(body);
    let Some(place) = find(head, WANTED) else { return page };
    let value = place + WANTED.len() - 1;
    let structure = structure(rest).to_string();
    [&head[..value], structure.as_bytes(), &head[value..], rest].concat().into()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// The names of all nodes in a body, in the order of the document, as one number: FNV-1a. `wake.js` makes the same of a document.
fn structure(mut html: &[u8]) -> u32 {
    let mut nodes = Nodes::default();
    while !html.is_empty() {
        let Some(tag) = html.iter().position(|byte| *byte == b'<') else { break };
        if tag > 0 {
            nodes.in_body(b"#text");
        }
        html = &html[tag..];
        html = if html.starts_with(b"<!--") {
            nodes.in_body(b"#comment");
            after(html, b"-->")
        } else if html.starts_with(b"<!") {
            nodes.in_body(b"#comment");
            after(html, b">")
        } else if html.starts_with(b"</body") {
            // What follows is put at the end of the body, but for comments.
            nodes.over = true;
            after(html, b">")
        } else if html.starts_with(b"</") {
            after(html, b">")
        } else {
            let end = html.iter().position(|byte| matches!(byte, b' ' | b'>' | b'/')).unwrap_or(html.len());
            let name = html[1..end].to_ascii_lowercase();
            if !name.eq_ignore_ascii_case(b"body") {
                nodes.add(&name);
            }
            let content = after_tag(html);
            let raw = RAW.contains(&name.as_slice());
            if raw { after(content, &[b"</", name.as_slice(), b">"].concat()) } else { content }
        };
    }
    nodes.hash
}

struct Nodes {
    hash: u32,
    over: bool,
}

impl Default for Nodes {
    fn default() -> Self {
        Self { hash: 0x811c_9dc5, over: false }
    }
}

impl Nodes {
    fn add(&mut self, name: &[u8]) {
        for byte in name.iter().chain(b" ") {
            self.hash = (self.hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    fn in_body(&mut self, name: &[u8]) {
        if !self.over {
            self.add(name);
        }
    }
}

fn after<'a>(html: &'a [u8], end: &[u8]) -> &'a [u8] {
    find(html, end).map_or(&[], |at| &html[at + end.len()..])
}

/// What follows an opening tag. A value of an attribute may have any character but its quote.
fn after_tag(html: &[u8]) -> &[u8] {
    let mut quoted = false;
    let end = html.iter().position(|byte| {
        quoted ^= *byte == b'"';
        *byte == b'>' && !quoted
    });
    end.map_or(&[], |end| &html[end + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> u32 {
        let mut nodes = Nodes::default();
        names.iter().for_each(|name| nodes.add(name.as_bytes()));
        nodes.hash
    }

    #[test]
    fn the_structure_is_the_names_of_the_nodes_in_order() {
        for (html, names) in [
            ("<body>", &[][..]),
            ("<body><p>a</p>", &["p", "#text"]),
            ("<body><p title=\"a > b\">a<!>b</p>", &["p", "#text", "#comment", "#text"]),
            ("<body><svg><PATH d=\"\"/></svg> <!--a>b-->", &["svg", "path", "#text", "#comment"]),
            ("<body><textarea>a<b></textarea><br>", &["textarea", "br"]),
            ("<body><script>if (a<b) c('<p>')</script>", &["script"]),
            ("<body><i></i></body><!><!></html><!><script>x</script>", &["i", "script"]),
            ("<body><i", &["i"]),
        ] {
            assert_eq!(structure(html.as_bytes()), named(names), "{html}");
        }
    }

    #[test]
    fn only_a_page_that_wants_it_is_told() {
        let page =
            Bytes::from_static(b"<head><script data-structure=\"\"></script></head><body><p data-structure=\"\">a</p>");
        let told = String::from_utf8(told(page).to_vec()).unwrap();
        let number = named(&["p", "#text"]);
        assert_eq!(
            told,
            format!("<head><script data-structure=\"{number}\"></script></head><body><p data-structure=\"\">a</p>")
        );
        for other in ["", "<body>", "<head></head><body><p data-structure=\"\">a</p>"] {
            assert_eq!(super::told(Bytes::from_static(other.as_bytes())), other.as_bytes());
        }
    }
}
