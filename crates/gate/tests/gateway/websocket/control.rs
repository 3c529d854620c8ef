//! Pings and pongs.

use super::frames::{CLOSE, Case, FIN, PING, PONG, TEXT, case, goodbye, masked, open_case, plain};

pub(super) fn cases() -> Vec<Case> {
    let longest = vec![b'p'; 125];
    let ping = |name: &str, payload: &[u8], words: &str| {
        open_case(name, masked(PING, payload), &[words], plain(PONG, payload))
    };
    let text = FIN | TEXT;
    vec![
        ping("an empty ping", b"", "ping"),
        ping("a ping that says something", b"there?", "ping there?"),
        ping("a ping of bytes that are no text", b"\0\xff\xfe", r"ping \x00\xff\xfe"),
        ping("the longest ping", &longest, "ping of 125 bytes"),
        open_case("an empty pong that nobody asked for", masked(PONG, ""), &["pong"], Vec::new()),
        open_case("a pong that nobody asked for", masked(PONG, "here"), &["pong here"], Vec::new()),
        open_case("the longest pong", masked(PONG, &longest), &["pong of 125 bytes"], Vec::new()),
        open_case("ten pings at once", masked(PING, "n").repeat(10), &["ping n"; 10], plain(PONG, "n").repeat(10)),
        open_case(
            "a ping before a message",
            [masked(PING, "1"), masked(text, "hello")].concat(),
            &["ping 1", "text hello"],
            [plain(PONG, "1"), plain(text, "hello")].concat(),
        ),
        open_case(
            "a ping behind a message",
            [masked(text, "hello"), masked(PING, "1")].concat(),
            &["text hello", "ping 1"],
            [plain(text, "hello"), plain(PONG, "1")].concat(),
        ),
        case(
            "a ping before a goodbye",
            [masked(PING, "1"), masked(CLOSE, goodbye(1000, ""))].concat(),
            &["ping 1", "close 1000"],
            [plain(PONG, "1"), plain(CLOSE, goodbye(1000, ""))].concat(),
        ),
    ]
}
