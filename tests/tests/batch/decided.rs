//! What is accepted, what is not, and what a replacement takes.

use anyhow::{Context as _, ensure};
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::executed::Executions;
use novaroute_e2e::quiet::Quiet;
use novaroute_e2e::refusal::refused;
use novaroute_e2e::scene::{Scene, TIMEOUT};
use novaroute_e2e::{item, on_each_frr, request, v1};
use tonic::Code;

use super::{apply, numbered, session, with_prefixes};

fn atomic() -> v1::ApplyIntentsRequest {
    v1::ApplyIntentsRequest { atomic: true, ..Default::default() }
}

on_each_frr! {
    /// A bad item is told as the single call tells it, and the others are done.
    async fn a_bad_item_does_not_stop_the_good_ones(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        client.advertise_prefix(request::advertise(CNI, "10.8.0.9/32")).await?;
        let items = vec![
            item::prefix("10.8.0.1/32", Some(5)),
            item::prefix("10.8.0.9/32", None),
            item::prefix("10.8.0.2/33", None),
            item::withdraw("10.8.0.3/32"),
            item::prefix("10.8.0.1/32", None),
            v1::IntentItem::default(),
        ];
        let answer = apply(&mut client, items, v1::ApplyIntentsRequest::default()).await?;
        let refused_as = ["HELD_BY_ANOTHER", "INVALID_FIELD", "NOT_HELD", "NAMED_TWICE", "INVALID_FIELD"];
        assert_eq!(item::words(&answer), [&["changed"][..], &refused_as].concat());
        let keys: Vec<_> = answer.results.iter().map(|result| result.key.as_str()).collect();
        let [one, nine, three] = ["prefix bgp 10.8.0.1/32", "prefix bgp 10.8.0.9/32", "prefix bgp 10.8.0.3/32"];
        assert_eq!(keys, [one, nine, "", three, one, ""]);
        let single = refused(client.advertise_prefix(request::advertise(LB, "10.8.0.9/32")).await)?;
        let told = answer.results[1].error.clone().unwrap_or_default();
        assert_eq!((told.code, told.message, told.metadata), (single.code as i32, single.message, single.metadata));
        let fields = answer.results[2].error.iter().flat_map(|error| &error.fields);
        assert_eq!(fields.map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["prefix"]);
        let path = scene.tor.router.wait_bgp_route("10.8.0.1/32", TIMEOUT).await?;
        ensure!(path[0]["metric"] == 5, "{path:?}");
        Ok(())
    }

    /// One bad item, and nothing is done: every item that is at fault is named.
    async fn all_or_nothing(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let log = Executions::start(&scene.node).await?;
        let bad = [item::prefix("10.8.0.1/32", None), item::withdraw("10.8.0.3/32"), item::prefix("10.8.0.2/33", None)];
        let refusal = refused(client.apply_intents(item::apply(LB, bad.to_vec(), atomic())).await)?;
        let refusal = refusal.expect(Code::NotFound, "NOT_HELD")?;
        assert_eq!((refusal.about("item")?, refusal.about("refused")?), ("1", "2"));
        assert_eq!(refusal.fields, ["items[1].withdraw_prefix", "items[2].advertise_prefix.prefix"]);
        let status = scene.agent.status().await?;
        ensure!(status.prefixes.is_empty() && log.lines().await?.is_empty(), "{status:?}");
        apply(&mut client, bad[..1].to_vec(), atomic()).await?;
        scene.tor.router.wait_bgp_route("10.8.0.1/32", TIMEOUT).await.map(drop)
    }

    /// A replacement sends the lines of the difference and no others; the peer is told of nothing else.
    async fn a_replacement_is_the_difference(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let first = with_prefixes(&scene, (1..=20).map(numbered));
        let waits = v1::ApplyIntentsRequest { wait: v1::Wait::Advertised.into(), ..item::replace() };
        apply(&mut client, first.clone(), waits.clone()).await?;

        let quiet = Quiet::watch(&scene).await?;
        let answer = apply(&mut client, first, item::replace()).await?;
        ensure!(item::words(&answer).iter().all(|word| word == "unchanged"), "{answer:?}");
        ensure!(answer.removed.is_empty(), "{answer:?}");
        quiet.no_line().await?;
        quiet.no_update(&scene, &mut client).await?;

        let log = Executions::start(&scene.node).await?;
        let before = log.lines().await?.len();
        let answer = apply(&mut client, with_prefixes(&scene, (3..=21).map(numbered)), waits).await?;
        let gone = ["10.64.0.1/32", "10.64.0.2/32", "10.66.9.9/32"].map(|prefix| format!("prefix bgp {prefix}"));
        assert_eq!(answer.removed, gone);
        let sent: Vec<_> = log.lines().await?.split_off(before).into_iter().map(|executed| executed.line).collect();
        let networks: Vec<_> = sent.iter().filter(|line| line.contains("network ")).collect();
        ensure!(networks.len() == 4, "{sent:#?}");
        ensure!(networks.iter().any(|line| line.starts_with("network 10.64.0.21/32")), "{sent:#?}");
        scene.tor.router.wait_bgp_no_route("10.64.0.1/32", TIMEOUT).await
    }

    /// More than half, and more than ten, only if it is confirmed; nor does the instance go from under what is asked for.
    async fn a_replacement_that_takes_too_much_wants_to_be_confirmed(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        apply(&mut client, with_prefixes(&scene, (1..=20).map(numbered)), item::replace()).await?;
        let few = || with_prefixes(&scene, (1..=4).map(numbered));
        let refusal = refused(client.apply_intents(item::apply(LB, few(), item::replace())).await)?;
        let refusal = refusal.expect(Code::FailedPrecondition, "SWEEP_TOO_LARGE")?;
        assert_eq!((refusal.about("removals")?, refusal.about("held")?), ("16", "22"));
        let without = (1..=20).map(|number| item::prefix(&numbered(number), None)).collect();
        let refusal = refused(client.apply_intents(item::apply(LB, without, item::replace())).await)?;
        refusal.expect(Code::FailedPrecondition, "SWEEP_TOO_LARGE")?;
        assert_eq!(scene.agent.status().await?.prefixes.len(), 20);
        let confirmed = v1::ApplyIntentsRequest { confirm_removals: true, ..item::replace() };
        assert_eq!(apply(&mut client, few(), confirmed).await?.removed.len(), 16);
        scene.tor.router.wait_bgp_no_route(&numbered(20), TIMEOUT).await
    }

    /// What a bad item names stays; where it is not known what it names, everything does.
    async fn a_bad_item_is_no_reason_to_withdraw(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        apply(&mut client, with_prefixes(&scene, (1..=3).map(numbered)), item::replace()).await?;
        let mut items = with_prefixes(&scene, [numbered(1)]);
        let far = v1::PrefixAttributes { next_hop: "fd00::1".to_owned(), ..Default::default() };
        let mut bad = request::advertise_with("", &numbered(2), far);
        bad.token.clear();
        items.push(item::item(v1::intent_item::Change::AdvertisePrefix(bad)));
        items.push(item::prefix("10.64.0.3", None));
        let answer = apply(&mut client, items.clone(), item::replace()).await?;
        assert_eq!((answer.removed.len(), answer.kept), (0, 1));
        items.pop();
        let answer = apply(&mut client, items, item::replace()).await?;
        assert_eq!((answer.removed, answer.kept), (vec![format!("prefix bgp {}", numbered(3))], 0));
        scene.prefix_state(&numbered(2), "advertised").await.map(drop)
    }

    /// A dry run has the lines of all of it, and nothing is done.
    async fn a_dry_run_shows_the_lines_of_all_items(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let log = Executions::start(&scene.node).await?;
        let dry = v1::ApplyIntentsRequest { dry_run: true, confirm_within_s: 600, ..item::replace() };
        let answer = apply(&mut client, with_prefixes(&scene, (1..=3).map(numbered)), dry).await?;
        assert_eq!(item::words(&answer), ["unchanged", "unchanged", "changed", "changed", "changed"]);
        let plan = answer.plan.context("no plan")?;
        let networks = plan.lines.iter().filter(|line| line.line.starts_with("network ")).count();
        ensure!(networks == 3 && answer.change_id.is_empty(), "{plan:#?}");
        let status = scene.agent.status().await?;
        ensure!(status.prefixes.is_empty() && status.pending_changes.is_empty(), "{status:?}");
        ensure!(log.lines().await?.is_empty());
        Ok(())
    }

    /// An agent that is killed after a batch comes back with all of it, and sends nothing.
    async fn a_batch_outlives_the_agent(release) {
        let (mut scene, mut client) = Scene::with_bgp(release).await?;
        let items = [session(&scene), vec![item::prefix(&numbered(1), Some(7)), item::prefix(&numbered(2), None)]].concat();
        let waits = v1::ApplyIntentsRequest { wait: v1::Wait::Advertised.into(), ..item::replace() };
        apply(&mut client, items.clone(), waits).await?;
        let log = Executions::start(&scene.node).await?;
        scene.agent.kill().await?;
        scene.agent.respawn()?;
        scene.agent.wait_ready().await?;
        let mut client = scene.agent.client().await?;
        let answer = apply(&mut client, items, item::replace()).await?;
        ensure!(item::words(&answer).iter().all(|word| word == "unchanged"), "{answer:?}");
        ensure!(log.lines().await?.is_empty(), "{:?}", log.lines().await?);
        Ok(())
    }
}
