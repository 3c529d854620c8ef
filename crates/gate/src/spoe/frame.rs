use super::spop::{Reader, Value, Writer};

/// Largest frame, in bytes without its length: HAProxy's own limit, which follows from the size of its buffers.
pub(super) const FRAME_MAX: usize = 16_380;
/// Smallest one that can be agreed on. HAProxy's own limit, too, and enough for everything but an answer with a body.
const FRAME_MIN: usize = 256;

const FIN: u32 = 1;
/// `txn`: the variable lives as long as request and answer.
const TRANSACTION: u8 = 2;
const SET_VAR: u8 = 1;

/// The kinds of frames.
const HAPROXY_HELLO: u8 = 1;
const HAPROXY_DISCONNECT: u8 = 2;
const NOTIFY: u8 = 3;
const AGENT_HELLO: u8 = 101;
const AGENT_DISCONNECT: u8 = 102;
const ACK: u8 = 103;

/// A frame from HAProxy.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Hello {
        frame_max: usize,
        /// It is only a health check.
        is_check: bool,
    },
    Notify {
        id: (u64, u64),
        arguments: Vec<(&'a [u8], Value<'a>)>,
    },
    Disconnect,
}

impl<'a> Frame<'a> {
    /// Reads a frame without its length.
    pub(super) fn read(frame: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(frame);
        let kind = reader.byte()?;
        let flags = u32::from_be_bytes(reader.bytes(4)?.try_into().ok()?);
        let id = (reader.number()?, reader.number()?);
        // Fragmented frames were not agreed on.
        if flags & FIN == 0 {
            return None;
        }
        match kind {
            HAPROXY_HELLO => {
                let (mut frame_max, mut is_check, mut speaks) = (FRAME_MAX, false, false);
                while !reader.0.is_empty() {
                    match reader.pair()? {
                        (b"supported-versions", Value::Bytes(versions)) => {
                            let mut versions = versions.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                            speaks = versions.any(|version| version.starts_with(b"2."));
                        }
                        (b"max-frame-size", Value::Number(size)) => frame_max = usize::try_from(size).ok()?,
                        (b"healthcheck", Value::Bool(check)) => is_check = check,
                        _ => {}
                    }
                }
                (speaks && frame_max >= FRAME_MIN)
                    .then_some(Self::Hello { frame_max: frame_max.min(FRAME_MAX), is_check })
            }
            NOTIFY => {
                let mut arguments = Vec::with_capacity(8);
                while !reader.0.is_empty() {
                    reader.string()?;
                    for _ in 0..reader.byte()? {
                        arguments.push(reader.pair()?);
                    }
                }
                Some(Self::Notify { id, arguments })
            }
            HAPROXY_DISCONNECT => Some(Self::Disconnect),
            _ => None,
        }
    }
}

/// A frame, with its length before it.
fn frame(kind: u8, id: (u64, u64), payload: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer(vec![0; 4]);
    writer.0.push(kind);
    writer.0.extend_from_slice(&FIN.to_be_bytes());
    writer.number(id.0);
    writer.number(id.1);
    payload(&mut writer);
    let length = u32::try_from(writer.0.len() - 4).unwrap_or(u32::MAX);
    writer.0[..4].copy_from_slice(&length.to_be_bytes());
    writer.0
}

pub(super) fn hello(frame_max: usize) -> Vec<u8> {
    frame(AGENT_HELLO, (0, 0), |writer| {
        writer.pair("version", Value::Bytes(b"2.0"));
        writer.pair("max-frame-size", Value::Number(frame_max as u64));
        writer.pair("capabilities", Value::Bytes(b"pipelining"));
    })
}

/// `status` is one of the protocol's: 0 means no error, 4 an invalid frame.
pub(super) fn disconnect(status: u64, message: &str) -> Vec<u8> {
    frame(AGENT_DISCONNECT, (0, 0), |writer| {
        writer.pair("status-code", Value::Number(status));
        writer.pair("message", Value::Bytes(message.as_bytes()));
    })
}

/// Sets variables of the transaction. `None` when they don't fit into `frame_max` bytes.
pub(super) fn acknowledge(id: (u64, u64), variables: &[(&str, Value<'_>)], frame_max: usize) -> Option<Vec<u8>> {
    let frame = frame(ACK, id, |writer| {
        for (name, value) in variables {
            writer.0.extend_from_slice(&[SET_VAR, 3, TRANSACTION]);
            writer.pair(name, *value);
        }
    });
    (frame.len() - 4 <= frame_max).then_some(frame)
}

/// An answer without a status: HAProxy, as documented, refuses the call.
pub(super) fn nothing(id: (u64, u64)) -> Vec<u8> {
    frame(ACK, id, |_| {})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_haproxy_are_read() {
        let hello = frame(HAPROXY_HELLO, (0, 0), |writer| {
            writer.pair("supported-versions", Value::Bytes(b"1.0, 2.0"));
            writer.pair("max-frame-size", Value::Number(16_380));
            writer.pair("capabilities", Value::Bytes(b"pipelining,async"));
            writer.pair("healthcheck", Value::Bool(true));
        });
        assert_eq!(Frame::read(&hello[4..]), Some(Frame::Hello { frame_max: FRAME_MAX, is_check: true }));
        for (size, agreed) in [(1 << 20, Some(FRAME_MAX)), (256, Some(256)), (255, None)] {
            let hello = frame(HAPROXY_HELLO, (0, 0), |writer| {
                writer.pair("supported-versions", Value::Bytes(b"2.0"));
                writer.pair("max-frame-size", Value::Number(size));
            });
            let expected = agreed.map(|frame_max| Frame::Hello { frame_max, is_check: false });
            assert_eq!(Frame::read(&hello[4..]), expected, "{size}");
        }
        let old = frame(HAPROXY_HELLO, (0, 0), |writer| writer.pair("supported-versions", Value::Bytes(b"1.0")));
        assert_eq!(Frame::read(&old[4..]), None);
        let notify = frame(NOTIFY, (300, 2), |writer| {
            writer.string(b"request");
            writer.0.push(1);
            writer.pair("method", Value::Bytes(b"GET"));
        });
        let arguments = vec![(&b"method"[..], Value::Bytes(b"GET"))];
        assert_eq!(Frame::read(&notify[4..]), Some(Frame::Notify { id: (300, 2), arguments }));
        for length in 0..notify.len() - 4 {
            let cut = Frame::read(&notify[4..4 + length]);
            assert!(!matches!(cut, Some(Frame::Notify { ref arguments, .. }) if !arguments.is_empty()), "{cut:?}");
        }
        let mut piece = notify;
        piece[8] = 0;
        assert_eq!(Frame::read(&piece[4..]), None, "a piece of a frame");
    }
}
