//! Permissions, policies and limits: each rule by its reason, and nothing refused ever reaches FRR.

use anyhow::{Context as _, Result, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::config::LB;
use novaroute_e2e::refusal::{Refusal, refused};
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{Daemon, on_each_frr, request, v1};
use serde_json::json;
use tonic::Code;

use crate::{networks, owner, settled};

const MARKER: &str = "198.51.100.99/32";

/// Owner, prefix, and the reason for which it is refused; `None`: it is allowed.
const PREFIXES: [(&str, &str, Option<&str>); 35] = [
    ("host", "10.1.0.1/32", None),
    ("host", "10.1.0.2/31", Some("PREFIX_TYPE_NOT_ALLOWED")),
    ("host", "2001:db8:1::1/128", None),
    ("host", "2001:db8:1::2/127", Some("PREFIX_TYPE_NOT_ALLOWED")),
    ("host", "0.0.0.0/0", Some("PREFIX_TYPE_NOT_ALLOWED")),
    ("subnet", "10.2.0.1/32", Some("PREFIX_TYPE_NOT_ALLOWED")),
    ("subnet", "10.2.0.2/31", None),
    ("subnet", "128.0.0.0/1", None),
    ("subnet", "0.0.0.0/0", Some("PREFIX_TYPE_NOT_ALLOWED")),
    ("subnet", "2001:db8:2::1/128", Some("PREFIX_TYPE_NOT_ALLOWED")),
    ("subnet", "2001:db8:2::2/127", None),
    ("subnet", "::/0", Some("PREFIX_TYPE_NOT_ALLOWED")),
    ("any", "10.3.0.1/32", None),
    ("any", "10.3.1.0/24", None),
    ("any", "2001:db8:3::1/128", None),
    ("any", "2001:db8:3::/48", None),
    ("any", "0.0.0.0/0", Some("PREFIX_TYPE_NOT_ALLOWED")),
    ("any", "::/0", Some("PREFIX_TYPE_NOT_ALLOWED")),
    ("default", "0.0.0.0/0", None),
    ("default", "::/0", None),
    ("inside", "10.4.0.0/16", None),
    ("inside", "10.4.255.255/32", None),
    ("inside", "10.5.0.0/32", Some("PREFIX_NOT_IN_ALLOWED_CIDRS")),
    ("inside", "10.4.0.0/15", Some("PREFIX_NOT_IN_ALLOWED_CIDRS")),
    ("inside", "2001:db8:4::/64", None),
    ("inside", "2001:db8:5::/64", Some("PREFIX_NOT_IN_ALLOWED_CIDRS")),
    ("inside", "::ffff:10.4.0.1/128", Some("INVALID_FIELD")),
    ("lengths", "10.6.0.0/23", Some("PREFIX_LENGTH_NOT_ALLOWED")),
    ("lengths", "10.6.0.0/24", None),
    ("lengths", "10.6.1.0/28", None),
    ("lengths", "10.6.2.0/29", Some("PREFIX_LENGTH_NOT_ALLOWED")),
    ("lengths", "2001:db8:6::/63", Some("PREFIX_LENGTH_NOT_ALLOWED")),
    ("lengths", "2001:db8:6::/64", None),
    ("lengths", "2001:db8:6:1::1/128", None),
    ("lengths", "2001:db8::/32", Some("PREFIX_LENGTH_NOT_ALLOWED")),
];

on_each_frr! {
    /// Each type, CIDR and length rule at its edges, for both families.
    async fn prefixes_are_held_to_type_cidr_and_length(release) {
        let scene = Scene::with(release, |config| {
            for (name, rule) in [
                ("host", json!({ "type": "host_only" })),
                ("subnet", json!({ "type": "subnet" })),
                ("any", json!({ "type": "any" })),
                ("default", json!({ "type": "any", "allow_default_route": true })),
                ("inside", json!({ "allowed_cidrs": ["10.4.0.0/16", "2001:db8:4::/48"] })),
                ("lengths", json!({ "min_length": { "ipv4": 24, "ipv6": 64 }, "max_length": { "ipv4": 28 } })),
            ] {
                config["owners"][name] = owner(name, json!({ "allowed_prefixes": rule }));
            }
        })
        .await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp("any", 65_001, "10.0.1.1")).await?;
        let mut allowed = vec![MARKER.to_owned()];
        for (owner, prefix, reason) in PREFIXES {
            let answer = client.advertise_prefix(request::advertise(owner, prefix)).await;
            match reason {
                None => {
                    answer.with_context(|| format!("{owner} {prefix}"))?;
                    allowed.push(prefix.to_owned());
                }
                Some("INVALID_FIELD") => ensure!(refused(answer)?.fields == ["prefix"], "{owner} {prefix}"),
                Some(reason) => {
                    let refusal = refused(answer)?.expect(Code::PermissionDenied, reason)?;
                    ensure!(refusal.message.contains(prefix), "{refusal:?}");
                    refusal.about("rule")?;
                    refusal.about("allowed")?;
                }
            }
        }
        settled(&scene.agent, &mut client, &request::advertise("any", MARKER)).await?;
        let mut networks = networks(&scene.node).await?;
        networks.sort();
        allowed.sort();
        assert_eq!(networks, allowed);
        Ok(())
    }
}

/// The five kinds, each as a request that would otherwise be fine.
async fn ask(client: &mut Client, owner: &str, kind: &str) -> Result<Option<Refusal>> {
    let refusal = match kind {
        "bgp_global" => client.configure_bgp(request::configure_bgp(owner, 65_001, "10.0.1.1")).await.err(),
        "peers" => client.apply_peer(request::apply_peer(owner, peer("10.0.1.2", 65_100))).await.err(),
        "prefixes" => client.advertise_prefix(request::advertise(owner, "10.9.0.1/32")).await.err(),
        "bfd" => client.enable_bfd(request::enable_bfd(owner, bfd("10.0.1.2", "tor1"))).await.err(),
        _ => client.enable_ospf(request::enable_ospf(owner, ospf("tor1"))).await.err(),
    };
    refusal.as_ref().map(Refusal::of).transpose()
}

/// A removal of the same kind; nothing of it is held.
async fn remove(client: &mut Client, owner: &str, kind: &str) -> Result<Refusal> {
    match kind {
        "peers" => refused(client.remove_peer(request::remove_peer(owner, "10.0.9.9")).await),
        "prefixes" => refused(client.withdraw_prefix(request::withdraw(owner, "10.9.9.9/32", v1::Protocol::Bgp)).await),
        "bfd" => refused(client.disable_bfd(request::disable_bfd(owner, "10.0.9.9")).await),
        _ => refused(client.disable_ospf(request::disable_ospf(owner, "none0")).await),
    }
}

fn peer(address: &str, remote_as: u32) -> v1::BgpPeer {
    v1::BgpPeer { neighbor_address: address.to_owned(), remote_as, ..Default::default() }
}

fn bfd(address: &str, interface: &str) -> v1::EnableBfdRequest {
    let interface_name = interface.to_owned();
    v1::EnableBfdRequest { peer_address: address.to_owned(), interface_name, ..Default::default() }
}

fn ospf(interface: &str) -> v1::EnableOspfRequest {
    v1::EnableOspfRequest { interface_name: interface.to_owned(), area_id: "0".to_owned(), ..Default::default() }
}

on_each_frr! {
    /// An owner with one kind can do that and nothing else; the error names the kind and what is permitted.
    async fn permissions_are_per_kind(release) {
        const KINDS: [&str; 5] = ["bgp_global", "peers", "prefixes", "bfd", "ospf"];
        let scene = Scene::with(release, |config| {
            for kind in KINDS {
                let name = format!("only-{kind}");
                config["owners"][&name] = owner(&name, json!({ "permissions": [kind] }));
            }
        })
        .await?;
        let mut client = scene.agent.client().await?;
        for permitted in KINDS {
            let owner = format!("only-{permitted}");
            for kind in KINDS {
                let refusal = ask(&mut client, &owner, kind).await?;
                if kind == permitted {
                    assert_eq!(refusal, None, "{owner}");
                    continue;
                }
                let refusal = refusal.with_context(|| format!("{owner} may use {kind}"))?;
                let refusal = refusal.expect(Code::PermissionDenied, "KIND_NOT_PERMITTED")?;
                assert_eq!((refusal.about("rule")?, refusal.about("allowed")?), ("permissions", permitted));
                if kind != "bgp_global" {
                    remove(&mut client, &owner, kind).await?.expect(Code::PermissionDenied, "KIND_NOT_PERMITTED")?;
                }
            }
            client.register(request::register(&owner)).await?;
        }
        Ok(())
    }
}

on_each_frr! {
    /// Communities, interfaces, peers and AS numbers outside the lists are refused; what is inside reaches FRR.
    async fn lists_of_what_is_allowed_bite(release) {
        let scene = Scene::with(release, |config| {
            config["owners"]["bound"] = owner(
                "bound",
                json!({
                    "allowed_communities": ["65000:1", "no-export"], "allowed_interfaces": ["tor1"],
                    "allowed_peers": ["10.0.1.0/24", "fd00:1::/64"], "allowed_remote_as": [65100],
                }),
            );
        })
        .await?;
        let mut client = scene.agent.client().await?;
        client.configure_bgp(request::configure_bgp("bound", 65_001, "10.0.1.1")).await?;
        let with = |list: &[&str]| {
            let communities = list.iter().map(|text| (*text).to_owned()).collect();
            let attributes = v1::PrefixAttributes { communities, ..Default::default() };
            request::advertise_with("bound", "10.9.0.1/32", attributes)
        };
        client.advertise_prefix(with(&["65000:1", "65535:65281"])).await?;
        let refusal = refused(client.advertise_prefix(with(&["65000:1", "65000:2"])).await)?;
        let refusal = refusal.expect(Code::PermissionDenied, "COMMUNITY_NOT_ALLOWED")?;
        assert!(refusal.message.contains("65000:2") && refusal.about("allowed")?.contains("65000:1"), "{refusal:?}");

        client.apply_peer(request::apply_peer("bound", peer("10.0.1.2", 65_100))).await?;
        let refusal = refused(client.apply_peer(request::apply_peer("bound", peer("10.0.1.3", 65_101))).await)?;
        refusal.expect(Code::PermissionDenied, "REMOTE_AS_NOT_ALLOWED")?;
        for address in ["10.0.2.2", "fd00:2::2"] {
            let refusal = refused(client.apply_peer(request::apply_peer("bound", peer(address, 65_100))).await)?;
            refusal.expect(Code::PermissionDenied, "PEER_NOT_ALLOWED")?;
            let refusal = refused(client.enable_bfd(request::enable_bfd("bound", bfd(address, ""))).await)?;
            refusal.expect(Code::PermissionDenied, "PEER_NOT_ALLOWED")?;
        }
        let refusal = refused(client.enable_ospf(request::enable_ospf("bound", ospf("lo"))).await)?;
        refusal.expect(Code::PermissionDenied, "INTERFACE_NOT_ALLOWED")?;
        let refusal = refused(client.enable_bfd(request::enable_bfd("bound", bfd("10.0.1.9", "lo"))).await)?;
        refusal.expect(Code::PermissionDenied, "INTERFACE_NOT_ALLOWED")?;
        client.enable_ospf(request::enable_ospf("bound", ospf("tor1"))).await?;
        settled(&scene.agent, &mut client, &request::advertise("bound", MARKER)).await?;
        let bgpd = scene.running(Daemon::Bgpd).await?;
        assert!(bgpd.contains("65000:1") && !bgpd.contains("65000:2") && !bgpd.contains("10.0.2.2"), "{bgpd}");
        Ok(())
    }
}

on_each_frr! {
    /// A limit counts what is held: an upsert is free, a withdrawal makes room, another owner has its own.
    async fn limits_count_what_is_held(release) {
        let scene = Scene::with(release, |config| {
            config["owners"]["small"] = owner("small", json!({ "max_prefixes": 2, "max_peers": 1 }));
        })
        .await?;
        let mut client = scene.agent.client().await?;
        let advertise = |prefix: &str| request::advertise("small", prefix);
        client.advertise_prefix(advertise("10.9.0.1/32")).await?;
        client.advertise_prefix(request::advertise_ospf("small", "10.9.0.2/32")).await?;
        let refusal = refused(client.advertise_prefix(advertise("10.9.0.3/32")).await)?;
        let refusal = refusal.expect(Code::ResourceExhausted, "LIMIT_REACHED")?;
        assert_eq!((refusal.about("limit")?, refusal.about("held")?), ("2", "2"));
        client.advertise_prefix(advertise("10.9.0.1/32")).await?;
        client.withdraw_prefix(request::withdraw("small", "10.9.0.1/32", v1::Protocol::Bgp)).await?;
        client.advertise_prefix(advertise("10.9.0.3/32")).await?;

        client.apply_peer(request::apply_peer("small", peer("10.0.1.2", 65_100))).await?;
        client.apply_peer(request::apply_peer("small", peer("10.0.1.2", 65_101))).await?;
        let refusal = refused(client.apply_peer(request::apply_peer("small", peer("10.0.1.3", 65_100))).await)?;
        refusal.expect(Code::ResourceExhausted, "LIMIT_REACHED")?;
        client.apply_peer(request::apply_peer(LB, peer("10.0.1.3", 65_100))).await?;
        Ok(())
    }
}

on_each_frr! {
    /// Of several things that are wrong with a request the first in the order parse, token, permission, policy, conflict is
    /// told, so that nobody learns of what it may not see.
    async fn checks_come_in_their_order(release) {
        let scene = Scene::with(release, |config| {
            config["owners"]["bound"] = owner("bound", json!({
                "permissions": ["prefixes"], "max_prefixes": 1, "allowed_prefixes": { "allowed_cidrs": ["10.9.0.0/24"] },
            }));
        })
        .await?;
        let mut client = scene.agent.client().await?;
        client.advertise_prefix(request::advertise(LB, "10.9.0.1/32")).await?;
        client.advertise_prefix(request::advertise(LB, "10.8.0.1/32")).await?;
        client.apply_peer(request::apply_peer(LB, peer("10.0.1.2", 65_100))).await?;

        let forged = |mut message: v1::ApplyPeerRequest| {
            message.token = "wrong".into();
            message
        };
        let malformed = forged(request::apply_peer("bound", peer("10.0.1.2", 0)));
        refused(client.apply_peer(malformed).await)?.expect(Code::InvalidArgument, "INVALID_FIELD")?;
        let guessed = forged(request::apply_peer("bound", peer("10.0.1.2", 65_100)));
        refused(client.apply_peer(guessed).await)?.expect(Code::Unauthenticated, "BAD_CREDENTIALS")?;
        let held = request::apply_peer("bound", peer("10.0.1.2", 65_100));
        refused(client.apply_peer(held).await)?.expect(Code::PermissionDenied, "KIND_NOT_PERMITTED")?;
        let outside = request::advertise("bound", "10.8.0.1/32");
        refused(client.advertise_prefix(outside).await)?.expect(Code::PermissionDenied, "PREFIX_NOT_IN_ALLOWED_CIDRS")?;
        let taken = request::advertise("bound", "10.9.0.1/32");
        refused(client.advertise_prefix(taken).await)?.expect(Code::AlreadyExists, "HELD_BY_ANOTHER")?;
        Ok(())
    }
}
