use http::HeaderMap;

/// What a caller says of the trace that a request belongs to: the header `traceparent` of W3C's Trace Context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceParent {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) sampled: bool,
}

impl TraceParent {
    /// `None`: there is none, there are two, or it can't be read. Then the trace begins here.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let text = all.next()?.to_str().ok()?;
        if all.next().is_some() { None } else { Self::parse(text) }
    }

    /// Later versions begin as this one does, and may have more behind it.
    fn parse(text: &str) -> Option<Self> {
        let (head, more) = text.split_at_checked(55)?;
        let mut parts = head.split('-');
        let [version] = bytes(parts.next()?)?;
        let (trace_id, span_id, [flags]) = (bytes(parts.next()?)?, bytes(parts.next()?)?, bytes(parts.next()?)?);
        let is_whole = match version {
            0 => more.is_empty(),
            0xff => false,
            _ => more.is_empty() || more.starts_with('-'),
        };
        let is_valid = is_whole && parts.next().is_none() && trace_id != [0; 16] && span_id != [0; 8];
        is_valid.then_some(Self { trace_id, span_id, sampled: flags & 1 == 1 })
    }
}

/// As many bytes in lower-case hexadecimal.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |at: usize| match text.as_bytes().get(at)? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = digit(2 * index)? << 4 | digit(2 * index + 1)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn a_parent_is_read_as_w3c_writes_it_and_nothing_else_is() {
        let good = |text: &str| TraceParent::parse(text).map(|parent| parent.sampled);
        for (text, expected) in [
            (format!("00-{TRACE}-{SPAN}-01"), Some(true)),
            (format!("00-{TRACE}-{SPAN}-03"), Some(true)),
            (format!("00-{TRACE}-{SPAN}-00"), Some(false)),
            (format!("cc-{TRACE}-{SPAN}-01-what-comes-later"), Some(true)),
            (format!("cc-{TRACE}-{SPAN}-01.x"), None),
            (format!("00-{TRACE}-{SPAN}-01-x"), None),
            (format!("ff-{TRACE}-{SPAN}-01"), None),
            (format!("00-{}-{SPAN}-01", "0".repeat(32)), None),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), None),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), None),
            (format!("00-{TRACE}-{SPAN}-1"), None),
            (format!("00-{SPAN}-{TRACE}-01"), None),
            (format!("00-{TRACE}-{SPAN}-é"), None),
            (String::new(), None),
        ] {
            assert_eq!(good(&text), expected, "{text}");
        }
        let parent = TraceParent::parse(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        assert_eq!((parent.trace_id[15], parent.span_id[7]), (0x9c, 0x31));
    }

    #[test]
    fn two_parents_are_none() {
        let text: http::HeaderValue = format!("00-{TRACE}-{SPAN}-01").parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.append("traceparent", text.clone());
        assert!(TraceParent::read(&headers).is_some());
        headers.append("traceparent", text);
        assert!(TraceParent::read(&headers).is_none());
    }
}
