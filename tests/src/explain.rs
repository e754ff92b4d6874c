//! Explanations, and the steps in them.

use anyhow::{Context, Result, ensure};
use novaroute_lab::wait_for;
use v1::explain_request::Subject;

use crate::agent::Client;
use crate::scene::TIMEOUT;
use crate::v1;

/// A prefix of BGP.
#[must_use]
pub fn prefix(prefix: &str) -> Subject {
    Subject::Prefix(v1::ExplainPrefix { prefix: prefix.to_owned(), protocol: v1::Protocol::Bgp.into() })
}

/// A prefix of OSPF.
#[must_use]
pub fn ospf_prefix(prefix: &str) -> Subject {
    Subject::Prefix(v1::ExplainPrefix { prefix: prefix.to_owned(), protocol: v1::Protocol::Ospf.into() })
}

/// A BGP peer.
#[must_use]
pub fn peer(address: impl ToString) -> Subject {
    Subject::Peer(v1::ExplainPeer { neighbor_address: address.to_string(), ..Default::default() })
}

/// The BFD session to an address that is asked for.
#[must_use]
pub fn bfd(address: impl ToString) -> Subject {
    let peer_address = address.to_string();
    Subject::Bfd(v1::ExplainBfd { peer_address, ..Default::default() })
}

/// An OSPF interface.
#[must_use]
pub fn ospf(interface: &str) -> Subject {
    Subject::Ospf(v1::ExplainOspf { interface_name: interface.to_owned() })
}

/// The explanation as it is now, for `owner` where that is not empty.
///
/// # Errors
/// The agent refused to say.
pub async fn explain_to(client: &mut Client, subject: &Subject, owner: &str) -> Result<v1::ExplainResponse> {
    let request = v1::ExplainRequest { subject: Some(subject.clone()), owner: owner.to_owned() };
    Ok(client.explain(request).await?.into_inner())
}

/// The explanation as it is now.
///
/// # Errors
/// The agent refused to say.
pub async fn explain(client: &mut Client, subject: &Subject) -> Result<v1::ExplainResponse> {
    explain_to(client, subject, "").await
}

/// The first step of a name.
///
/// # Errors
/// There is none.
pub fn step<'a>(answer: &'a v1::ExplainResponse, name: &str) -> Result<&'a v1::ExplainStep> {
    answer.steps.iter().find(|step| step.name == name).with_context(|| format!("no step {name} in {answer:#?}"))
}

/// A step came out so, and its evidence has these words.
///
/// # Errors
/// It did not.
pub fn check(answer: &v1::ExplainResponse, name: &str, verdict: v1::Verdict, words: &str) -> Result<()> {
    let found = step(answer, name)?;
    ensure!(
        found.verdict() == verdict && found.evidence.contains(words),
        "{name} is not {verdict:?} {words:?}: {answer:#?}"
    );
    Ok(())
}

/// Waits until a step comes out so.
///
/// # Errors
/// It does not within 15 s; the explanation is part of the error.
pub async fn wait_step(
    client: &mut Client,
    subject: &Subject,
    name: &str,
    verdict: v1::Verdict,
    words: &str,
) -> Result<v1::ExplainResponse> {
    wait_for(&format!("step {name} to be {verdict:?} with {words:?}"), TIMEOUT, async || {
        let answer = explain(&mut client.clone(), subject).await?;
        check(&answer, name, verdict, words)?;
        Ok(Some(answer))
    })
    .await
}

/// Waits until it is announced, or up.
///
/// # Errors
/// It is not within 15 s; the explanation is part of the error.
pub async fn wait_in_effect(client: &mut Client, subject: &Subject) -> Result<v1::ExplainResponse> {
    wait_for("it to be in effect", TIMEOUT, async || {
        let answer = explain(&mut client.clone(), subject).await?;
        ensure!(answer.in_effect, "{answer:#?}");
        Ok(Some(answer))
    })
    .await
}
