//! Tokens and user ids.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use novaroute_e2e::caller::client_as;
use novaroute_e2e::config::{CNI, LB, token};
use novaroute_e2e::refusal::{Refusal, refused};
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{on_each_frr, request, v1, wait_for};
use rustix::process::Signal;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tonic::{Code, Status};

use crate::owner;

/// Failures in a row after which an owner's name is not let in for a while.
const FAILURES_MAX: usize = 20;
/// A user that is neither root nor known to the configuration.
const STRANGER: u32 = 54_321;

fn register(owner: &str, token: &str) -> v1::RegisterRequest {
    v1::RegisterRequest { owner: owner.to_owned(), token: token.to_owned(), ..Default::default() }
}

/// Code, text, details and headers: all that a client gets.
fn everything(status: &Status) -> (Code, String, Vec<u8>, Vec<String>) {
    let names = status.metadata().keys().map(|key| format!("{key:?}")).collect();
    (status.code(), status.message().to_owned(), status.details().to_vec(), names)
}

on_each_frr! {
    /// No part of the answer tells an owner that does not exist from one whose token is wrong, whatever is asked for.
    async fn an_unknown_owner_and_a_wrong_token_look_the_same(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let unknown = client.register(register("no-such-owner", &token(LB))).await.err().context("let in")?;
        let wrong = client.register(register(LB, "wrong")).await.err().context("let in")?;
        let of_another = client.register(register(LB, &token(CNI))).await.err().context("let in")?;
        assert_eq!(everything(&unknown), everything(&wrong));
        assert_eq!(everything(&unknown), everything(&of_another));
        Refusal::of(&unknown)?.expect(Code::Unauthenticated, "BAD_CREDENTIALS")?;
        assert!(!unknown.message().contains("no-such-owner"), "{unknown:?}");

        let prefix = request::advertise(LB, "203.0.113.1/32");
        let unknown = client.advertise_prefix(v1::AdvertisePrefixRequest { owner: "ghost".into(), ..prefix.clone() }).await;
        let wrong = client.advertise_prefix(v1::AdvertisePrefixRequest { token: "wrong".into(), ..prefix }).await;
        assert_eq!(unknown.err().map(|status| everything(&status)), wrong.err().map(|status| everything(&status)));
        assert!(scene.agent.status().await?.prefixes.is_empty());
        Ok(())
    }
}

on_each_frr! {
    /// Guessing ends after a while, and neither another owner nor the same owner from another user pays for it.
    async fn whoever_guesses_is_slowed_down_and_nobody_else(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        let known = guesses_until_slowed_down(&mut client, LB).await?;
        let unknown = guesses_until_slowed_down(&mut client, "no-such-owner").await?;
        assert!((FAILURES_MAX..FAILURES_MAX + 10).contains(&known), "{known} guesses");
        assert!(known.abs_diff(unknown) <= 5, "{known} guesses at an owner, {unknown} at nobody");

        let slowed = refused(client.register(register(LB, &token(LB))).await)?;
        let slowed = slowed.expect(Code::ResourceExhausted, "TOO_MANY_FAILURES")?;
        let seconds: u64 = slowed.about("retry_after_s")?.parse()?;
        assert!((1..=20).contains(&seconds), "{slowed:?}");
        client.register(request::register(CNI)).await?;
        client_as_any_user(&scene).await?.register(request::register(LB)).await?;

        wait_for("the owner to be let in again", Duration::from_secs(10), async || {
            Ok(client.clone().register(request::register(LB)).await.map(|_| Some(()))?)
        })
        .await
    }
}

async fn guesses_until_slowed_down(client: &mut novaroute_e2e::agent::Client, name: &str) -> Result<usize> {
    for guesses in 0..100 {
        let refusal = refused(client.register(register(name, &format!("guess-{guesses}"))).await)?;
        match refusal.code {
            Code::Unauthenticated => {}
            Code::ResourceExhausted => return Ok(guesses),
            _ => anyhow::bail!("{refusal:?}"),
        }
    }
    anyhow::bail!("nobody stopped 100 guesses")
}

/// The socket of the base configuration is for root and its group; here a stranger is let through for once.
async fn client_as_any_user(scene: &Scene) -> Result<novaroute_e2e::agent::Client> {
    client_as(&scene.agent.socket(), STRANGER, 0).await
}

on_each_frr! {
    /// A token may be text, a file or a digest. A file that changes changes the token; no token is ever printed.
    async fn a_token_may_come_from_a_file_or_as_a_digest(release) {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("token");
        std::fs::write(&file, "from-a-file\n")?;
        let digest: String = Sha256::digest("from-a-digest").iter().map(|byte| format!("{byte:02x}")).collect();
        let scene = Scene::with(release, |config| {
            config["owners"]["filed"] = json!({ "token_file": file });
            config["owners"]["hashed"] = json!({ "token_sha256": digest });
        })
        .await?;
        let mut client = scene.agent.client().await?;
        client.register(register("filed", "from-a-file")).await?;
        client.register(register("hashed", "from-a-digest")).await?;
        for (owner, wrong) in [("filed", "from-a-file\n"), ("filed", "from-a-digest"), ("hashed", digest.as_str())] {
            let refusal = refused(client.register(register(owner, wrong)).await)?;
            ensure!(matches!(refusal.code, Code::Unauthenticated | Code::InvalidArgument), "{owner}: {refusal:?}");
        }

        std::fs::write(&file, "changed")?;
        scene.agent.signal(Signal::HUP)?;
        let reloaded = async || Ok(scene.agent.log().contains("the new configuration is in force").then_some(()));
        wait_for("the reload", Duration::from_secs(5), reloaded).await?;
        client.register(register("filed", "changed")).await?;
        refused(client.register(register("filed", "from-a-file")).await)?
            .expect(Code::Unauthenticated, "BAD_CREDENTIALS")?;
        let log = scene.agent.log();
        for secret in ["from-a-file", "from-a-digest", "guess", &token(LB)] {
            ensure!(!log.contains(secret), "the log has {secret}");
        }
        Ok(())
    }
}

on_each_frr! {
    /// The kernel says which user is at the other end; a right token does not help the wrong user, not even root.
    async fn a_user_id_speaks_only_for_its_owners(release) {
        let scene = Scene::with(release, |config| {
            config["socket"] = json!({ "mode": "0666" });
            config["owners"]["bound"] = owner("bound", json!({ "uids": [12_345] }));
        })
        .await?;
        let socket = scene.agent.socket();
        let mut own = client_as(&socket, 12_345, 12_345).await?;
        own.register(request::register("bound")).await?;
        own.advertise_prefix(request::advertise("bound", "203.0.113.1/32")).await?;
        for uid in [0, STRANGER] {
            let mut other = client_as(&socket, uid, 0).await?;
            let refusal = refused(other.register(request::register("bound")).await)?;
            let refusal = refusal.expect(Code::PermissionDenied, "UID_NOT_ALLOWED")?;
            assert_eq!(refusal.about("uid")?, uid.to_string());
            refused(other.register(register("bound", "wrong")).await)?.expect(Code::Unauthenticated, "BAD_CREDENTIALS")?;
        }
        client_as(&socket, STRANGER, STRANGER).await?.register(request::register(LB)).await?;
        Ok(())
    }
}
