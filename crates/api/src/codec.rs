//! Protobuf on the wire, with the blame where it belongs.
//!
//! A message that cannot be decoded, such as one with a string that is not UTF-8, is the sender's fault. The
//! stock codec answers INTERNAL, which tells a client that the agent is broken; this one answers
//! INVALID_ARGUMENT with the field named, as for every other bad field.

use std::marker::PhantomData;

use prost::Message;
use tonic::{
    Code, Status,
    codec::{Codec, DecodeBuf, Decoder},
};
use tonic_prost::{ProstDecoder, ProstEncoder};

use crate::from_proto::{BadFields, Fields, Refused};

/// Encodes `T` and decodes `U`.
#[derive(Debug)]
pub struct ContractCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for ContractCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for ContractCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = ContractDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        ContractDecoder(ProstDecoder::default())
    }
}

/// Decodes `U`.
#[derive(Debug)]
pub struct ContractDecoder<U>(ProstDecoder<U>);

impl<U: Message + Default> Decoder for ContractDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        self.0.decode(bytes).map_err(|status| match status.code() {
            Code::Internal => malformed(status.message()).into(),
            _ => status,
        })
    }
}

/// prost's text is `failed to decode Protobuf message: Inner.field: Outer.field: what is wrong`.
fn malformed(text: &str) -> BadFields {
    let told = text.split_once("message: ").map_or(text, |(_, told)| told);
    let mut parts: Vec<&str> = told.split(": ").collect();
    let places = parts.iter().take_while(|part| part.contains('.') && !part.contains(' ')).count();
    let what = parts.split_off(places).join(": ");
    let path: Vec<&str> = parts.iter().rev().filter_map(|place| place.rsplit('.').next()).collect();
    let field = if path.is_empty() { "(message)".to_owned() } else { path.join(".") };
    let mut fields = Fields::default();
    let refused: Result<std::convert::Infallible, Refused> = Err(fields.refuse(field, what));
    match fields.finish(refused) {
        Err(bad) => bad,
        Ok(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{ApplyPeerRequest, RegisterRequest};

    fn blamed<U: Message + Default + std::fmt::Debug>(bytes: &[u8]) -> String {
        malformed(&U::decode(bytes).unwrap_err().to_string()).to_string()
    }

    #[test]
    fn a_string_that_is_not_utf8_names_its_field() {
        assert!(blamed::<RegisterRequest>(b"\x0a\x01\xff").starts_with("owner: "));
        // Field 3 (peer) of 3 bytes: field 7 (description) of one byte.
        let text = blamed::<ApplyPeerRequest>(b"\x1a\x03\x3a\x01\xff");
        assert!(text.starts_with("peer.description: "), "{text}");
    }

    #[test]
    fn what_is_no_message_at_all_is_refused_as_a_whole() {
        let text = blamed::<RegisterRequest>(b"\xff\xff");
        assert!(text.starts_with("(message): "), "{text}");
    }
}
