//! The messages of `novaroute.v1` seen through their descriptors.
//!
//! JSON, YAML and `apply -f` walk the descriptors, so that a field added to the
//! proto file is shown and accepted without a line about it here.

use std::sync::LazyLock;

use novaroute_api::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, EnumValueDescriptor, MessageDescriptor, ReflectMessage as _,
};

use crate::nearest;

const PACKAGE: &str = "novaroute.v1";

/// A test decodes the set; should it ever not decode, every look-up fails with
/// an error that says so.
static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap_or_default());

/// Words for enum values beside their own.
const ALIASES: &[(&str, &str)] = &[("IPV4", "IPV4_UNICAST"), ("IPV6", "IPV6_UNICAST")];

/// The built-in schema and a message do not fit together.
#[derive(Debug, thiserror::Error)]
#[error("the built-in schema does not describe {0}; this build of novaroutectl is broken")]
pub(crate) struct SchemaError(String);

/// The descriptor of the message `name` of `novaroute.v1`.
pub(crate) fn message(name: &str) -> Result<MessageDescriptor, SchemaError> {
    POOL.get_message_by_name(&format!("{PACKAGE}.{name}")).ok_or_else(|| SchemaError(name.into()))
}

/// `message`, which is the message `name` of `novaroute.v1`, seen through its
/// descriptor.
pub(crate) fn reflect(source: &impl Message, name: &str) -> Result<DynamicMessage, SchemaError> {
    let mut reflected = DynamicMessage::new(message(name)?);
    reflected.transcode_from(source).map_err(|error| SchemaError(format!("{name}: {error}")))?;
    Ok(reflected)
}

/// The generated type for a message that was built through its descriptor.
pub(crate) fn unreflect<T: Message + Default>(source: &DynamicMessage) -> Result<T, SchemaError> {
    source.transcode_to().map_err(|error| SchemaError(format!("{}: {error}", source.descriptor().name())))
}

/// The words of the enum `name` of `novaroute.v1`.
pub(crate) fn enum_words(name: &str) -> Option<EnumWords> {
    POOL.get_enum_by_name(&format!("{PACKAGE}.{name}")).map(EnumWords)
}

/// An enum as people write it: `external` for `PEER_TYPE_EXTERNAL`.
#[derive(Debug)]
pub(crate) struct EnumWords(pub(crate) EnumDescriptor);

impl EnumWords {
    /// The words that may be written. Zero means "not set": leaving the field
    /// out says that, so it has no word.
    pub(crate) fn known(&self) -> Vec<String> {
        self.0.values().filter(|value| value.number() != 0).map(|value| self.word_of(&value)).collect()
    }

    /// The number of a word: in any case, with `-` or `_`, with or without the
    /// prefix of the proto names. An event type may be its number.
    ///
    /// # Errors
    /// No value has that word; the text names the nearest, or all.
    pub(crate) fn number(&self, word: &str) -> Result<i32, String> {
        let wanted = word.to_uppercase().replace('-', "_");
        let wanted = wanted.strip_prefix(&self.prefix()).unwrap_or(&wanted);
        let wanted = ALIASES.iter().find(|(alias, _)| *alias == wanted).map_or(wanted, |(_, name)| name);
        let number = if self.is_of_events() { word.parse().ok() } else { None };
        let is_meant = |value: &EnumValueDescriptor| self.bare(value) == wanted || Some(value.number()) == number;
        let found = self.0.values().find(|value| value.number() != 0 && is_meant(value));
        found.map(|value| value.number()).ok_or_else(|| {
            let known = self.known();
            nearest::unknown("word", word, known.iter().map(String::as_str))
        })
    }

    /// The word for a number; the number itself where a newer agent sends one
    /// that is not known here.
    pub(crate) fn word(&self, number: i32) -> String {
        self.0.get_value(number).map_or_else(|| number.to_string(), |value| self.word_of(&value))
    }

    fn word_of(&self, value: &EnumValueDescriptor) -> String {
        let bare = self.bare(value);
        // Event types are written in capitals wherever people meet them.
        if self.is_of_events() { bare } else { bare.to_lowercase().replace('_', "-") }
    }

    fn is_of_events(&self) -> bool {
        self.0.name() == "EventType"
    }

    fn bare(&self, value: &EnumValueDescriptor) -> String {
        value.name().strip_prefix(&self.prefix()).unwrap_or(value.name()).to_owned()
    }

    /// `PEER_TYPE_` for `PeerType`, `OSPF_AREA_TYPE_` for `OSPFAreaType`.
    fn prefix(&self) -> String {
        let letters: Vec<char> = self.0.name().chars().collect();
        let mut prefix = String::new();
        for (at, letter) in letters.iter().enumerate() {
            let begins_word = letter.is_uppercase() && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
            if begins_word && at > 0 {
                prefix.push('_');
            }
            prefix.extend(letter.to_uppercase());
        }
        prefix + "_"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str) -> EnumWords {
        enum_words(name).unwrap()
    }

    #[test]
    fn the_schema_decodes_and_has_the_messages() {
        assert_eq!(message("BGPPeer").unwrap().name(), "BGPPeer");
        let text = message("NoSuch").unwrap_err().to_string();
        assert!(text.contains("does not describe NoSuch"), "{text}");
    }

    #[test]
    fn every_spelling_of_a_word_is_the_same_number() {
        for (name, spelling, number) in [
            ("PeerType", "external", 1),
            ("PeerType", "PEER_TYPE_INTERNAL", 2),
            ("PeerType", "peer_type_internal", 2),
            ("AddressFamily", "ipv4-unicast", 1),
            ("AddressFamily", "IPv6_Unicast", 2),
            ("AddressFamily", "ipv4", 1),
            ("AddressFamily", "ADDRESS_FAMILY_IPV6_UNICAST", 2),
            ("Protocol", "BGP", 1),
            ("Protocol", "Ospf", 2),
            ("EventType", "peer-up", 1),
            ("EventType", "EVENT_TYPE_LAGGED", 105),
            ("EventType", "1", 1),
            ("EventType", "105", 105),
        ] {
            assert_eq!(words(name).number(spelling), Ok(number), "{name} {spelling}");
        }
    }

    #[test]
    fn an_unknown_word_is_an_error_and_zero_has_none() {
        let error = |name, word| words(name).number(word).unwrap_err();
        assert_eq!(error("Protocol", "bpg"), "unknown word `bpg`; did you mean `bgp`?");
        assert_eq!(error("Protocol", "isis"), "unknown word `isis`; known: bgp, ospf");
        assert_eq!(error("Protocol", "unspecified"), "unknown word `unspecified`; known: bgp, ospf");
        assert_eq!(error("Protocol", ""), "unknown word ``; known: bgp, ospf");
        assert_eq!(error("Protocol", "1"), "unknown word `1`; known: bgp, ospf");
        for number in ["0", "999", "-1", "1.0", "4294967297"] {
            assert!(error("EventType", number).starts_with(&format!("unknown word `{number}`")), "{number}");
        }
    }

    #[test]
    fn a_number_that_is_not_known_is_shown_as_it_is() {
        assert_eq!(words("EventType").word(100), "INTENT_PROGRAMMED");
        assert_eq!(words("PeerState").word(4), "open-sent");
        assert_eq!(words("EventType").word(999), "999");
    }
}
