//! The bytes of SPOP 2.0, HAProxy's Stream Processing Offload Protocol (doc/SPOE.txt).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A value as HAProxy types it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Number(u64),
    Address(IpAddr),
    Bytes(&'a [u8]),
}

/// Reads from the front of a frame. `None` where the bytes are malformed.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    /// Four bits in the first byte, when it is 240 or more, and seven in each that follows.
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = u64::from(self.byte()?);
        if number < 240 {
            return Some(number);
        }
        let mut shift = 4;
        loop {
            let byte = u64::from(self.byte()?);
            number = number.checked_add(byte.checked_shl(shift).filter(|shifted| shifted >> shift == byte)?)?;
            if byte < 128 {
                return Some(number);
            }
            shift += 7;
        }
    }

    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.bytes(usize::try_from(length).ok()?)
    }

    pub(super) fn value(&mut self) -> Option<Value<'a>> {
        let kind = self.byte()?;
        Some(match kind & 0x0f {
            0 => Value::Null,
            1 => Value::Bool(kind & 0x10 != 0),
            2..=5 => Value::Number(self.number()?),
            6 => Value::Address(Ipv4Addr::from(self.array::<4>()?).into()),
            7 => Value::Address(Ipv6Addr::from(self.array::<16>()?).into()),
            8 | 9 => Value::Bytes(self.string()?),
            _ => return None,
        })
    }

    /// A name and its value.
    pub(super) fn pair(&mut self) -> Option<(&'a [u8], Value<'a>)> {
        Some((self.string()?, self.value()?))
    }
}

/// Writes to the end of a frame.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn number(&mut self, mut number: u64) {
        let low = |number: u64| number.to_le_bytes()[0];
        if number < 240 {
            return self.0.push(low(number));
        }
        self.0.push(low(number) | 240);
        number = (number - 240) >> 4;
        while number >= 128 {
            self.0.push(low(number) | 128);
            number = (number - 128) >> 7;
        }
        self.0.push(low(number));
    }

    pub(super) fn string(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.0.push(0),
            Value::Bool(truth) => self.0.push(1 | u8::from(truth) << 4),
            Value::Number(number) => {
                // 32 bits without a sign: for sizes and statuses.
                self.0.push(3);
                self.number(number);
            }
            Value::Address(IpAddr::V4(address)) => {
                self.0.push(6);
                self.0.extend_from_slice(&address.octets());
            }
            Value::Address(IpAddr::V6(address)) => {
                self.0.push(7);
                self.0.extend_from_slice(&address.octets());
            }
            Value::Bytes(bytes) => {
                self.0.push(8);
                self.string(bytes);
            }
        }
    }

    pub(super) fn pair(&mut self, name: &str, value: Value<'_>) {
        self.string(name.as_bytes());
        self.value(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_haproxy_writes_them() {
        for (number, bytes) in [
            (0, &[0][..]),
            (239, &[0xef]),
            (240, &[0xf0, 0x00]),
            (2287, &[0xff, 0x7f]),
            (2288, &[0xf0, 0x80, 0x00]),
            (264_431, &[0xff, 0xff, 0x7f]),
            (264_432, &[0xf0, 0x80, 0x80, 0x00]),
        ] {
            let mut writer = Writer::default();
            writer.number(number);
            assert_eq!(writer.0, bytes, "{number}");
            assert_eq!(Reader(bytes).number(), Some(number));
        }
        for number in [u64::MAX, u64::from(u32::MAX), 1 << 40] {
            let mut writer = Writer::default();
            writer.number(number);
            assert_eq!(Reader(&writer.0).number(), Some(number));
        }
    }

    #[test]
    fn values_read_back_and_nonsense_does_not() {
        for value in [
            Value::Null,
            Value::Bool(true),
            Value::Bool(false),
            Value::Number(16_380),
            Value::Address([203, 0, 113, 9].into()),
            Value::Address(Ipv6Addr::LOCALHOST.into()),
            Value::Bytes(b""),
            Value::Bytes(&[7; 300]),
        ] {
            let mut writer = Writer::default();
            writer.pair("name", value);
            assert_eq!(Reader(&writer.0).pair(), Some((&b"name"[..], value)));
            for length in 0..writer.0.len() {
                assert_eq!(Reader(&writer.0[..length]).pair(), None, "{value:?} cut off after {length}");
            }
        }
        assert_eq!(Reader(&[0x0a]).value(), None);
        assert_eq!(Reader(&[0xff; 16]).number(), None);
    }
}
