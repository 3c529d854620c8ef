//! Members of JSON objects that are given twice. Which of the two counts is not said anywhere (RFC 8259), so neither does.

use std::{collections::BTreeSet, fmt};

use edge::printable;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Where in a text a member is given twice, as `metadata.team`: the first such. `None`: nowhere, as far as it is JSON.
pub(crate) fn doubled(text: &[u8]) -> Option<String> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_slice(text);
    let _ = Look { at: "", found: &mut found }.deserialize(&mut reader);
    found
}

/// Looks at a value, and ends at the first find.
struct Look<'a> {
    at: &'a str,
    found: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0;
        while items.next_element_seed(Look { at: &format!("{}[{index}]", self.at), found: &mut *self.found })?.is_some()
        {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            let shown = printable(&name);
            let at = if self.at.is_empty() { shown.to_owned() } else { format!("{}.{shown}", self.at) };
            if !names.insert(name) {
                *self.found = Some(at);
                return Err(de::Error::custom("found"));
            }
            members.next_value_seed(Look { at: &at, found: &mut *self.found })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_doubled_member_is_named() {
        for (text, expected) in [
            (r#"{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}"#, None),
            (r#"{"a":1,"b":2,"a":1}"#, Some("a")),
            (r#"{"metadata":{"team":"x","team":"y"}}"#, Some("metadata.team")),
            (r#"{"calls":[{"key":"x"},{"key":"x","key":"y"}]}"#, Some("calls[1].key")),
            ("{\"a\":1,\"\\u0061\":2}", Some("a")),
            (r#"{"a":1"#, None),
            ("", None),
        ] {
            assert_eq!(doubled(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }
}
