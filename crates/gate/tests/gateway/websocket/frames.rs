//! Frames, written byte by byte (RFC 6455, 5.2), and what is expected of them.

/// The bits of a frame's first byte above its kind.
pub(super) const FIN: u8 = 0x80;
pub(super) const RSV1: u8 = 0x40;
pub(super) const RSV2: u8 = 0x20;
pub(super) const RSV3: u8 = 0x10;

/// Kinds of frames. A kind without [`FIN`] is a fragment that others follow.
pub(super) const CONTINUES: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = FIN | 8;
pub(super) const PING: u8 = FIN | 9;
pub(super) const PONG: u8 = FIN | 10;

/// The mask of RFC 6455, 5.7.
pub(super) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What an API has understood when its connection ended in the middle.
pub(super) const ENDS: &str = "not valid: ResetWithoutClosingHandshake";

/// In how many bits a length is written.
#[derive(Clone, Copy)]
pub(super) enum Length {
    Seven,
    Sixteen,
    SixtyFour,
}

impl Length {
    /// The shortest form, as the RFC demands it.
    fn of(length: usize) -> Self {
        match length {
            0..=125 => Self::Seven,
            126..=65_535 => Self::Sixteen,
            _ => Self::SixtyFour,
        }
    }
}

/// The head of a frame.
pub(super) fn head(first: u8, mask: Option<[u8; 4]>, form: Length, length: u64) -> Vec<u8> {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let mut head = vec![first];
    match form {
        Length::Seven => head.push(masked | u8::try_from(length).unwrap()),
        Length::Sixteen => {
            head.push(masked | 126);
            head.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        Length::SixtyFour => {
            head.push(masked | 127);
            head.extend(length.to_be_bytes());
        }
    }
    head.extend(mask.iter().flatten());
    head
}

/// A frame whose length is written in this form, fitting or not.
pub(super) fn frame(first: u8, mask: Option<[u8; 4]>, form: Length, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(first, mask, form, payload.len() as u64);
    let mask = mask.unwrap_or_default();
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A frame as a client sends it: masked.
pub(super) fn masked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    frame(first, Some(MASK), Length::of(payload.len()), payload)
}

/// A frame as a server sends it.
pub(super) fn plain(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    frame(first, None, Length::of(payload.len()), payload)
}

/// What a goodbye holds.
pub(super) fn goodbye(code: u16, reason: impl AsRef<[u8]>) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason.as_ref()].concat()
}

/// One case.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// What the client sends, before it ends its direction.
    pub(super) sent: Vec<u8>,
    /// What the library at the API makes of it.
    pub(super) understood: Vec<String>,
    /// What the client gets.
    pub(super) back: Vec<u8>,
}

/// A case in which the API sees a goodbye or something that ends it.
pub(super) fn case(name: impl Into<String>, sent: Vec<u8>, understood: &[&str], back: Vec<u8>) -> Case {
    let understood = understood.iter().map(|words| (*words).to_owned()).collect();
    Case { name: name.into(), sent, understood, back }
}

/// A case after which the connection could go on: it ends without a goodbye.
pub(super) fn open_case(name: impl Into<String>, sent: Vec<u8>, understood: &[&str], back: Vec<u8>) -> Case {
    case(name, sent, &[understood, &[ENDS]].concat(), back)
}

/// Bytes in a complaint: all of them, or their beginning and how many they are.
pub(super) fn shown(bytes: &[u8]) -> String {
    match bytes.get(..64) {
        None => format!("\"{}\"", bytes.escape_ascii()),
        Some(begin) => format!("\"{}...\" ({} bytes)", begin.escape_ascii(), bytes.len()),
    }
}
