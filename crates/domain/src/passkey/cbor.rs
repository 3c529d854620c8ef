//! CBOR (RFC 8949) as authenticators write it, in CTAP2's canonical form: definite lengths and few kinds. Strangers send it, so
//! nothing is as deep or as long as it says, but as its bytes are.

/// How deep items may stand in each other: attestation statements have certificates in an array in a map.
const DEEPEST: usize = 8;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Int(i64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
    /// `false`, `true` and `null`, of which nothing here depends.
    Simple,
}

/// The item with which these bytes begin, and what follows.
pub(super) fn read(bytes: &[u8]) -> Option<(Item, &[u8])> {
    item(bytes, DEEPEST)
}

impl Item {
    /// The value of a text in a map.
    pub(super) fn of_text(&self, name: &str) -> Option<&Self> {
        self.find(|key| matches!(key, Self::Text(text) if text == name))
    }

    /// The value of a number in a map.
    pub(super) fn of_int(&self, number: i64) -> Option<&Self> {
        self.find(|key| *key == Self::Int(number))
    }

    fn find(&self, is: impl Fn(&Self) -> bool) -> Option<&Self> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(key, _)| is(key)).map(|(_, value)| value)
    }

    pub(super) fn int(&self) -> Option<i64> {
        if let Self::Int(int) = self { Some(*int) } else { None }
    }

    pub(super) fn bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

fn item(bytes: &[u8], depth: usize) -> Option<(Item, &[u8])> {
    let depth = depth.checked_sub(1)?;
    let (head, rest) = bytes.split_first()?;
    let (kind, info) = (head >> 5, head & 0x1f);
    let (argument, rest) = argument(info, rest)?;
    Some(match kind {
        0 => (Item::Int(i64::try_from(argument).ok()?), rest),
        1 => (Item::Int(-1 - i64::try_from(argument).ok()?), rest),
        2 => {
            let (content, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            (Item::Bytes(content.to_vec()), rest)
        }
        3 => {
            let (content, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            (Item::Text(str::from_utf8(content).ok()?.to_owned()), rest)
        }
        4 => {
            let (mut items, mut rest) = (Vec::new(), rest);
            // Each takes a byte at least, so this ends with the bytes.
            for _ in 0..argument {
                let (one, after) = item(rest, depth)?;
                items.push(one);
                rest = after;
            }
            (Item::Array(items), rest)
        }
        5 => {
            let (mut pairs, mut rest) = (Vec::new(), rest);
            for _ in 0..argument {
                let (key, after) = item(rest, depth)?;
                let (value, after) = item(after, depth)?;
                pairs.push((key, value));
                rest = after;
            }
            (Item::Map(pairs), rest)
        }
        7 if matches!(info, 20..=22) => (Item::Simple, rest),
        _ => return None,
    })
}

/// The number beside the kind of an item. An indefinite length is none.
fn argument(info: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    let length = match info {
        0..=23 => return Some((u64::from(info), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (number, rest) = rest.split_at_checked(length)?;
    Some((number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(bytes: &[u8]) -> Option<Item> {
        read(bytes).filter(|(_, rest)| rest.is_empty()).map(|(item, _)| item)
    }

    #[test]
    fn items_are_read_as_the_standard_says() {
        // Of RFC 8949, appendix A.
        for (bytes, expected) in [
            (&[0x00][..], Item::Int(0)),
            (&[0x17], Item::Int(23)),
            (&[0x18, 0x18], Item::Int(24)),
            (&[0x19, 0x03, 0xe8], Item::Int(1000)),
            (&[0x1a, 0x00, 0x0f, 0x42, 0x40], Item::Int(1_000_000)),
            (&[0x20], Item::Int(-1)),
            (&[0x39, 0x03, 0xe7], Item::Int(-1000)),
            (&[0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Item::Int(i64::MIN)),
            (&[0x44, 1, 2, 3, 4], Item::Bytes(vec![1, 2, 3, 4])),
            (&[0x62, 0xc3, 0xbc], Item::Text("ü".to_owned())),
            (&[0x82, 0x01, 0x20], Item::Array(vec![Item::Int(1), Item::Int(-1)])),
            (&[0xa1, 0x01, 0xf5], Item::Map(vec![(Item::Int(1), Item::Simple)])),
        ] {
            assert_eq!(whole(bytes), Some(expected), "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_cut_off_endless_or_too_deep_is_no_item() {
        for bytes in [
            &[][..],
            &[0x18],
            &[0x42, 1],
            &[0x61, 0xff],
            &[0x5f, 0x41, 1, 0xff],
            &[0x9f, 0xff],
            &[0xa1, 1],
            &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0xc1, 0],
            &[0xf7],
            // As long as nothing can be.
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x81; 100],
        ] {
            assert_eq!(whole(bytes), None, "{bytes:x?}");
        }
        assert!(whole(&[&[0x81; 7][..], &[0x00]].concat()).is_some());
        assert!(whole(&[&[0x81; 8][..], &[0x00]].concat()).is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some((_, rest)) = read(&bytes) {
                prop_assert!(rest.len() < bytes.len());
            }
        }
    }
}
