//! Bodies that are JSON in another encoding than UTF-8: what they are, for whoever sent them.

/// What a body is that can't be read as UTF-8, and what to do about it. `None`: it is UTF-8, without a byte order mark.
pub(crate) fn other_encoding(body: &[u8]) -> Option<String> {
    const SEND: &str = "send it as UTF-8 without a byte order mark";
    let is = |what: &str| Some(format!("The body is {what}; {SEND}."));
    // Every JSON text begins with an ASCII character, and no text of JSON holds a NUL.
    match body {
        [0xEF, 0xBB, 0xBF, ..] => is("UTF-8 with a byte order mark in front"),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] | [1..=0xFF, 0, 0, 0, ..] | [0, 0, 0, 1..=0xFF, ..] => {
            is("UTF-32")
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [1..=0xFF, 0, ..] | [0, 1..=0xFF, ..] => is("UTF-16"),
        _ => {
            let at = std::str::from_utf8(body).err()?.valid_up_to() + 1;
            Some(format!("The body is not UTF-8, perhaps Latin-1: byte {at} can't be read; {SEND}."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_called_what_it_is() {
        let utf_16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        for (body, expected) in [
            (b"\xef\xbb\xbf{}".to_vec(), Some("byte order mark in front")),
            (b"{\"a\":\"M\xfcller\"}".to_vec(), Some("byte 8 can't be read")),
            (utf_16("{}", u16::to_le_bytes), Some("UTF-16;")),
            (utf_16("\u{feff}{}", u16::to_le_bytes), Some("UTF-16;")),
            (utf_16("{}", u16::to_be_bytes), Some("UTF-16;")),
            (utf_16("\u{feff}{}", u16::to_be_bytes), Some("UTF-16;")),
            (b"{\0\0\0}\0\0\0".to_vec(), Some("UTF-32;")),
            ("{\"a\":\"Müller\"}".as_bytes().to_vec(), None),
            (b"{".to_vec(), None),
            (Vec::new(), None),
        ] {
            let said = other_encoding(&body);
            assert!(
                match expected {
                    Some(expected) => said.as_ref().is_some_and(|said| said.contains(expected)),
                    None => said.is_none(),
                },
                "{body:?} {said:?}"
            );
        }
    }
}
