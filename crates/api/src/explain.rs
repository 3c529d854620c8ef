//! Every fault of a body that is no `T`. The one description of a request is its type: `T` is read again and again by
//! the same code that refused it, each time with one part of the body and nothing beside it, and the fault of that part
//! is kept. So a rule of a request is written once, in the type that parses it.
//!
//! Only refused bodies come here. Nothing that was sent is repeated, since it can be a secret: faults describe kinds in
//! the words of this file, and values in the words of the type.

use std::{
    cell::{Cell, RefCell},
    fmt,
    marker::PhantomData,
    vec,
};

use edge::{FieldError, printable};
use serde::{
    Deserialize,
    de::{
        self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::StrDeserializer,
    },
};
use serde_json::{Map, Value};

/// Most rejected fields that one answer names.
const MAX_ERRORS: usize = 20;

/// The faults of an object that is no `T`: first the names that `T` does not have, then its fields in their order. None: it is
/// a `T` after all.
///
/// A field may be left out when it is an `Option`, and only then.
pub(crate) fn explain<'de, T: Deserialize<'de>>(body: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    explain_part::<T>(body, Some(body), &mut Vec::new(), "", &mut errors);
    errors
}

/// One step from a value into it.
#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

fn explain_part<'a, 'de, T: Deserialize<'de>>(
    body: &'a Value,
    part: Option<&'a Value>,
    way: &mut Vec<Step<'a>>,
    at: &str,
    errors: &mut Vec<FieldError>,
) {
    if errors.len() >= MAX_ERRORS {
        return;
    }
    let seen = Seen::default();
    let reader = Reader { value: Some(body), way: Way::To(way), seen: &seen };
    let _ = reader.read(PhantomData::<T>);
    // Other faults don't count: everything beside the part was left out.
    let Some(fault) = seen.fault.take() else { return };
    let before = errors.len();
    match (part, seen.shape.get()) {
        (Some(Value::Object(object)), Shape::Fields(fields)) => {
            let path = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
            for name in object.keys().filter(|name| !fields.contains(&name.as_str())).take(MAX_ERRORS - before) {
                let message = "is not a field of this request".to_owned();
                errors.push(FieldError { field: path(printable(name)), message });
            }
            for name in fields {
                way.push(Step::Field(name));
                explain_part::<T>(body, object.get(*name), way, &path(name), errors);
                way.pop();
            }
        }
        (Some(Value::Array(items)), Shape::List) => {
            for (index, item) in items.iter().enumerate() {
                way.push(Step::Item(index));
                explain_part::<T>(body, Some(item), way, &format!("{at}[{index}]"), errors);
                way.pop();
            }
        }
        _ => {}
    }
    if errors.len() == before {
        let message = if part.is_none() { "is required".to_owned() } else { fault.to_string() };
        errors.push(FieldError { field: at.to_owned(), message });
    }
}

/// Why a type refuses its part.
#[derive(Clone, Debug)]
enum Fault {
    /// It is of another kind than this.
    Kind(String),
    /// The message of its type.
    Message(String),
}

impl Fault {
    fn kind(expected: impl Into<String>) -> Self {
        Self::Kind(expected.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(expected) => write!(f, "must be {expected}"),
            Self::Message(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Fault {}

/// Serde's own words for these repeat what was sent.
impl de::Error for Fault {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self::Message(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::kind(expected.to_string())
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::kind(expected.to_string())
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::kind(expected.to_string())
    }

    fn unknown_variant(_: &str, variants: &'static [&'static str]) -> Self {
        Self::Kind(one_of(variants))
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::Message("has a field that is not of this request".to_owned())
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Message(format!("must have {name}"))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::Message(format!("has {name} twice"))
    }
}

fn one_of(names: &[&str]) -> String {
    match names {
        [] => "left out".to_owned(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} or {other}"),
        [most @ .., last] => format!("one of {} and {last}", most.join(", ")),
    }
}

/// The shape and the fault of the part that is examined.
#[derive(Default)]
struct Seen {
    shape: Cell<Shape>,
    fault: RefCell<Option<Fault>>,
}

/// Which faults a part can have inside.
#[derive(Clone, Copy, Default)]
enum Shape {
    /// It is taken or refused as a whole.
    #[default]
    Whole,
    List,
    Fields(&'static [&'static str]),
}

/// The way from a value to the part that is examined.
#[derive(Clone, Copy)]
enum Way<'a> {
    /// This many steps; none: the value is the part.
    To(&'a [Step<'a>]),
    /// The value lies within the part.
    Within,
}

/// Gives a value to a type: the whole part, and nothing beside the way to it.
#[derive(Clone, Copy)]
struct Reader<'a> {
    /// None: it is left out.
    value: Option<&'a Value>,
    way: Way<'a>,
    seen: &'a Seen,
}

impl<'a> Reader<'a> {
    fn is_the_part(self) -> bool {
        matches!(self.way, Way::To([]))
    }

    fn read<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        let read = seed.deserialize(self);
        if let (true, Err(fault)) = (self.is_the_part(), &read) {
            self.seen.fault.replace(Some(fault.clone()));
        }
        read
    }

    /// Remembers what the type takes here, if this is the part.
    fn takes(self, shape: Shape) {
        if self.is_the_part() {
            self.seen.shape.set(shape);
        }
    }

    fn below(self, value: Option<&'a Value>) -> Self {
        let way = match self.way {
            Way::To([_, rest @ ..]) => Way::To(rest),
            Way::To([]) | Way::Within => Way::Within,
        };
        Self { value, way, seen: self.seen }
    }

    fn entries(self, object: &'a Map<String, Value>, each: bool) -> Entries<'a> {
        let entries: Vec<_> = match self.way {
            Way::To([Step::Field(name), ..]) => vec![(*name, object.get(*name))],
            Way::To(_) | Way::Within => object.iter().map(|(name, value)| (name.as_str(), Some(value))).collect(),
        };
        Entries { reader: self, left: entries.into_iter(), value: None, each }
    }

    fn items(self, items: &'a [Value]) -> Items<'a> {
        let left = match self.way {
            Way::To([Step::Item(index), ..]) => items.get(*index..=*index).unwrap_or_default(),
            Way::To(_) | Way::Within => items,
        };
        Items { reader: self, left: left.iter() }
    }

    /// Gives a value of one kind, or says which kind it must be.
    fn require<'de, V: Visitor<'de>>(
        self,
        is: impl FnOnce(&Value) -> bool,
        expected: impl Into<String>,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if self.value.is_some_and(is) { self.deserialize_any(visitor) } else { Err(Fault::kind(expected)) }
    }
}

macro_rules! whole_numbers {
    ($($method:ident: $number:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let expected = || format!("a whole number from 0 to {}", <$number>::MAX);
            self.require(|value| value.as_u64().is_some_and(|n| <$number>::try_from(n).is_ok()), expected(), visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    whole_numbers! {
        deserialize_u8: u8;
        deserialize_u16: u16;
        deserialize_u32: u32;
        deserialize_u64: u64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            None => Err(Fault::Message("is required".to_owned())),
            Some(Value::Null) => visitor.visit_unit(),
            Some(Value::Bool(value)) => visitor.visit_bool(*value),
            Some(Value::Number(number)) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Some(Value::String(text)) => visitor.visit_str(text),
            Some(Value::Array(items)) => visitor.visit_seq(self.items(items)),
            Some(Value::Object(object)) => visitor.visit_map(self.entries(object, false)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.require(Value::is_boolean, "true or false", visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.require(Value::is_string, "a string", visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            None | Some(Value::Null) => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.takes(Shape::List);
        self.require(Value::is_array, "a list", visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Some(Value::Object(object)) => visitor.visit_map(self.entries(object, true)),
            _ => Err(Fault::kind("an object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.takes(Shape::Fields(fields));
        self.require(Value::is_object, "an object", visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value.and_then(Value::as_str) {
            Some(text) => visitor.visit_enum(StrDeserializer::new(text)),
            None => Err(Fault::Kind(one_of(variants))),
        }
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// Names and values of an object.
struct Entries<'a> {
    reader: Reader<'a>,
    left: vec::IntoIter<(&'a str, Option<&'a Value>)>,
    value: Option<&'a Value>,
    /// The names are the caller's own, and each value must be of the same kind.
    each: bool,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        self.value = value;
        let name: StrDeserializer<'_, Fault> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        self.reader.below(self.value).read(seed).map_err(|fault| match fault {
            Fault::Kind(expected) if self.each => Fault::Message(format!("must have {expected} for each value")),
            fault => fault,
        })
    }
}

/// Items of a list.
struct Items<'a> {
    reader: Reader<'a>,
    left: std::slice::Iter<'a, Value>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.left.next().map(|item| self.reader.below(Some(item)).read(seed)).transpose()
    }
}

#[cfg(test)]
mod tests;
