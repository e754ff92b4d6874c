//! What resources ask for arrives, and what they no longer ask for goes.

use anyhow::ensure;
use novaroute_e2e::on_each_frr;
use novaroute_operator::crd::{NovaRouteAdvertisement, NovaRoutePeer};
use serde_json::json;

use crate::stage::Stage;

on_each_frr! {
    /// A peer whose values are the node's own, fixed prefixes, pod CIDRs, attributes; then less and less of it.
    async fn resources_arrive_at_the_router_of_the_rack(release) {
        let stage = Stage::start(release, &[]).await?;
        let tor = stage.tor.ipv4.to_string();
        stage.node(|node| {
            node["metadata"]["annotations"] = json!({"example.com/tor": tor});
            node["metadata"]["labels"]["example.com/tor-as"] = json!("65100");
            node["spec"]["podCIDRs"] = json!(["10.244.7.0/24", "fd00:7::/64"]);
        })
        .await?;
        stage.peer("rack", |spec| {
            spec["address"].take();
            spec["remoteAs"].take();
            spec.as_object_mut().into_iter().for_each(|fields| fields.retain(|_, value| !value.is_null()));
            spec["addressFrom"] = json!({"annotation": "example.com/tor"});
            spec["remoteAsFrom"] = json!({"label": "example.com/tor-as"});
        })
        .await?;
        stage.established().await?;

        let attributes = json!({"med": 0, "communities": ["65001:7"]});
        let spec = json!({"prefixes": ["203.0.113.7/32"], "podCIDRs": {}, "attributes": attributes});
        stage.advertise("own", spec).await?;
        for prefix in ["203.0.113.7/32", "10.244.7.0/24", "fd00:7::/64"] {
            let path = stage.arrived(prefix).await?;
            ensure!(path["community"]["string"] == "65001:7" && path["metric"] == 0, "{path:#}");
        }
        let told = stage.told("three are announced", |status| status.prefixes.advertised == 3).await?;
        assert_eq!((told.sessions_established, told.prefixes.not_advertised.as_slice()), (1, [].as_slice()));
        let session = &told.sessions[0];
        assert_eq!((session.address.as_str(), session.state.as_str()), (tor.as_str(), "Established"));
        assert!(session.since.is_some() && told.agent_version.is_some() && told.frr_version.is_some(), "{told:#?}");
        stage.condition("Ready", "True", "AsAskedFor").await?;
        stage.condition("FRRConnected", "True", "DaemonsAnswer").await?;

        stage.advertise("own", json!({"prefixes": ["203.0.113.7/32"]})).await?;
        stage.gone("10.244.7.0/24").await?;
        let path = stage.arrived("203.0.113.7/32").await?;
        ensure!(path["community"].is_null(), "{path:#}");
        stage.delete::<NovaRouteAdvertisement>("own").await?;
        stage.gone("203.0.113.7/32").await?;
        stage.delete::<NovaRoutePeer>("rack").await?;
        stage.told("no session is left", |status| status.sessions.is_empty()).await?;
        stage.end().await
    }

    /// Of resources for other nodes nothing is asked; a label makes it this node.
    async fn a_node_has_what_its_labels_say(release) {
        let stage = Stage::with_peer(release, &[]).await?;
        let other = json!({"matchExpressions": [{"key": "example.com/edge", "operator": "Exists"}]});
        // The stage's own selector is laid under it.
        let name = stage.own("edge");
        let resource = json!({
            "apiVersion": "novaroute.io/v1alpha1", "kind": "NovaRouteAdvertisement", "metadata": {"name": name},
            "spec": {"nodeSelector": other, "prefixes": ["203.0.113.2/32"]},
        });
        let api = kube::Api::<NovaRouteAdvertisement>::all(stage.server.client.clone());
        api.patch(&name, &kube::api::PatchParams::apply("kubectl"), &kube::api::Patch::Apply(resource)).await?;
        stage.advertise("all", json!({"prefixes": ["203.0.113.1/32"]})).await?;
        stage.arrived("203.0.113.1/32").await?;
        ensure!(stage.tor.router.bgp_paths("203.0.113.2/32").await?.is_empty());
        stage.node(|node| node["metadata"]["labels"]["example.com/edge"] = json!("")).await?;
        stage.arrived("203.0.113.2/32").await?;
        stage.node(|_| {}).await?;
        stage.gone("203.0.113.2/32").await?;
        stage.delete::<NovaRouteAdvertisement>("edge").await?;
        stage.end().await
    }

    /// The password of a peer is in a Secret, also when it changes.
    async fn a_password_follows_its_secret(release) {
        let stage = Stage::start(release, &[]).await?;
        let password = |word: &str| format!("neighbor {} password {word}", stage.tor.node_ipv4);
        let lines = |word: &str| ["router bgp 65100".to_owned(), password(word)];
        stage.tor.router.configure(novaroute_e2e::Daemon::Bgpd, &lines("quince-1")).await?;
        stage.peer("rack", |spec| spec["passwordSecretRef"] = json!({"name": "rack", "key": "md5"})).await?;
        let missing = stage.condition("Ready", "False", "Problems").await?;
        ensure!(missing.contains("spec.passwordSecretRef: there is no Secret \"rack\""), "{missing}");
        stage.secret("rack", json!({"md5": "quince-1\n"})).await?;
        stage.established().await?;
        stage.condition("Ready", "True", "AsAskedFor").await?;

        stage.tor.router.configure(novaroute_e2e::Daemon::Bgpd, &lines("quince-2")).await?;
        stage.secret("rack", json!({"md5": "quince-2"})).await?;
        novaroute_e2e::wait_for("the node to have the second", crate::stage::TIMEOUT, async || {
            let running = stage.running(novaroute_e2e::Daemon::Bgpd).await?;
            Ok(running.contains(" password quince-2").then_some(()))
        })
        .await?;
        stage.established().await?;
        ensure!(!stage.log().contains("quince"), "the password is in a log");
        stage.end().await
    }
}
