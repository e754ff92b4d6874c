//! A dry run changes nothing, and the real call sends what it said.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use novaroute_e2e::agent::Client;
use novaroute_e2e::bfd::Timers;
use novaroute_e2e::config::{CNI, LB};
use novaroute_e2e::events::Events;
use novaroute_e2e::executed::Executions;
use novaroute_e2e::refusal::Refusal;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::tor::{NODE_AS, TOR_AS, bgp_session};
use novaroute_e2e::{Daemon, on_each_frr, request, v1, wait_for};
use tonic::Code;

use super::sent;

const PASSWORD: &str = "s3cret-of-the-rack";

/// What holds calls to their plans.
struct Stage {
    scene: Scene,
    client: Client,
    executions: Executions,
    /// Lines that were executed before.
    seen: usize,
}

impl Stage {
    async fn on(scene: Scene, client: Client) -> Result<Self> {
        let executions = Executions::start(&scene.node).await?;
        Ok(Self { scene, client, executions, seen: 0 })
    }

    /// FRR was sent nothing since, and the agent keeps what it kept.
    async fn is_untouched(&mut self, journal: &[u8]) -> Result<()> {
        let sent = sent(&self.executions).await?.split_off(self.seen);
        ensure!(sent.is_empty(), "a dry run sent {sent:#?}");
        ensure!(self.journal()? == journal, "a dry run was journaled");
        Ok(())
    }

    fn journal(&self) -> Result<Vec<u8>> {
        Ok(fs::read(self.scene.agent.dir().join("state/journal"))?)
    }

    /// FRR was sent the lines of the plan since, in this order, and no others.
    async fn was_sent(&mut self, plan: &v1::Plan) -> Result<()> {
        let lines = sent(&self.executions).await?;
        let since: Vec<String> = lines[self.seen..].iter().map(|line| shown(line)).collect();
        self.seen = lines.len();
        let planned = executed_as(plan);
        ensure!(since == planned, "executed:\n{}\nplanned:\n{}", since.join("\n"), planned.join("\n"));
        Ok(())
    }
}

/// Has a call planned, sees that nothing came of that, makes it, and holds what FRR executed to the plan.
macro_rules! as_planned {
    ($stage:expr, $method:ident, $request:expr) => {{
        let mut request = $request;
        let journal = $stage.journal()?;
        request.dry_run = true;
        let plan = $stage.client.$method(request.clone()).await?.into_inner().plan.context("no plan")?;
        $stage.is_untouched(&journal).await?;
        request.dry_run = false;
        request.wait = v1::Wait::Programmed.into();
        let answer = $stage.client.$method(request).await?.into_inner();
        ensure!(answer.plan.is_none(), "a plan without a dry run");
        $stage.was_sent(&plan).await?;
        plan
    }};
}

/// A line as FRR logged it, in the words of a plan.
fn shown(executed: &str) -> String {
    let line = executed.replace("mgmtd: ", "staticd: ");
    line.replace(&format!("password {PASSWORD}"), "password ********")
}

/// A plan as FRR logs it: lines that lead to a context come before the first line in it.
fn executed_as(plan: &v1::Plan) -> Vec<String> {
    let mut executed = Vec::new();
    let mut at: Option<(&str, Vec<String>)> = None;
    for line in &plan.lines {
        let here = (line.daemon.as_str(), line.context.clone());
        if at.as_ref() != Some(&here) {
            executed.extend(line.context.iter().map(|line| format!("{}: {line}", here.0)));
        }
        executed.push(format!("{}: {}", line.daemon, line.line));
        let mut inside = here.1.clone();
        inside.push(line.line.clone());
        let opens = plan.lines.iter().any(|other| other.daemon == line.daemon && other.context == inside);
        at = Some((here.0, if opens { inside } else { here.1 }));
    }
    executed
}

fn effect(plan: &v1::Plan) -> v1::Effect {
    plan.effect()
}

fn resets(plan: &v1::Plan) -> Vec<(&str, bool)> {
    plan.resets.iter().map(|reset| (reset.intent.as_str(), reset.up)).collect()
}

on_each_frr! {
    /// From nothing to everything and back, kind by kind: each plan is what FRR executes.
    async fn a_plan_is_what_is_sent(release) {
        let scene = Scene::new(release).await?;
        let client = scene.agent.client().await?;
        let mut stage = Stage::on(scene, client).await?;
        let peer = stage.scene.ebgp_peer();
        let waits = stage.client.apply_peer(v1::ApplyPeerRequest {
            dry_run: true,
            ..request::apply_peer(LB, peer.clone())
        });
        let waits = waits.await?.into_inner().plan.context("no plan")?;
        assert_eq!((waits.lines.len(), waits.waiting.len()), (0, 1), "{waits:?}");
        assert!(waits.waiting[0].reason.starts_with("BGP_NOT_CONFIGURED"), "{waits:?}");

        as_planned!(stage, configure_bgp, request::configure_bgp(LB, NODE_AS, "10.0.1.1"));
        let timers = Timers::new(200, 200, 4);
        let protected = timers.protecting(v1::BgpPeer { password: PASSWORD.into(), ..peer.clone() });
        let plan = as_planned!(stage, apply_peer, request::apply_peer(LB, protected));
        assert_eq!((effect(&plan), resets(&plan)), (v1::Effect::None, vec![]), "nobody has a session yet");
        assert!(!format!("{plan:?}").contains(PASSWORD), "{plan:?}");
        let attributes = v1::PrefixAttributes { med: 30, communities: vec!["65001:7".into()], ..Default::default() };
        as_planned!(stage, advertise_prefix, request::advertise(LB, "10.66.0.1/32"));
        as_planned!(stage, advertise_prefix, request::advertise_with(LB, "10.66.0.1/32", attributes));
        as_planned!(stage, enable_bfd, request::enable_bfd(LB, Timers::new(300, 400, 5).request(stage.scene.tor.ipv4)));
        let interface = stage.scene.tor.link.a().interface().to_owned();
        let on_link = v1::EnableOspfRequest { interface_name: interface.clone(), area_id: "0".into(), ..Default::default() };
        as_planned!(stage, enable_ospf, request::enable_ospf(LB, on_link.clone()));
        as_planned!(stage, enable_ospf, request::enable_ospf(LB, v1::EnableOspfRequest { area_id: "1".into(), ..on_link }));
        as_planned!(stage, advertise_prefix, request::advertise_ospf(LB, "10.66.0.2/32"));

        as_planned!(stage, withdraw_prefix, request::withdraw(LB, "10.66.0.2/32", v1::Protocol::Ospf));
        as_planned!(stage, disable_bfd, request::disable_bfd(LB, stage.scene.tor.ipv4));
        as_planned!(stage, disable_ospf, request::disable_ospf(LB, &interface));
        let plan = as_planned!(stage, remove_peer, request::remove_peer(LB, &peer.neighbor_address));
        assert_eq!(plan.removed, ["peer 10.0.1.2"]);
        as_planned!(stage, apply_peer, request::apply_peer(LB, peer));
        let plan = as_planned!(stage, deregister, request::deregister(LB, true));
        assert_eq!(plan.removed, ["bgp", "peer 10.0.1.2", "prefix bgp 10.66.0.1/32"]);
        Ok(())
    }

    /// What a change does to a session that is up is said before, and is what happens.
    async fn a_plan_names_the_sessions_that_it_resets(release) {
        let (scene, client) = Scene::with_bgp(release).await?;
        let mut stage = Stage::on(scene, client).await?;
        let peer = stage.scene.ebgp_peer();
        let described = v1::BgpPeer { description: "the rack".into(), ..peer.clone() };
        let plan = as_planned!(stage, apply_peer, request::apply_peer(LB, described.clone()));
        assert_eq!((effect(&plan), resets(&plan)), (v1::Effect::None, vec![]));
        let again = v1::ApplyPeerRequest { dry_run: true, ..request::apply_peer(LB, described) };
        let again = stage.client.apply_peer(again).await?.into_inner().plan;
        assert_eq!(again, Some(v1::Plan::default()), "what is there already");

        let attributes = v1::PrefixAttributes { med: 30, ..Default::default() };
        as_planned!(stage, advertise_prefix, request::advertise_with(LB, "10.66.0.1/32", attributes));
        let plan = as_planned!(stage, advertise_prefix, request::advertise(LB, "10.66.0.1/32"));
        assert_eq!((effect(&plan), resets(&plan)), (v1::Effect::Soft, vec![]), "its route-map goes");
        let plan = as_planned!(stage, apply_peer, request::apply_peer(LB, v1::BgpPeer { password: PASSWORD.into(), ..peer }));
        assert_eq!((effect(&plan), resets(&plan)), (v1::Effect::ResetsSession, vec![("peer 10.0.1.2", true)]));
        let plan = as_planned!(stage, configure_bgp, request::configure_bgp(LB, NODE_AS + 1, "10.0.1.1"));
        let reset: Vec<_> = plan.resets.iter().map(|reset| (reset.intent.as_str(), reset.owner.as_str())).collect();
        assert_eq!((effect(&plan), reset), (v1::Effect::ResetsSession, vec![("peer 10.0.1.2", LB)]));
        Ok(())
    }

    /// No call leaves anything behind, refused or not: no event, no session, no count. A refusal is that of the real call.
    async fn a_dry_run_leaves_no_trace(release) {
        let scene = Scene::new(release).await?;
        let mut client = scene.agent.client().await?;
        bgp_session(&scene.tor, TOR_AS, scene.tor.node_ipv4.into(), NODE_AS).await?;
        client.configure_bgp(request::configure_bgp(LB, NODE_AS, "10.0.1.1")).await?;
        client.advertise_prefix(request::advertise(LB, "10.66.0.1/32")).await?;
        let session = client.register(request::register(LB)).await?.into_inner().session_id;
        let counts = counts(&scene).await?;
        let mut events = Events::open(&mut client.clone(), "", &["OWNER_REGISTERED", "OWNER_DEREGISTERED", "POLICY_VIOLATION"]).await?;

        macro_rules! dry {
            ($method:ident, $request:expr) => {{
                let mut request = $request;
                request.dry_run = true;
                client.$method(request).await
            }};
        }
        // A call that is refused, the dry run in the same words.
        macro_rules! refused {
            ($method:ident, $request:expr, $code:ident) => {{
                let (real, dry) = (client.$method($request).await, dry!($method, $request));
                let (Err(real), Err(dry)) = (real, dry) else { anyhow::bail!("not refused: {}", stringify!($request)) };
                let real = Refusal::of(&real)?;
                ensure!(real.code == Code::$code && Refusal::of(&dry)? == real, "{real:?} or {dry:?}");
            }};
        }
        let registered = dry!(register, request::register(LB))?.into_inner();
        assert_eq!((registered.session_id.as_str(), registered.current_prefixes.len()), ("", 1));
        let renew = v1::RenewRequest { owner: LB.into(), token: novaroute_e2e::config::token(LB), session_id: session, ..Default::default() };
        dry!(renew, renew.clone())?;
        dry!(handoff, request::handoff(novaroute_e2e::config::ADMIN))?;
        dry!(deregister, request::deregister(LB, true))?;
        dry!(apply_peer, request::apply_peer(LB, scene.ebgp_peer()))?;
        let end = v1::EndOfReplayRequest { owner: LB.into(), token: renew.token.clone(), confirm_removals: true, ..Default::default() };
        let end = dry!(end_of_replay, end)?.into_inner();
        assert_eq!((end.removed.len(), end.plan.unwrap_or_default().lines.len() > 2), (2, true));

        refused!(advertise_prefix, request::advertise(CNI, "10.66.0.1/32"), AlreadyExists);
        refused!(withdraw_prefix, request::withdraw(LB, "10.66.0.9/32", v1::Protocol::Bgp), NotFound);
        refused!(configure_bgp, request::configure_bgp(CNI, NODE_AS + 1, "10.0.1.1"), FailedPrecondition);
        refused!(remove_peer, request::remove_peer(LB, "nobody"), InvalidArgument);
        let violates = request::advertise(LB, "0.0.0.0/0");
        let Err(dry) = dry!(advertise_prefix, violates) else { bail!("a default route is not allowed") };
        assert_eq!(Refusal::of(&dry)?.code, Code::PermissionDenied);

        client.register(request::register(CNI)).await?;
        let first = events.next().await?;
        assert_eq!((first.r#type(), first.owner.as_str()), (v1::EventType::OwnerRegistered, CNI), "{first:?}");
        client.renew(renew).await.context("the session is the one it was")?;
        assert_eq!(counts, self::counts(&scene).await?);
        Ok(())
    }

    /// Without bgpd a plan says so and has the lines of the others; without any daemon there is no plan.
    async fn who_does_not_answer_is_named(release) {
        let (scene, mut client) = Scene::with_bgp(release).await?;
        let dry_bgp = v1::AdvertisePrefixRequest { dry_run: true, ..request::advertise(LB, "10.66.0.1/32") };
        let on_link = v1::EnableOspfRequest {
            interface_name: scene.tor.link.a().interface().to_owned(),
            area_id: "0".into(),
            dry_run: true,
            ..Default::default()
        };
        scene.node.kill(Daemon::Bgpd).await?;
        let plan = client.advertise_prefix(dry_bgp.clone()).await?.into_inner().plan.context("no plan")?;
        let silent: Vec<_> = plan.silent.iter().map(|silent| silent.daemon.as_str()).collect();
        assert_eq!((plan.lines.len(), silent), (0, vec!["bgpd"]), "{plan:?}");
        assert!(plan.waiting.iter().any(|waits| waits.reason.starts_with("DAEMON_UNAVAILABLE")), "{plan:?}");
        let ospf = client.enable_ospf(request::enable_ospf(LB, on_link)).await?.into_inner().plan.context("no plan")?;
        assert!(ospf.lines.iter().any(|line| line.daemon == "ospfd") && ospf.lines.iter().all(|line| line.daemon != "bgpd"));

        for daemon in Daemon::ALL.into_iter().filter(|daemon| scene.node.is_running(*daemon)) {
            scene.node.kill(daemon).await?;
        }
        let refused = wait_for("a dry run to be refused", novaroute_e2e::scene::TIMEOUT, async || {
            Ok(client.clone().advertise_prefix(dry_bgp.clone()).await.err())
        });
        Refusal::of(&refused.await?)?.expect(Code::Unavailable, "DAEMON_UNAVAILABLE").map(drop)
    }
}

/// What is counted of intents.
async fn counts(scene: &Scene) -> Result<Vec<String>> {
    let (_, text) = scene.agent.get("/metrics").await?;
    Ok(text.lines().filter(|line| line.starts_with("novaroute_intents_total")).map(str::to_owned).collect())
}
