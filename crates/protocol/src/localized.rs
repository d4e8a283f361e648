//! Members with language tags, such as `client_name#ja`. OIDC Registration §2.1, RFC 7591 §2.2.

use std::borrow::Cow;

use oxilangtag::LanguageTag;
use serde_json::Value;

use crate::field::SentMember;
use crate::form::JsonForm;
use crate::member::{
    InvalidMember, Member, MemberValue, Narrowing, SingleValue, is_set, read_from,
};

/// The maximum number of language tags of a member.
pub const TAGS_MAX: usize = 20;

/// The values of a human-readable member in one or more languages, each with the name it was sent with.
#[derive(Debug, Clone, PartialEq)]
pub struct Localized<T> {
    variants: Vec<Variant<T>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Variant<T> {
    /// The language tag as it was sent, or `None` for the member without a tag.
    tag: Option<String>,
    value: T,
}

impl<T> Localized<T> {
    /// Creates a member with a single value, without a language tag.
    pub fn plain(value: T) -> Self {
        Self {
            variants: vec![Variant { tag: None, value }],
        }
    }

    /// Returns the value without a language tag.
    pub fn untagged(&self) -> Option<&T> {
        self.variants
            .iter()
            .find(|variant| variant.tag.is_none())
            .map(|variant| &variant.value)
    }

    /// Replaces the value without a language tag and keeps the others.
    pub fn set_untagged(&mut self, value: T) {
        match self
            .variants
            .iter_mut()
            .find(|variant| variant.tag.is_none())
        {
            Some(variant) => variant.value = value,
            None => self.variants.insert(0, Variant { tag: None, value }),
        }
    }

    /// Returns every value with its language tag, as it was sent.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, &T)> {
        self.variants
            .iter()
            .map(|variant| (variant.tag.as_deref(), &variant.value))
    }
}

impl<T: SingleValue> MemberValue for Localized<T> {
    fn write_members(&self, name: &str, each: &mut dyn FnMut(&str, JsonForm<'_>)) {
        for Variant { tag, value } in &self.variants {
            match tag {
                None => each(name, value.write()),
                Some(tag) => each(&format!("{name}#{tag}"), value.write()),
            }
        }
    }

    fn values(&self) -> Vec<Cow<'_, str>> {
        Vec::new()
    }

    fn addresses(&self) -> Vec<&str> {
        self.variants
            .iter()
            .flat_map(|variant| variant.value.uris())
            .collect()
    }

    fn retain(&mut self, _: &dyn Fn(&str) -> bool) -> Narrowing {
        Narrowing::Unchanged
    }
}

impl<T: SingleValue> Member for Localized<T> {
    const LOCALIZED: bool = true;
    const ADDRESSES: bool = T::ADDRESSES;
    const SHAPE: &'static str = T::SHAPE;

    fn schema() -> Value {
        <T as SingleValue>::schema()
    }

    fn read(
        name: &'static str,
        sent: &mut [SentMember<'_>],
    ) -> Result<Option<Self>, InvalidMember> {
        let mut variants = Vec::with_capacity(sent.len());
        let mut seen = Vec::new();
        for SentMember {
            name: key,
            tag,
            value,
            origin,
            ..
        } in sent
        {
            // The tag is checked before the value, because a refusal of the value repeats the name with the tag. A message must not
            // repeat arbitrary text that the client sent.
            let language = tag.map(LanguageTag::parse_and_normalize).transpose();
            let language = language.map_err(|_| {
                InvalidMember::new(
                    format!("{name}#..."),
                    "must have a language tag (BCP 47) after the #",
                )
            })?;
            let value = Some(value.take())
                .filter(is_set)
                .map(|value| read_from(*origin, value))
                .transpose();
            let Some(value) =
                value.map_err(|reason| InvalidMember::new((*key).to_owned(), reason))?
            else {
                continue;
            };
            if let Some(language) = language {
                if seen.contains(&language) {
                    return Err(InvalidMember::new(
                        (*key).to_owned(),
                        "has a language tag twice",
                    ));
                }
                seen.push(language);
                if seen.len() > TAGS_MAX {
                    return Err(InvalidMember::new(
                        name,
                        format!("must have at most {TAGS_MAX} language tags"),
                    ));
                }
            }
            variants.push(Variant {
                tag: tag.map(str::to_owned),
                value,
            });
        }
        Ok(if variants.is_empty() {
            None
        } else {
            Some(Self { variants })
        })
    }
}
