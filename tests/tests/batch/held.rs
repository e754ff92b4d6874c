//! What is held and by whom, read back.

use anyhow::{Context, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::{CNI, LB, token};
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{item, on_each_frr, request, v1};
use prost::Message as _;

use super::{apply, numbered, with_prefixes};

/// All intents of an owner, by pages of this size.
async fn listed(client: &mut Client, owner: &str, page_size: u32) -> Result<Vec<v1::HeldIntent>> {
    let mut intents = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListIntentsRequest { owner_filter: owner.to_owned(), page_size, page_token };
        let page = client.list_intents(request).await?.into_inner();
        ensure!(page.intents.len() <= page_size as usize, "{} on a page", page.intents.len());
        intents.extend(page.intents);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(intents);
        }
    }
}

on_each_frr! {
    /// Page by page each intent is there once, and asking for what was read changes nothing.
    async fn what_is_listed_asks_for_the_same(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let waits = v1::ApplyIntentsRequest { wait: v1::Wait::Advertised.into(), ..item::replace() };
        let mut items = with_prefixes(&scene, (1..=20).map(numbered));
        items.push(item::prefix("fd00:8::1/128", Some(9)));
        apply(&mut client, items, waits).await?;
        client.advertise_prefix(request::advertise(CNI, "10.8.0.9/32")).await?;

        let intents = listed(&mut client, LB, 7).await?;
        assert_eq!(intents, listed(&mut client, LB, 1_000).await?);
        assert_eq!(intents.len(), 23);
        let odd = intents.iter().find(|intent| intent.owner != LB || intent.programmed_at == 0 || intent.has_password);
        ensure!(odd.is_none(), "{odd:?}");
        ensure!(intents.iter().skip(2).all(|intent| intent.state == "advertised"), "{intents:?}");
        let items = intents.into_iter().filter_map(|intent| intent.intent).collect();
        let answer = apply(&mut client, items, item::replace()).await?;
        ensure!(item::words(&answer).iter().all(|word| word == "unchanged"), "{answer:?}");
        assert_eq!(listed(&mut client, "", 100).await?.len(), 24);
        Ok(())
    }

    /// Sessions and their clocks, counts by kind and state, refusals by reason; no secret anywhere.
    async fn owners_and_what_they_hold(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let password = "never-told".to_owned();
        let other = v1::BgpPeer { neighbor_address: "10.0.1.77".into(), password, ..scene.ebgp_peer() };
        client.apply_peer(request::apply_peer(LB, other)).await?;
        let ospf = v1::EnableOspfRequest {
            interface_name: "tor1".into(),
            area_id: "0".into(),
            authentication: v1::OspfAuthentication::Simple.into(),
            authentication_key: "nevertld".into(),
            ..Default::default()
        };
        client.enable_ospf(request::enable_ospf(LB, ospf)).await?;
        client.advertise_prefix(v1::AdvertisePrefixRequest {
            wait: v1::Wait::Advertised.into(),
            ..request::advertise(LB, "10.8.0.1/32")
        }).await?;
        client.register(v1::RegisterRequest { lease_s: 600, instance: "edge-0".into(), ..request::register(LB) }).await?;
        refused(client.handoff(request::handoff(CNI)).await)?;

        let owners = client.list_owners(v1::ListOwnersRequest::default()).await?.into_inner().owners;
        let names: Vec<_> = owners.iter().map(|owner| owner.owner.as_str()).collect();
        assert_eq!(names, ["admin", LB, CNI]);
        let lb = &owners[1];
        assert_eq!((lb.registered, lb.epoch, lb.lease_s, lb.instance.as_str()), (true, 1, 600, "edge-0"));
        let (lapses, expires) = (lb.lapses_in_ms.context("no clock")?, lb.expires_in_ms.context("no clock")?);
        ensure!((500_000..=600_000).contains(&lapses) && expires > lapses, "{lb:?}");
        let count = |kind: &str| lb.intents.iter().filter(|count| count.kind == kind).map(|count| count.count).sum::<u32>();
        assert_eq!((count("bgp_global"), count("peers"), count("prefixes")), (1, 2, 1));
        ensure!(lb.intents.iter().any(|count| count.kind == "prefixes" && count.state == "advertised"), "{lb:?}");
        let refusals: Vec<_> = owners[2].refusals.iter().map(|count| (count.reason.as_str(), count.count)).collect();
        assert_eq!(refusals, [("HANDOFF_NOT_PERMITTED", 1)]);
        ensure!(!owners[0].registered && owners[0].lapses_in_ms.is_none(), "{:?}", owners[0]);

        let intents = listed(&mut client, LB, 100).await?;
        ensure!(intents.iter().filter(|intent| intent.has_password).count() == 2, "{intents:?}");
        // As it goes over the wire: what Debug prints hides secrets by itself.
        let told = v1::ListIntentsResponse { intents, ..Default::default() }.encode_to_vec();
        let told = [told, v1::ListOwnersResponse { owners }.encode_to_vec()].concat();
        for secret in ["never-told", "nevertld", &token(LB)] {
            ensure!(!told.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "a secret was told: {secret}");
        }
        Ok(())
    }
}
