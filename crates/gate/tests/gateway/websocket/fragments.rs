//! Messages in several frames, and other frames between them.

use super::frames::{BINARY, CLOSE, CONTINUES, Case, FIN, PING, PONG, TEXT, case, goodbye, masked, open_case, plain};

/// A message in fragments of these payloads.
fn fragments(kind: u8, payloads: &[&[u8]]) -> Vec<Vec<u8>> {
    let last = payloads.len() - 1;
    let first = |at| (if at == 0 { kind } else { CONTINUES }) | (if at == last { FIN } else { 0 });
    payloads.iter().enumerate().map(|(at, payload)| masked(first(at), payload)).collect()
}

/// The same with another frame between each two.
fn between(fragments: &[Vec<u8>], frame: &[u8]) -> Vec<u8> {
    fragments.join(frame)
}

pub(super) fn cases() -> Vec<Case> {
    let texts = |payloads: &[&str]| -> Vec<Vec<u8>> {
        fragments(TEXT, &payloads.iter().map(|payload| payload.as_bytes()).collect::<Vec<_>>())
    };
    let text = |payload: &str| plain(FIN | TEXT, payload);
    let whole: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let sixteen: Vec<&[u8]> = whole.chunks(64 << 10).collect();
    let single: Vec<&[u8]> = whole[..100].chunks(1).collect();
    let pinged: Vec<&str> = [&["ping n"; 15][..], &["binary of 1048576 bytes"]].concat();
    vec![
        open_case("two", texts(&["hel", "lo"]).concat(), &["text hello"], text("hello")),
        open_case("five", texts(&["h", "e", "l", "l", "o"]).concat(), &["text hello"], text("hello")),
        open_case("an empty one at the beginning", texts(&["", "hello"]).concat(), &["text hello"], text("hello")),
        open_case("an empty one at the end", texts(&["hello", ""]).concat(), &["text hello"], text("hello")),
        open_case("an empty one in the middle", texts(&["he", "", "llo"]).concat(), &["text hello"], text("hello")),
        open_case("only empty ones", texts(&["", "", ""]).concat(), &["text"], text("")),
        open_case(
            "a character over two",
            fragments(TEXT, &[b"\xe2\x82", b"\xac"]).concat(),
            &[r"text \xe2\x82\xac"],
            text("€"),
        ),
        open_case(
            "a character over four",
            fragments(TEXT, &[b"\xf0", b"\x9d", b"\x84", b"\x9e"]).concat(),
            &[r"text \xf0\x9d\x84\x9e"],
            text("𝄞"),
        ),
        open_case(
            "a hundred of one byte",
            fragments(BINARY, &single).concat(),
            &["binary of 100 bytes"],
            plain(FIN | BINARY, &whole[..100]),
        ),
        open_case(
            "16 of 64 KiB",
            fragments(BINARY, &sixteen).concat(),
            &["binary of 1048576 bytes"],
            plain(FIN | BINARY, &whole),
        ),
        open_case(
            "16 of 64 KiB, and a ping between each two",
            between(&fragments(BINARY, &sixteen), &masked(PING, "n")),
            &pinged,
            [plain(PONG, "n").repeat(15), plain(FIN | BINARY, &whole)].concat(),
        ),
        open_case(
            "a ping between",
            between(&texts(&["hel", "lo"]), &masked(PING, "there?")),
            &["ping there?", "text hello"],
            [plain(PONG, "there?"), text("hello")].concat(),
        ),
        open_case(
            "a pong between",
            between(&texts(&["hel", "lo"]), &masked(PONG, "here")),
            &["pong here", "text hello"],
            text("hello"),
        ),
        open_case(
            "an empty ping and a pong between each two",
            between(&texts(&["h", "el", "lo"]), &[masked(PING, ""), masked(PONG, "")].concat()),
            &["ping", "pong", "ping", "pong", "text hello"],
            [plain(PONG, "").repeat(2), text("hello")].concat(),
        ),
        open_case(
            "two messages",
            [texts(&["hel", "lo"]), texts(&["wor", "ld"])].concat().concat(),
            &["text hello", "text world"],
            [text("hello"), text("world")].concat(),
        ),
        open_case(
            "a whole message before and after",
            [masked(FIN | TEXT, "a"), texts(&["b", "c"]).concat(), masked(FIN | TEXT, "d")].concat(),
            &["text a", "text bc", "text d"],
            [text("a"), text("bc"), text("d")].concat(),
        ),
        case(
            "a goodbye in the middle",
            [masked(TEXT, "hel"), masked(CLOSE, goodbye(1001, "away"))].concat(),
            &["close 1001 away"],
            plain(CLOSE, goodbye(1001, "away")),
        ),
        open_case("never the last", [masked(TEXT, "hel"), masked(CONTINUES, "lo")].concat(), &[], Vec::new()),
    ]
}
