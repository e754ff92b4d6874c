//! Every string field of every RPC × everything that no field takes.

use anyhow::{Context, Result, ensure};
use novaroute_e2e::config::LB;
use novaroute_e2e::refusal::Refusal;
use novaroute_e2e::running::{added, running, wait_same};
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{on_each_frr, request, v1};
use prost::Message as _;
use tonic::{Code, Status};

use crate::corpus::{LONG_BYTES, NEVER, NOT_UTF8, WORDS};
use crate::schema::{StringField, string_fields};
use crate::wire::{RawClient, honest, honest_about_bfd, honest_value};

/// Longest refusal, in bytes: it travels in a header and must not carry the bad value on.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// Whether arbitrary printable text may stand in the field.
fn is_free(field: &StringField) -> bool {
    ["peer.description", "peer.password"].contains(&field.path.as_str())
}

/// Everything that the field must refuse.
fn hostile(field: &StringField) -> Result<Vec<Vec<u8>>> {
    let good = honest_value(&field.path)?;
    let mut all: Vec<Vec<u8>> = NOT_UTF8.iter().map(|bytes| bytes.to_vec()).collect();
    all.push(vec![b'x'; LONG_BYTES]);
    for text in NEVER {
        all.extend([text.to_owned(), format!("{good}{text}"), format!("{text}{good}")].map(String::into_bytes));
    }
    if !is_free(field) {
        all.extend(WORDS.iter().map(|text| text.as_bytes().to_vec()));
    }
    Ok(all)
}

/// The honest request with the value in the field. A wrong token is shown in another owner's name, so that the guesses
/// do not slow down the owner of the other requests.
fn bad_request(field: &StringField, value: &[u8]) -> Result<Vec<u8>> {
    let mut message = if field.path.starts_with("bfd.") { honest_about_bfd() } else { honest(&field.method)? };
    if field.path == "token" {
        message.extend(v1::RegisterRequest { owner: "guesser".into(), ..Default::default() }.encode_to_vec());
    }
    message.extend(field.encode(value));
    Ok(message)
}

/// The refusal names the field and repeats nothing that could harm a terminal or a log. A token that could be one is
/// merely wrong.
fn check(field: &StringField, value: &[u8], status: &Status) -> Result<()> {
    let refusal = Refusal::of(status)?;
    let message = &refusal.message;
    ensure!(message.len() <= MESSAGE_BYTES_MAX, "{} bytes of message", message.len());
    ensure!(!message.chars().any(|c| c.is_control() || "\u{202e}\u{2028}\u{2066}".contains(c)), "{message:?}");
    if field.path == "token" && [Code::Unauthenticated, Code::ResourceExhausted].contains(&refusal.code) {
        ensure!(!value.iter().any(|byte| *byte < 0x20) && value.len() < 5_000, "such a token was looked at");
        return Ok(());
    }
    let refusal = refusal.expect(Code::InvalidArgument, "INVALID_FIELD")?;
    // What is no UTF-8 is refused before it is known where in a list it stands, or which of the subjects of Explain it is in.
    let subject = field.path.split_once('.').map(|(_, inner)| format!("subject.{inner}")).unwrap_or_default();
    let named = |name: &String| [field.path.clone(), field.path.replace("[0]", ""), subject.clone()].contains(name);
    ensure!(refusal.fields.iter().any(named), "another field is named: {refusal:?}");
    ensure!(refusal.fields.len() == 1, "honest fields are named: {refusal:?}");
    Ok(())
}

on_each_frr! {
    /// Refused with the field named, each of some 3000 requests, and nothing of it anywhere in FRR.
    async fn hostile_text_is_refused_with_the_field_named(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let before = running(&scene.node).await?;
        let mut raw = RawClient::connect(&scene.agent).await?;
        let mut requests = 0;
        for field in string_fields()? {
            for value in hostile(&field)? {
                let shown = String::from_utf8_lossy(&value[..value.len().min(80)]).into_owned();
                let place = || format!("{} {}: {shown:?}", field.method, field.path);
                let answer = raw.call(&field.method, bad_request(&field, &value)?).await?;
                let status = answer.err().with_context(|| format!("accepted: {}", place()))?;
                check(&field, &value, &status).with_context(place)?;
                requests += 1;
            }
        }
        ensure!(requests > 2_000, "only {requests} requests");

        // Whatever was let through by mistake would be in FRR before what comes now.
        client.advertise_prefix(request::advertise(LB, "203.0.113.1/32")).await?;
        scene.prefix_state("203.0.113.1/32", "advertised").await?;
        let marked = added(&before, &running(&scene.node).await?);
        ensure!(marked.iter().all(|line| line.contains("203.0.113.1/32") || is_of_a_map(line)), "{marked:#?}");
        client.withdraw_prefix(request::withdraw(LB, "203.0.113.1/32", v1::Protocol::Bgp)).await?;
        wait_same(&scene.node, &before).await?;
        Ok(())
    }
}

/// A line of the route-map that gives the marker its attributes.
fn is_of_a_map(line: &str) -> bool {
    line.starts_with("route-map NR-")
        || line.starts_with(" set tag ")
        || line == "exit"
        || line == "!"
        || line.is_empty()
}
