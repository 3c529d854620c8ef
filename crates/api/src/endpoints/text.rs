use http::{HeaderMap, header};

const CSV: &[u8] = b"text/csv";
/// One JSON object a line.
const NDJSON: &[u8] = b"application/x-ndjson";

/// The table that `Accept` names, or the lines, whichever it names first, and its media type; `None`: neither, so it is JSON. Its order
/// of preference is not weighed: whoever names a text wants it.
pub(super) fn wanted<F>(headers: &HeaderMap, csv: F, ndjson: F) -> Option<(F, &'static str)> {
    let ranges = headers.get_all(header::ACCEPT).iter().flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    let mut named = ranges.filter_map(|range| range.split(|byte| *byte == b';').next()).map(<[u8]>::trim_ascii);
    let is_text = |named: &&[u8]| named.eq_ignore_ascii_case(CSV) || named.eq_ignore_ascii_case(NDJSON);
    Some(match named.find(is_text)? {
        named if named.eq_ignore_ascii_case(CSV) => (csv, "text/csv; charset=utf-8; header=present"),
        _ => (ndjson, "application/x-ndjson"),
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_accept_header_names_the_text() {
        let wants = |accept: &'static str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            wanted(&headers, "table", "lines").map(|(text, _)| text)
        };
        assert_eq!(wants("text/plain, Text/CSV;q=0.9"), Some("table"));
        assert_eq!(wants("application/x-ndjson, text/csv"), Some("lines"));
        assert_eq!(wants("text/plain, Application/X-NDJSON;q=0.9"), Some("lines"));
        for json in ["*/*", "application/json", "text/csv2", "application/x-ndjson2"] {
            assert_eq!(wants(json), None, "{json}");
        }
    }
}
