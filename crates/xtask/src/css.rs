//! One style sheet of many, so that a page waits for one file: each `@import` of `style/main.css` is replaced by what it names.

use crate::process::{Failure, Result};
use std::path::Path;

/// Reads `entry`, whose lines are `@import "./FILE" layer(LAYER);` or stay as they are, and the files that it imports.
pub(crate) fn bundle(entry: &Path, read: &dyn Fn(&Path) -> Result<String>) -> Result<String> {
    let mut bundled = String::new();
    for line in read(entry)?.lines() {
        if let Some(import) = line.strip_prefix("@import ") {
            let parts = import.strip_prefix("\"./").and_then(|rest| rest.strip_suffix(");"));
            let parts = parts.and_then(|rest| rest.split_once("\" layer("));
            let (file, layer) = parts.ok_or_else(|| Failure::new(format!("style: not understood: {line}")))?;
            let text = without_comments(&read(&entry.with_file_name(file))?);
            let text = text.map_err(|reason| Failure::new(format!("style/{file} {reason}")))?;
            bundled += &format!("@layer {layer} {{\n{text}}}\n");
        } else {
            bundled += &format!("{line}\n");
        }
    }
    Ok(bundled)
}

/// The text without comments and indentation, which would be a fifth of it. Refuses a text that these few lines would
/// spoil.
fn without_comments(text: &str) -> std::result::Result<String, &'static str> {
    let (mut kept, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("/*") {
        kept += before;
        if kept.matches('"').count() % 2 == 1 {
            return Err("has a string with a comment in it");
        }
        rest = after.split_once("*/").ok_or("has a comment without an end")?.1;
    }
    kept += rest;
    match kept {
        kept if kept.contains(['\'', '\\']) => Err("has an escape, or a string in single quotes"),
        kept if kept.contains("@import") => Err("imports; only main.css may"),
        kept if kept.contains("url(/") => Err("names a file of the site, whose address only the manifest knows"),
        kept => Ok(kept
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .fold(String::new(), |all, line| all + line + "\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundled(main: &str, files: &[(&str, &str)]) -> Result<String> {
        let main = [("main.css", main)];
        bundle(Path::new("style/main.css"), &|path| {
            let mut files = main.iter().chain(files);
            let found = files.find(|(name, _)| Path::new("style").join(name) == path);
            found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| Failure::new("not there"))
        })
    }

    #[test]
    fn imports_are_replaced_in_place_and_in_their_layer() {
        let main = "@layer a, b;\n@import \"./a.css\" layer(a);\n@import \"./sub/b.css\" layer(b);\n";
        let files = [
            ("a.css", "/* why */\na { \n  content: \"x  y;{}\"; /* and\n why */\n}\n\n"),
            ("sub/b.css", "b:has(> c) { width: calc(1px + 2px) }"),
        ];
        let css = "@layer a, b;\n@layer a {\na {\ncontent: \"x  y;{}\";\n}\n}\n@layer b {\nb:has(> c) { width: calc(1px + 2px) }\n}\n";
        assert_eq!(bundled(main, &files).unwrap(), css);
    }

    #[test]
    fn styles_that_would_be_spoiled_are_refused() {
        for line in ["@import \"a.css\" layer(a);", "@import \"./a.css\";", "@import url(./a.css) layer(a);"] {
            assert!(bundled(line, &[("a.css", "")]).unwrap_err().to_string().contains("not understood"), "{line}");
        }
        for (text, complaint) in [
            ("a { content: \"/* kept */\" }", "a comment in it"),
            ("a { content: '/* kept */' }", "single quotes"),
            ("a { content: \"\\\"\" }", "an escape"),
            ("a { } /* open", "without an end"),
            ("@import \"./b.css\" layer(b);", "only main.css"),
            ("a { background: url(/x.svg) }", "manifest"),
        ] {
            let failure = bundled("@import \"./a.css\" layer(a);", &[("a.css", text)]).unwrap_err().to_string();
            assert!(failure.contains(complaint) && failure.contains("style/a.css"), "{text}: {failure}");
        }
        assert!(bundled("@import \"./gone.css\" layer(a);", &[]).is_err());
    }

    #[test]
    fn the_style_of_the_site_can_be_bundled() {
        let read = |path: &Path| std::fs::read_to_string(path).map_err(Failure::at(path));
        let css = bundle(&crate::paths::root().join("style/main.css"), &read).unwrap();
        assert!(!css.contains("@import") && !css.contains("/*"));
        assert_eq!(css.matches('{').count(), css.matches('}').count());
    }
}
