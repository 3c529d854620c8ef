//! Goodbyes: every class of codes, reasons, and what follows.

use super::frames::{CLOSE, Case, FIN, PING, TEXT, case, goodbye, masked, plain};

/// Codes that a goodbye may have (RFC 6455, 7.4, and IANA's registry).
const GOOD: [u16; 15] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999];
/// Codes that it may not have, or that the library does not know: it answers them with 1002.
const BAD: [u16; 15] = [0, 1, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 32_768, 65_535];

pub(super) fn cases() -> Vec<Case> {
    let longest = "r".repeat(123);
    let reason = "tschüß, 再见";
    let alike =
        |name: &str, payload: &[u8], words: &str| case(name, masked(CLOSE, payload), &[words], plain(CLOSE, payload));
    let mut cases = vec![
        alike("no code", b"", "close"),
        alike("a reason", &goodbye(1000, "done"), "close 1000 done"),
        alike("an own code and a reason", &goodbye(4429, "too many"), "close 4429 too many"),
        alike(
            "a reason in several scripts",
            &goodbye(1000, reason),
            r"close 1000 tsch\xc3\xbc\xc3\x9f, \xe5\x86\x8d\xe8\xa7\x81",
        ),
        alike("the longest reason", &goodbye(1000, &longest), "close 1000 of 123 bytes"),
        case(
            "a reason that is too long",
            masked(CLOSE, goodbye(1000, longest.clone() + "r")),
            &["not valid: ControlFrameTooBig"],
            plain(CLOSE, goodbye(1002, "")),
        ),
        case(
            "half a code",
            masked(CLOSE, [3u8]),
            &["not valid: InvalidCloseSequence"],
            plain(CLOSE, goodbye(1002, "")),
        ),
        case(
            "a reason that is no text",
            masked(CLOSE, goodbye(1000, b"\xff\xfe")),
            &["not UTF-8"],
            plain(CLOSE, goodbye(1007, "")),
        ),
        case(
            "a message behind it",
            [masked(CLOSE, goodbye(1000, "")), masked(FIN | TEXT, "unheard")].concat(),
            &["close 1000"],
            plain(CLOSE, goodbye(1000, "")),
        ),
        case(
            "a ping behind it",
            [masked(CLOSE, goodbye(1001, "")), masked(PING, "unheard")].concat(),
            &["close 1001"],
            plain(CLOSE, goodbye(1001, "")),
        ),
        case(
            "another one behind it",
            [masked(CLOSE, goodbye(1000, "")), masked(CLOSE, goodbye(4000, "again"))].concat(),
            &["close 1000"],
            plain(CLOSE, goodbye(1000, "")),
        ),
        case(
            "a message before it",
            [masked(FIN | TEXT, "hello"), masked(CLOSE, goodbye(1000, "done"))].concat(),
            &["text hello", "close 1000 done"],
            [plain(FIN | TEXT, "hello"), plain(CLOSE, goodbye(1000, "done"))].concat(),
        ),
        case("64 KiB behind it", [masked(CLOSE, ""), vec![0x5a; 64 << 10]].concat(), &["close"], plain(CLOSE, "")),
    ];
    cases.extend(GOOD.map(|code| alike(&format!("code {code}"), &goodbye(code, ""), &format!("close {code}"))));
    cases.extend(BAD.map(|code| {
        let back = plain(CLOSE, goodbye(1002, "Protocol violation"));
        let sent = masked(CLOSE, goodbye(code, "whatever"));
        case(format!("code {code}"), sent, &["close 1002 Protocol violation"], back)
    }));
    cases
}
