//! Register and Deregister.

use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{on_each_frr, request};

on_each_frr! {
    /// Registering says what is held, in canonical form and sorted; leaving keeps it unless asked otherwise, and then
    /// only what was the owner's goes.
    async fn registering_tells_what_is_held_and_leaving_keeps_or_withdraws_it(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let empty = client.register(request::register(CNI)).await?.into_inner();
        assert!(empty.current_prefixes.is_empty() && empty.current_peers.is_empty() && !empty.session_id.is_empty());
        for prefix in ["10.9.4.2/32", "2001:DB8:4::1/64", "10.9.4.1/32"] {
            client.advertise_prefix(request::advertise(CNI, prefix)).await?;
        }
        client.advertise_prefix(request::advertise(LB, "10.9.4.100/32")).await?;
        let again = client.register(request::register(CNI)).await?.into_inner();
        assert_ne!(again.session_id, empty.session_id);
        assert_eq!(again.current_prefixes, ["10.9.4.1/32", "10.9.4.2/32", "2001:db8:4::/64"]);
        let other = client.register(request::register(LB)).await?.into_inner();
        assert_eq!((other.current_prefixes, other.current_peers), (vec!["10.9.4.100/32".into()], vec!["10.0.1.2".into()]));

        client.deregister(request::deregister(CNI, false)).await?;
        scene.tor.router.wait_bgp_route("10.9.4.1/32", TIMEOUT).await?;
        scene.tor.router.wait_bgp_route("2001:db8:4::/64", TIMEOUT).await?;
        assert_eq!(scene.agent.metric("novaroute_registered_owners").await?, 1.0);

        client.deregister(request::deregister(CNI, true)).await?;
        for prefix in ["10.9.4.1/32", "10.9.4.2/32", "2001:db8:4::/64"] {
            scene.tor.router.wait_bgp_no_route(prefix, TIMEOUT).await?;
        }
        scene.tor.router.wait_bgp_route("10.9.4.100/32", TIMEOUT).await?;
        scene.established(scene.tor.ipv4.into()).await?;

        client.deregister(request::deregister(LB, true)).await?;
        scene.tor.router.wait_bgp_no_route("10.9.4.100/32", TIMEOUT).await?;
        let status = scene.agent.status().await?;
        assert!(status.prefixes.is_empty() && status.peers.is_empty(), "{status:?}");
        client.advertise_prefix(request::advertise(CNI, "10.9.4.1/32")).await?;
        Ok(())
    }
}
