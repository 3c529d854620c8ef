//! Makes one style sheet of many: `@import` of our own files is replaced by what it names, so that a page waits for one
//! file only.

use crate::process::{Failure, Result};
use std::path::{Path, PathBuf};

/// Reads `entry` and everything that it imports, each import where it stands, in its layer and under its media query.
pub(crate) fn bundle(entry: &Path, read: &dyn Fn(&Path) -> Result<String>) -> Result<String> {
    inline(entry, read, &mut Vec::new())
}

fn inline(file: &Path, read: &dyn Fn(&Path) -> Result<String>, above: &mut Vec<PathBuf>) -> Result<String> {
    if above.iter().any(|seen| seen == file) {
        return Err(Failure::new(format!("{} imports itself", file.display())));
    }
    above.push(file.to_path_buf());
    let text = without_comments(&read(file)?);
    let mut bundled = String::new();
    let mut rest = text.as_str();
    while let Some(at) = find_import(rest) {
        bundled.push_str(&rest[..at]);
        let end = end_of_statement(&rest[at..])
            .ok_or_else(|| Failure::new(format!("{}: an @import has no end", file.display())))?;
        let import = Import::parse(&rest[at..at + end]).ok_or_else(|| {
            Failure::new(format!("{}: not understood: {}", file.display(), rest[at..=at + end].trim()))
        })?;
        let named = file.parent().unwrap_or(Path::new("")).join(&import.path);
        bundled.push_str(&import.wrap(&inline(&named, read, above)?));
        rest = &rest[at + end + 1..];
    }
    bundled.push_str(rest);
    above.pop();
    Ok(tidy(&bundled))
}

struct Import {
    path: PathBuf,
    /// `None`: no layer; empty: an anonymous one.
    layer: Option<String>,
    media: String,
}

impl Import {
    /// Understands `@import "a.css"`, also in `url(..)`, then `layer` or `layer(name)`, then a media query.
    fn parse(statement: &str) -> Option<Self> {
        let rest = statement.strip_prefix("@import")?.trim();
        let (path, rest) = if let Some(inside) = rest.strip_prefix("url(") {
            let (path, rest) = inside.split_once(')')?;
            (path.trim().trim_matches(['"', '\'']), rest)
        } else {
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            rest[1..].split_once(quote)?
        };
        if path.contains("//") || path.starts_with('/') {
            return None;
        }
        let rest = rest.trim();
        let (layer, media) = if let Some(inside) = rest.strip_prefix("layer(") {
            let (name, media) = inside.split_once(')')?;
            (Some(name.trim().to_owned()), media)
        } else if let Some(media) = rest.strip_prefix("layer") {
            (Some(String::new()), media)
        } else {
            (None, rest)
        };
        let path = path.strip_prefix("./").unwrap_or(path);
        Some(Self { path: PathBuf::from(path), layer, media: media.trim().to_owned() })
    }

    fn wrap(&self, text: &str) -> String {
        let layered = match self.layer.as_deref() {
            None => text.to_owned(),
            Some("") => format!("@layer {{\n{text}}}\n"),
            Some(name) => format!("@layer {name} {{\n{text}}}\n"),
        };
        if self.media.is_empty() { layered } else { format!("@media {} {{\n{layered}}}\n", self.media) }
    }
}

/// Where the first `@import` outside of a string begins.
fn find_import(text: &str) -> Option<usize> {
    outside_strings(text).find(|&(at, _)| text[at..].starts_with("@import")).map(|(at, _)| at)
}

/// Where the `;` of the statement at the start of `text` is.
fn end_of_statement(text: &str) -> Option<usize> {
    outside_strings(text).find(|&(_, c)| c == ';').map(|(at, _)| at)
}

/// The characters of a style sheet that are in no quotation marks.
fn outside_strings(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut quote = None;
    let mut escaped = false;
    text.char_indices().filter(move |&(_, c)| {
        let was_inside = quote.is_some();
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(end) if c == end => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        !was_inside && quote.is_none()
    })
}

fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let start = outside_strings(rest).find(|&(at, _)| rest[at..].starts_with("/*")).map(|(at, _)| at);
        let Some(start) = start else { break };
        kept.push_str(&rest[..start]);
        rest = rest[start..].split_once("*/").map_or("", |(_, after)| after);
    }
    kept + rest
}

fn tidy(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).fold(String::new(), |all, line| all + line + "\n")
}

/// Replaces `url(/name)` by the address that the file of that name has in the site.
pub(crate) fn with_addresses(text: &str, address: &dyn Fn(&str) -> Option<String>) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("url(") {
        replaced.push_str(before);
        replaced.push_str("url(");
        let Some((inside, tail)) = after.split_once(')') else {
            rest = after;
            continue;
        };
        let bare = inside.trim().trim_matches(['"', '\'']);
        match bare.strip_prefix('/').and_then(address) {
            Some(url) => replaced.push_str(&url),
            None => replaced.push_str(inside),
        }
        replaced.push(')');
        rest = tail;
    }
    replaced + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundled(files: &[(&str, &str)]) -> Result<String> {
        bundle(Path::new("style/main.css"), &|path| {
            files
                .iter()
                .find(|(name, _)| Path::new("style").join(name) == path)
                .map(|(_, text)| (*text).to_owned())
                .ok_or_else(|| Failure::new(format!("{} is not there", path.display())))
        })
    }

    #[test]
    fn imports_are_replaced_in_place_with_layer_and_media() {
        let css = bundled(&[
            (
                "main.css",
                "@layer a, b;\n@import \"./a.css\" layer(a);\n@import url('sub/b.css') layer(b) (width > 10rem);\n\
                 @import \"c.css\";\n@import \"c.css\" layer;\nbody { color: red }\n",
            ),
            ("a.css", "a { b: c }"),
            ("sub/b.css", "@import \"deep.css\";"),
            ("sub/deep.css", "deep { x: y }"),
            ("c.css", "c { d: e }"),
        ]);
        assert_eq!(
            css.unwrap(),
            "@layer a, b;\n@layer a {\na { b: c }\n}\n@media (width > 10rem) {\n@layer b {\ndeep { x: y }\n}\n}\n\
             c { d: e }\n@layer {\nc { d: e }\n}\nbody { color: red }\n"
        );
    }

    #[test]
    fn comments_go_and_strings_stay() {
        let css = bundled(&[(
            "main.css",
            "/* @import \"no.css\"; */ a::before { content: \"/* kept */ @import \\\" x\" } /* end */\n",
        )]);
        assert_eq!(css.unwrap(), "a::before { content: \"/* kept */ @import \\\" x\" }\n");
    }

    #[test]
    fn what_cannot_be_inlined_is_refused() {
        for (text, complaint) in [
            ("@import \"https://example.org/a.css\";", "not understood"),
            ("@import \"/a.css\";", "not understood"),
            ("@import \"a.css\"", "has no end"),
            ("@import \"gone.css\";", "is not there"),
            ("@import \"main.css\";", "imports itself"),
        ] {
            let failure = bundled(&[("main.css", text)]).unwrap_err();
            assert!(failure.to_string().contains(complaint), "{text}: {failure}");
        }
    }

    #[test]
    fn addresses_of_known_files_are_filled_in() {
        let css = with_addresses("a { b: url(/x.svg) url(\"/y.svg\") url(data:z) url(/unknown) }", &|name| {
            ["x.svg", "y.svg"].contains(&name).then(|| format!("/h.{name}"))
        });
        assert_eq!(css, "a { b: url(/h.x.svg) url(/h.y.svg) url(data:z) url(/unknown) }");
    }
}
