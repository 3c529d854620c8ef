//! Finds sections of pages and operations that have all words of a question.

use super::{library::Library, reference::Reference};

/// Most that is shown.
const SHOWN: usize = 40;
/// Characters of an excerpt around the first word.
const EXCERPT: usize = 160;
/// Most words that are looked for.
const WORDS: usize = 8;

/// A place that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) address: String,
    /// The page or the group of operations.
    pub(super) page: String,
    pub(super) title: String,
    pub(super) excerpt: String,
    score: usize,
}

/// What is found, the best first.
pub(super) fn search(library: &Library, reference: &Reference, question: &str) -> Vec<Hit> {
    let words: Vec<String> = question.split_whitespace().take(WORDS).map(str::to_lowercase).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let mut hits = Vec::new();
    for page in library.pages() {
        for section in &page.sections {
            let place = if section.id.is_empty() { String::new() } else { format!("#{}", section.id) };
            let titles =
                if section.level == 1 { page.title.clone() } else { format!("{} {}", section.title, page.title) };
            if let Some((score, excerpt)) = found(&words, &titles, &section.text) {
                let (page, address) = (page.title.clone(), format!("{}{place}", page.address()));
                hits.push(Hit { address, page, title: section.title.clone(), excerpt, score });
            }
        }
    }
    for operation in reference.operations() {
        let title = format!("{} {} {}", operation.summary, operation.method, operation.path);
        if let Some((score, _)) = found(&words, &title, &operation.description) {
            let excerpt = format!("{} {}", operation.method, operation.path);
            let page = format!("{} reference", operation.api.title());
            hits.push(Hit { address: operation.address(), page, title: operation.summary.clone(), excerpt, score });
        }
    }
    hits.sort_by_key(|hit| std::cmp::Reverse(hit.score));
    hits.truncate(SHOWN);
    hits
}

/// How well a text has all words, and the part of it with the first of them.
fn found(words: &[String], title: &str, text: &str) -> Option<(usize, String)> {
    let (low_title, low_text) = (title.to_lowercase(), text.to_lowercase());
    let mut score = 0;
    for word in words {
        let (in_title, in_text) = (low_title.contains(word), low_text.matches(word.as_str()).take(10).count());
        if !in_title && in_text == 0 {
            return None;
        }
        score += 20 * usize::from(in_title) + in_text;
    }
    let first = words.iter().filter_map(|word| low_text.find(word.as_str())).min().unwrap_or_default();
    // Lower case may be longer than what was written, so places are counted in characters.
    let at = low_text.get(..first).map_or(0, |before| before.chars().count());
    let from = at.saturating_sub(EXCERPT / 4);
    let part: String = text.chars().skip(from).take(EXCERPT).collect();
    let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
    let (before, after) =
        (if from > 0 { "… " } else { "" }, if from + EXCERPT < text.chars().count() { " …" } else { "" });
    Some((score, format!("{before}{part}{after}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_are_needed_and_titles_count_more() {
        let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
        let (title, text) = ("Streams", "A stream resumes after the last id that you had.");
        assert!(found(&words("stream webhook"), title, text).is_none());
        let in_title = found(&words("STREAMS"), title, text).unwrap().0;
        let in_text = found(&words("resumes"), title, text).unwrap().0;
        assert!(in_title > in_text);
        let (_, excerpt) = found(&words("id"), title, &"word ".repeat(100).replacen("word", "id", 1)).unwrap();
        assert!(excerpt.starts_with("id word") && excerpt.ends_with('…'), "{excerpt}");
    }
}
