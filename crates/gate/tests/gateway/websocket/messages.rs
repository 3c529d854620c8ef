//! Messages of one frame each.

use super::frames::{BINARY, Case, FIN, Length, MASK, TEXT, frame, masked, open_case, plain};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

pub(super) fn cases() -> Vec<Case> {
    let text = FIN | TEXT;
    let binary = FIN | BINARY;
    let every_byte: Vec<u8> = (0..=255).collect();
    let long = |length: usize| "a long way ".bytes().cycle().take(length).collect::<Vec<_>>();
    let of_bytes = |length: usize| every_byte.iter().copied().cycle().take(length).collect::<Vec<_>>();
    let same = |name: &str, first, payload: &[u8], words: &str| {
        open_case(name, masked(first, payload), &[words], plain(first, payload))
    };
    let by_mask = |name: &str, mask: u8, payload: &str, words: &str| {
        let sent = frame(text, Some([mask; 4]), Length::Seven, payload.as_bytes());
        open_case(name, sent, &[words], plain(text, payload))
    };
    let written = |name: &str, form, payload: &str| {
        let sent = frame(text, Some(MASK), form, payload.as_bytes());
        open_case(name, sent, &[&format!("text {payload}")], plain(text, payload))
    };
    let numbered = |number: usize| format!("number {number}");
    let hundred: Vec<String> = (0..100).map(|number| format!("text {}", numbered(number))).collect();
    let hundred: Vec<&str> = hundred.iter().map(String::as_str).collect();
    vec![
        open_case("nothing at all", Vec::new(), &[], Vec::new()),
        same("an empty text", text, b"", "text"),
        same("a short text", text, b"hello", "text hello"),
        same("a text in several scripts", text, "é€𝄞".as_bytes(), r"text \xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e"),
        same("a text with zero bytes", text, b"a\0b\0", r"text a\x00b\x00"),
        same("an empty binary message", binary, b"", "binary"),
        same("every byte there is", binary, &every_byte, "binary of 256 bytes"),
        same("the longest in 7 bits", text, &long(125), "text of 125 bytes"),
        same("the shortest in 16 bits", text, &long(126), "text of 126 bytes"),
        same("the longest in 16 bits", binary, &of_bytes(65_535), "binary of 65535 bytes"),
        same("a text of 64 KiB, the shortest in 64 bits", text, &long(64 * KIB), "text of 65536 bytes"),
        same("64 KiB", binary, &of_bytes(64 * KIB), "binary of 65536 bytes"),
        same("a text of 1 MiB", text, &long(MIB), "text of 1048576 bytes"),
        same("1 MiB", binary, &of_bytes(MIB), "binary of 1048576 bytes"),
        same("one byte more than 4 MiB", binary, &of_bytes(4 * MIB + 1), "binary of 4194305 bytes"),
        by_mask("a mask of zeros", 0, "hello", "text hello"),
        by_mask("a mask of ones", 0xff, "hello", "text hello"),
        by_mask(
            "what looks like a request",
            0,
            "GET /v1/secret HTTP/1.1\r\n\r\n",
            r"text GET /v1/secret HTTP/1.1\r\n\r\n",
        ),
        by_mask(
            "what looks like an answer",
            0,
            "HTTP/1.1 400 Bad Request\r\n\r\n",
            r"text HTTP/1.1 400 Bad Request\r\n\r\n",
        ),
        by_mask("what looks like the end of a body", 0, "\r\n0\r\n\r\n", r"text \r\n0\r\n\r\n"),
        written("a length in 16 bits that needs 7", Length::Sixteen, "hello"),
        written("a length in 64 bits that needs 7", Length::SixtyFour, "hello"),
        open_case(
            "a text and bytes in turn",
            [masked(text, "a"), masked(binary, [0u8]), masked(text, "b"), masked(binary, [1u8])].concat(),
            &["text a", r"binary \x00", "text b", r"binary \x01"],
            [plain(text, "a"), plain(binary, [0u8]), plain(text, "b"), plain(binary, [1u8])].concat(),
        ),
        open_case(
            "a hundred at once",
            (0..100).flat_map(|number| masked(text, numbered(number))).collect(),
            &hundred,
            (0..100).flat_map(|number| plain(text, numbered(number))).collect(),
        ),
    ]
}
