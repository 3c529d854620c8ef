//! The tokens of a Rust file, as far as paths need them.

/// Names, `::`, and every other sign by itself; no comments, no texts.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = if let Some(length) = silent(rest) {
            length
        } else if name > 0 {
            tokens.push(rest[..name].to_owned());
            name
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// How long a comment, text, character or lifetime is that begins here.
fn silent(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(comment(rest));
    }
    let prefix = rest.len() - rest.trim_start_matches(['b', 'c', 'r']).len();
    let body = &rest[prefix..];
    let raw = rest[..prefix].ends_with('r');
    let hashes = body.len() - body.trim_start_matches('#').len();
    if prefix <= 2 && raw && body[hashes..].starts_with('"') {
        let close = format!("\"{}", "#".repeat(hashes));
        let begin = prefix + hashes + 1;
        return Some(rest[begin..].find(&close).map_or(rest.len(), |end| begin + end + close.len()));
    }
    if prefix <= 1 && body.starts_with('"') {
        return Some(prefix + quoted(body, '"'));
    }
    if prefix <= 1 && body.starts_with('\'') {
        let mut letters = body.chars().skip(1);
        let (first, second) = (letters.next(), letters.next());
        return Some(prefix + if first == Some('\\') || second == Some('\'') { quoted(body, '\'') } else { 1 });
    }
    None
}

/// The length of a text between two such signs, with the signs.
fn quoted(text: &str, sign: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == sign => return at + letter.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The length of a comment, which may hold others.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn only_code_is_left() {
        let text = "a::b /* c /* d */ */ // e\n\"f \\\" g\" r#\"h \" i\"# b'j' '\\'' 'k l('m') -> n_1";
        assert_eq!(tokens(text), ["a", "::", "b", "k", "l", "(", ")", "-", ">", "n_1"]);
    }
}
