use serde::{Deserialize, Deserializer, de};

/// A list of `LEAST` to `MOST` entries, in the order in which they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounded<T, const LEAST: usize, const MOST: usize>(Vec<T>);

/// A list has fewer or more entries than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have {least} to {most} entries")]
pub struct InvalidLength {
    /// The fewest entries.
    pub least: usize,
    /// The most entries.
    pub most: usize,
}

impl<T, const LEAST: usize, const MOST: usize> TryFrom<Vec<T>> for Bounded<T, LEAST, MOST> {
    type Error = InvalidLength;

    fn try_from(items: Vec<T>) -> Result<Self, InvalidLength> {
        if (LEAST..=MOST).contains(&items.len()) {
            Ok(Self(items))
        } else {
            Err(InvalidLength { least: LEAST, most: MOST })
        }
    }
}

impl<T, const LEAST: usize, const MOST: usize> From<Bounded<T, LEAST, MOST>> for Vec<T> {
    fn from(list: Bounded<T, LEAST, MOST>) -> Self {
        list.0
    }
}

impl<'de, T: Deserialize<'de>, const LEAST: usize, const MOST: usize> Deserialize<'de> for Bounded<T, LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_its_bounds() {
        let read = |json: &str| serde_json::from_str::<Bounded<u8, 1, 2>>(json).map(Vec::from).ok();
        assert_eq!(read("[]"), None);
        assert_eq!(read("[2]"), Some(vec![2]));
        assert_eq!(read("[2,1]"), Some(vec![2, 1]));
        assert_eq!(read("[1,2,3]"), None);
        let refused = Bounded::<u8, 1, 2>::try_from(Vec::new()).unwrap_err();
        assert_eq!(refused.to_string(), "must have 1 to 2 entries");
    }
}
