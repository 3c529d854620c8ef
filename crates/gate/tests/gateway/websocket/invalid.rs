//! What RFC 6455 does not allow. The gateway passes it on, and the API complains of it.

use super::frames::{
    BINARY, CLOSE, CONTINUES, Case, FIN, Length, MASK, PING, PONG, RSV1, RSV2, RSV3, TEXT, case, goodbye, head, masked,
    open_case, plain,
};

/// The API says goodbye with this code.
fn refused(name: impl Into<String>, sent: Vec<u8>, why: &str, code: u16) -> Case {
    case(name, sent, &[why], plain(CLOSE, goodbye(code, "")))
}

fn not_valid(name: impl Into<String>, sent: Vec<u8>, why: &str) -> Case {
    refused(name, sent, &format!("not valid: {why}"), 1002)
}

/// Heads and lengths.
fn headers() -> Vec<Case> {
    let unmasked = "UnmaskedFrameFromClient";
    let reserved = "NonZeroReservedBits";
    let text = FIN | TEXT;
    let announced = |length| head(FIN | BINARY, Some(MASK), Length::SixtyFour, length);
    let mut cases = vec![
        not_valid("a text without a mask", plain(text, "hello"), unmasked),
        not_valid("an empty text without a mask", plain(text, ""), unmasked),
        not_valid("a ping without a mask", plain(PING, "hello"), unmasked),
        not_valid("a goodbye without a mask", plain(CLOSE, goodbye(1000, "")), unmasked),
        not_valid("the first reserved bit", masked(RSV1 | text, "hello"), reserved),
        not_valid("the second reserved bit", masked(RSV2 | text, "hello"), reserved),
        not_valid("the third reserved bit", masked(RSV3 | text, "hello"), reserved),
        not_valid("all reserved bits", masked(RSV1 | RSV2 | RSV3 | text, "hello"), reserved),
        not_valid("a reserved bit on a ping", masked(RSV2 | PING, ""), reserved),
        not_valid("a reserved bit on a goodbye", masked(RSV3 | CLOSE, goodbye(1000, "")), reserved),
        not_valid("a ping in fragments", masked(PING & !FIN, "hel"), "FragmentedControlFrame"),
        not_valid("a pong in fragments", masked(PONG & !FIN, "hel"), "FragmentedControlFrame"),
        not_valid("a goodbye in fragments", masked(CLOSE & !FIN, goodbye(1000, "")), "FragmentedControlFrame"),
        not_valid("a ping of 126 bytes", masked(PING, [b'p'; 126]), "ControlFrameTooBig"),
        not_valid("a pong of 64 KiB", masked(PONG, vec![b'p'; 64 << 10]), "ControlFrameTooBig"),
        refused("a length of 2^63", announced(1 << 63), "too long", 1009),
        refused("a length of 2^64 - 1", announced(u64::MAX), "too long", 1009),
        refused("a byte more than the API takes", announced((16 << 20) + 1), "too long", 1009),
        not_valid("a request", b"GET /v1/secret HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), "InvalidOpcode(7)"),
        not_valid("an answer", format!("HTTP/1.1 200 OK\r\n\r\n{}", "a body ".repeat(20)).into_bytes(), unmasked),
        not_valid("the beginning of TLS", b"\x16\x03\x01\x00\x05hello".to_vec(), "InvalidOpcode(6)"),
        not_valid("zeros", vec![0; 64], unmasked),
        not_valid("ones", vec![0xff; 64], "InvalidOpcode(15)"),
    ];
    cases.extend([3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(|kind| {
        not_valid(
            format!("kind {kind}, which is not given out"),
            masked(FIN | kind, "?"),
            &format!("InvalidOpcode({kind})"),
        )
    }));
    cases
}

/// Frames that are valid by themselves, and not where they are.
fn out_of_place() -> Vec<Case> {
    let behind = [masked(RSV1 | FIN | TEXT, "?"), masked(FIN | TEXT, "unheard"), vec![0xaa; 10_000]].concat();
    vec![
        not_valid("the last fragment of nothing", masked(FIN | CONTINUES, "lo"), "UnexpectedContinueFrame"),
        not_valid("a middle fragment of nothing", masked(CONTINUES, "l"), "UnexpectedContinueFrame"),
        not_valid(
            "a text in the middle of one",
            [masked(TEXT, "hel"), masked(FIN | TEXT, "lo")].concat(),
            "ExpectedFragment(Text)",
        ),
        not_valid(
            "bytes in the middle of a text",
            [masked(TEXT, "hel"), masked(BINARY, "lo")].concat(),
            "ExpectedFragment(Binary)",
        ),
        not_valid("much behind what is not valid", behind, "NonZeroReservedBits"),
        case(
            "what is not valid behind a message and a ping",
            [masked(FIN | TEXT, "hello"), masked(PING, "1"), plain(FIN | TEXT, "?")].concat(),
            &["text hello", "ping 1", "not valid: UnmaskedFrameFromClient"],
            [plain(FIN | TEXT, "hello"), plain(PONG, "1"), plain(CLOSE, goodbye(1002, ""))].concat(),
        ),
    ]
}

/// Texts that are none.
fn no_text() -> Vec<Case> {
    let text = |name: &str, payload: &[u8]| refused(name, masked(FIN | TEXT, payload), "not UTF-8", 1007);
    vec![
        text("a byte that continues nothing", b"\x80"),
        text("a character that is longer than it needs to be", b"\xc0\xaf"),
        text("half a pair", b"\xed\xa0\x80"),
        text("beyond the last character", b"\xf4\x90\x80\x80"),
        text("a byte that is in no character", b"hello \xff"),
        text("a character that is cut off", b"hello \xe2\x82"),
        refused(
            "a wrong character over two fragments",
            [masked(TEXT, b"\xe2\x82"), masked(FIN | CONTINUES, b"a")].concat(),
            "not UTF-8",
            1007,
        ),
        refused(
            "a character that the last fragment does not end",
            [masked(TEXT, b"\xe2"), masked(FIN | CONTINUES, b"\x82")].concat(),
            "not UTF-8",
            1007,
        ),
    ]
}

/// Frames that break off.
fn broken_off() -> Vec<Case> {
    let broken = |name: &str, sent: &[u8], length: usize| open_case(name, sent[..length].to_vec(), &[], Vec::new());
    let short = masked(FIN | TEXT, "hello");
    let longer = masked(FIN | BINARY, vec![1; 300]);
    let longest = masked(FIN | BINARY, vec![2; 70_000]);
    vec![
        broken("behind its first byte", &short, 1),
        broken("before its mask", &short, 2),
        broken("in its mask", &short, 4),
        broken("before its payload", &short, 6),
        broken("before its last byte", &short, short.len() - 1),
        broken("in a length of 16 bits", &longer, 3),
        broken("in a length of 64 bits", &longest, 7),
        broken("in the middle of much", &longest, 40_000),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [headers(), out_of_place(), no_text(), broken_off()].concat()
}
