//! How the enums of a contract are written to a log: the name of a variant, and beside it what that
//! holds. It is here, once: derived for each contract, it was a tenth of what a large one takes to
//! compile.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
    ser::SerializeStruct,
};

const PAYLOAD: &str = "payload";

/// An enum whose variants are told apart by a name beside their payload.
#[doc(hidden)]
pub trait Tagged: Sized {
    /// What the name is called.
    const KEY: &'static str;
    /// Every name that there is.
    const NAMES: &'static [&'static str];
    /// The two fields that it is written as.
    const FIELDS: &'static [&'static str] = &[Self::KEY, PAYLOAD];

    /// Reads the payload of the variant of this name.
    ///
    /// # Errors
    /// There is no such variant, or this is not what it holds.
    fn read<'de, D: Deserializer<'de>>(name: &str, payload: D) -> Result<Self, D::Error>;
}

/// Writes a variant of this name.
///
/// # Errors
/// Those of the payload, and of the format.
#[doc(hidden)]
pub fn write_tagged<S: Serializer>(
    serializer: S,
    key: &'static str,
    name: &'static str,
    payload: &impl Serialize,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_struct(key, 2)?;
    object.serialize_field(key, name)?;
    object.serialize_field(PAYLOAD, payload)?;
    object.end()
}

/// Reads whichever variant it is. A payload that comes before its name is taken for JSON meanwhile.
///
/// # Errors
/// Name or payload are missing or there twice, or are not those of a variant.
#[doc(hidden)]
pub fn read_tagged<'de, T: Tagged, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_struct(T::KEY, T::FIELDS, Object(PhantomData))
}

/// What is said of a name that no variant has.
///
/// # Errors
/// Always.
#[doc(hidden)]
pub fn unknown_tag<'de, T: Tagged, D: Deserializer<'de>>(name: &str, _: D) -> Result<T, D::Error> {
    Err(Error::unknown_variant(name, T::NAMES))
}

struct Object<T>(PhantomData<T>);

/// The payload of the variant that has been named.
struct Payload<'a, T>(&'a str, PhantomData<T>);

impl<'de, T: Tagged> DeserializeSeed<'de> for Payload<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, payload: D) -> Result<T, D::Error> {
        T::read(self.0, payload)
    }
}

impl<'de, T: Tagged> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` and `{PAYLOAD}`", T::KEY)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut name: Option<Cow<'de, str>> = None;
        let mut early: Option<serde_json::Value> = None;
        let mut read: Option<T> = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == T::KEY {
                if name.replace(map.next_value()?).is_some() {
                    return Err(Error::duplicate_field(T::KEY));
                }
            } else if key == PAYLOAD {
                if early.is_some() || read.is_some() {
                    return Err(Error::duplicate_field(PAYLOAD));
                }
                match &name {
                    Some(name) => read = Some(map.next_value_seed(Payload(name, PhantomData))?),
                    None => early = Some(map.next_value()?),
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let name = name.ok_or_else(|| Error::missing_field(T::KEY))?;
        match (read, early) {
            (Some(read), _) => Ok(read),
            (None, Some(early)) => T::read(&name, early).map_err(Error::custom),
            (None, None) => Err(Error::missing_field(PAYLOAD)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
        let name: Cow<'de, str> =
            seq.next_element()?.ok_or_else(|| Error::invalid_length(0, &self))?;
        let payload = seq.next_element_seed(Payload(&name, PhantomData))?;
        payload.ok_or_else(|| Error::invalid_length(1, &self))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq)]
    enum Told {
        Count(u32),
        Bytes(serde_bytes::ByteBuf),
        Nothing(()),
    }

    impl Serialize for Told {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Count(payload) => write_tagged(serializer, "told", "count", payload),
                Self::Bytes(payload) => write_tagged(serializer, "told", "bytes", payload),
                Self::Nothing(payload) => write_tagged(serializer, "told", "nothing", payload),
            }
        }
    }

    impl<'de> Deserialize<'de> for Told {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            read_tagged(deserializer)
        }
    }

    impl Tagged for Told {
        const KEY: &'static str = "told";
        const NAMES: &'static [&'static str] = &["count", "bytes", "nothing"];

        fn read<'de, D: Deserializer<'de>>(name: &str, payload: D) -> Result<Self, D::Error> {
            match name {
                "count" => Deserialize::deserialize(payload).map(Self::Count),
                "bytes" => Deserialize::deserialize(payload).map(Self::Bytes),
                "nothing" => Deserialize::deserialize(payload).map(Self::Nothing),
                other => unknown_tag(other, payload),
            }
        }
    }

    #[test]
    fn it_is_read_in_any_order_and_with_more_around_it() {
        let same = [
            r#"{"told":"count","payload":7}"#,
            r#"{"payload":7,"told":"count"}"#,
            r#"{"at":[1,{"told":"x"}],"payload":7,"told":"count","more":null}"#,
            r#"["count",7]"#,
        ];
        for text in same {
            assert_eq!(serde_json::from_str::<Told>(text).unwrap(), Told::Count(7), "{text}");
        }
        assert_eq!(serde_json::to_string(&Told::Count(7)).unwrap(), same[0]);
        let nothing = r#"{"payload":null,"told":"nothing"}"#;
        assert_eq!(serde_json::from_str::<Told>(nothing).unwrap(), Told::Nothing(()));
    }

    #[test]
    fn it_comes_back_from_a_format_of_bytes() {
        for told in [Told::Count(7), Told::Bytes(vec![0, 255].into()), Told::Nothing(())] {
            let short = rmp_serde::to_vec(&told).unwrap();
            let named = rmp_serde::to_vec_named(&told).unwrap();
            assert_eq!(rmp_serde::from_slice::<Told>(&short).unwrap(), told);
            assert_eq!(rmp_serde::from_slice::<Told>(&named).unwrap(), told);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = [
            (r#"{"told":"cuont","payload":7}"#, "unknown variant `cuont`, expected one of `count`"),
            (r#"{"payload":7,"told":"cuont"}"#, "unknown variant `cuont`, expected one of `count`"),
            (r#"{"told":"count"}"#, "missing field `payload`"),
            (r#"{"payload":7}"#, "missing field `told`"),
            (r#"{"told":"count","told":"count","payload":7}"#, "duplicate field `told`"),
            (r#"{"told":"count","payload":7,"payload":7}"#, "duplicate field `payload`"),
            (r#"{"payload":7,"payload":7,"told":"count"}"#, "duplicate field `payload`"),
            (r#"{"told":"count","payload":"7"}"#, "invalid type: string \"7\", expected u32"),
            (r#"{"payload":"7","told":"count"}"#, "invalid type: string \"7\", expected u32"),
            (r#"["count"]"#, "invalid length 1, expected `told` and `payload`"),
            ("[]", "invalid length 0, expected `told` and `payload`"),
            ("7", "invalid type: integer `7`, expected `told` and `payload`"),
        ];
        for (text, why) in wrong {
            let error = serde_json::from_str::<Told>(text).unwrap_err().to_string();
            assert!(error.starts_with(why), "{text}: {error}");
        }
    }
}
