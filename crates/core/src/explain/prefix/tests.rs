use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::bgp::{Asn, BgpInstance};
use crate::engine::{Engine, Recorded};
use crate::explain::Subject;
use crate::intent::{Advertisement, Change};
use crate::live::PeerLive;
use crate::name::OwnerName;
use crate::policy::{Policy, PrefixType};
use crate::prefix::Family;
use crate::state::{IntentStatus, Reason};

const PREFIX: &str = "203.0.113.7/32";

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn address() -> PeerKey {
    "192.0.2.254".parse().unwrap()
}

/// `edge` may announce hosts, `net` only what is in 10.0.0.0/8.
fn engine(intents: Vec<Intent>) -> Engine {
    let edge = Policy { prefix_type: PrefixType::HostOnly, ..Policy::default() };
    let net = Policy { allowed_cidrs: vec!["10.0.0.0/8".parse().unwrap()], ..Policy::default() };
    let mut engine = Engine::new([(owner("edge"), edge), (owner("net"), net)].into());
    for intent in intents {
        let decided = engine.decide(&owner("edge"), Change::Put(intent)).unwrap();
        engine.commit(decided);
    }
    let status = |key: &IntentKey| (key.clone(), IntentStatus::of(IntentState::Programmed));
    let statuses = engine.snapshot().slots().map(|(key, _)| status(key)).collect();
    let revision = engine.snapshot().revision();
    engine.record(&Recorded { revision, statuses, ..Recorded::default() });
    engine
}

fn wanted() -> Vec<Intent> {
    let instance = BgpInstance { local_as: Asn::new(65001).unwrap(), router_id: "192.0.2.1".parse().unwrap() };
    let prefix = PREFIX.parse().unwrap();
    let advertisement =
        Advertisement { protocol: Protocol::Bgp, prefix, attributes: crate::bgp::PrefixAttributes::default() };
    let peer = Peer::new(address(), Asn::new(65100).unwrap());
    vec![Intent::Bgp(instance), Intent::Peer(peer), Intent::Prefix(advertisement)]
}

/// Everything as it should be.
fn good() -> PrefixFacts {
    let line = |text: &str| Line { daemon: "bgpd".into(), wanted: text.into(), running: Running::Same };
    let live = PeerLive { state: SessionState::Established, ..PeerLive::default() };
    let neighbor = Neighbor { live, exchanged: [Family::Ipv4].into(), ..Neighbor::default() };
    PrefixFacts {
        lines: Ok(vec![line("network 203.0.113.7/32")]),
        outbound: Ok(vec![line("route-map OUT")]),
        table: Ok(TableEntry { own: OwnPath::Best, best: String::new(), sent_to: [address()].into() }),
        neighbors: Ok([(address(), neighbor)].into()),
    }
}

fn explained(engine: &Engine, facts: &PrefixFacts, asker: Option<&OwnerName>) -> Explanation {
    let policies = Arc::clone(engine.policies());
    let asked = Asked { snapshot: engine.snapshot(), policies: &policies, owner: asker };
    prefix(&asked, PREFIX.parse().unwrap(), facts)
}

fn of(explanation: &Explanation, name: StepName) -> (Verdict, &str) {
    let step = explanation.steps.iter().find(|step| step.name == name).unwrap();
    (step.verdict, step.evidence.as_str())
}

#[test]
fn all_is_well() {
    let explained = explained(&engine(wanted()), &good(), None);
    assert!(explained.in_effect);
    assert_eq!(explained.answer, "203.0.113.7/32 is announced by BGP to every peer: 192.0.2.254");
    assert!(explained.steps.iter().all(|step| step.verdict == Verdict::Ok), "{explained:?}");
    let subject = Subject::Prefix(Protocol::Bgp, PREFIX.parse().unwrap());
    assert_eq!(subject.to_string(), "prefix bgp 203.0.113.7/32");
}

/// Each change breaks one step, which is the one that the answer names.
#[test]
fn each_broken_step_is_the_answer() {
    type Break = fn(&mut PrefixFacts);
    let broken: [(StepName, Verdict, &str, Break); 10] = [
        (StepName::Line, Verdict::Failed, "does not have 'network", |facts| {
            facts.lines.as_mut().unwrap()[0].running = Running::Missing;
        }),
        (StepName::Line, Verdict::Failed, "there is 'network x'", |facts| {
            facts.lines.as_mut().unwrap()[0].running = Running::Other("network x".into());
        }),
        (StepName::Line, Verdict::Unknown, "no answer", |facts| {
            *facts = PrefixFacts {
                lines: Err("bgpd: no answer within 1 s".into()),
                outbound: Err("bgpd: no answer within 1 s".into()),
                table: Err("bgpd: no answer within 1 s".into()),
                neighbors: Err("bgpd: no answer within 1 s".into()),
            };
        }),
        (StepName::Table, Verdict::Failed, "import check", |facts| {
            facts.table = Ok(TableEntry { own: OwnPath::Invalid, ..TableEntry::default() });
        }),
        (StepName::Table, Verdict::Failed, "another one is preferred: the best path is from 192.0.2.9", |facts| {
            let best = "the best path is from 192.0.2.9 (Weight)".into();
            facts.table = Ok(TableEntry { own: OwnPath::NotBest, best, ..TableEntry::default() });
        }),
        (StepName::Table, Verdict::Waiting, "no path of this node", |facts| facts.table = Ok(TableEntry::default())),
        (StepName::Table, Verdict::Waiting, "the best one is not chosen yet", |facts| {
            facts.table = Ok(TableEntry { own: OwnPath::NotBest, ..TableEntry::default() });
        }),
        (StepName::OutboundPolicy, Verdict::Failed, "does not have 'route-map OUT'", |facts| {
            facts.outbound.as_mut().unwrap()[0].running = Running::Missing;
            facts.table.as_mut().unwrap().sent_to.clear();
        }),
        (StepName::Peer, Verdict::Failed, "the session is Idle (Hold Timer Expired)", |facts| {
            let live = PeerLive { last_reset: "Hold Timer Expired".into(), ..PeerLive::default() };
            let neighbor = Neighbor { live, ..Neighbor::default() };
            facts.neighbors = Ok([(address(), neighbor)].into());
            facts.table.as_mut().unwrap().sent_to.clear();
        }),
        (StepName::Peer, Verdict::Failed, "IPv4 is not exchanged", |facts| {
            facts.neighbors.as_mut().unwrap().get_mut(&address()).unwrap().exchanged.clear();
            facts.table.as_mut().unwrap().sent_to.clear();
        }),
    ];
    let engine = engine(wanted());
    for (name, verdict, words, break_it) in broken {
        let mut facts = good();
        break_it(&mut facts);
        let explained = explained(&engine, &facts, None);
        let (told, evidence) = of(&explained, name);
        assert_eq!(told, verdict, "{name:?}: {explained:?}");
        assert!(evidence.contains(words), "{name:?}: {evidence}");
        let sent = facts.table.is_ok_and(|table| !table.sent_to.is_empty());
        assert!(sent || explained.answer.contains(words), "{}", explained.answer);
        assert_eq!(explained.in_effect, sent);
    }
}

#[test]
fn a_prefix_that_nobody_asked_for_says_who_might() {
    let facts = PrefixFacts { lines: Ok(Vec::new()), table: Ok(TableEntry::default()), ..good() };
    let engine = engine(wanted()[..2].to_vec());
    let explained_ = explained(&engine, &facts, None);
    let (verdict, evidence) = of(&explained_, StepName::Policy);
    assert_eq!(verdict, Verdict::Ok);
    assert!(evidence.starts_with("who may ask for it: edge; who may not: owner net: "), "{evidence}");
    assert!(evidence.contains("allowed_prefixes.allowed_cidrs; allowed: 10.0.0.0/8"), "{evidence}");
    let holder = explained_.steps.iter().find(|step| step.name == StepName::Holder).unwrap();
    assert_eq!(holder.next, "novaroutectl advertise --prefix 203.0.113.7/32 --owner edge");
    assert_eq!(explained_.answer, "203.0.113.7/32 is not announced by BGP: nobody asks for it");

    let explained_ = explained(&engine, &facts, Some(&owner("net")));
    assert_eq!(of(&explained_, StepName::Policy).0, Verdict::Failed);
    assert!(explained_.answer.contains("no owner may ask for it; who may not: owner net"), "{}", explained_.answer);
}

#[test]
fn what_waits_and_what_was_refused_is_told_by_the_status() {
    let facts = PrefixFacts { lines: Ok(Vec::new()), table: Ok(TableEntry::default()), ..good() };
    let mut engine = engine(wanted());
    let key = IntentKey::Prefix(Protocol::Bgp, PREFIX.parse().unwrap());
    for (state, reason, verdict, words) in [
        (IntentState::Pending, Reason::DaemonUnavailable, Verdict::Waiting, "it waits: bgpd is away"),
        (IntentState::Refused, Reason::FrrRefused, Verdict::Failed, "refused: bgpd is away"),
    ] {
        let statuses = [(key.clone(), IntentStatus::because(state, reason, "bgpd is away"))].into();
        let revision = engine.snapshot().revision();
        engine.record(&Recorded { revision, statuses, ..Recorded::default() });
        let explained = explained(&engine, &facts, None);
        assert_eq!(of(&explained, StepName::Line), (verdict, words));
    }
}

#[test]
fn one_peer_of_two() {
    let other: PeerKey = "192.0.2.253".parse().unwrap();
    let mut intents = wanted();
    intents.push(Intent::Peer(Peer { families: [Family::Ipv6].into(), ..Peer::new(other, Asn::new(65100).unwrap()) }));
    let explained = explained(&engine(intents), &good(), None);
    assert!(explained.in_effect);
    let said = "203.0.113.7/32 is announced by BGP to 192.0.2.254; not to 192.0.2.253 (IPv4 is not exchanged with it";
    assert!(explained.answer.starts_with(said), "{}", explained.answer);
}

#[test]
fn no_instance_and_no_peer() {
    let facts = PrefixFacts {
        lines: Ok(Vec::new()),
        outbound: Ok(Vec::new()),
        table: Ok(TableEntry::default()),
        neighbors: Ok(BTreeMap::new()),
    };
    let explained = explained(&engine(wanted()[2..].to_vec()), &facts, None);
    assert_eq!(of(&explained, StepName::Instance).0, Verdict::Failed);
    assert_eq!(of(&explained, StepName::Peer), (Verdict::Failed, "this node has no BGP peer"));
}

#[test]
fn a_peer_that_is_not_meant_to_have_it_is_no_obstacle() {
    let community: crate::bgp::Community = "65001:7".parse().unwrap();
    let export = ExportPolicy::OwnWith([community].into(), BTreeSet::new());
    for (peers, export, words) in [
        (BTreeSet::from(["192.0.2.9".parse().unwrap()]), ExportPolicy::Own, "for other peers only"),
        (BTreeSet::new(), export, "certain communities only"),
    ] {
        let mut intents = wanted();
        for intent in &mut intents {
            match intent {
                Intent::Peer(peer) => peer.exchange.export = export.clone(),
                Intent::Prefix(advertisement) => advertisement.attributes.peers = peers.clone(),
                _ => {}
            }
        }
        let mut facts = good();
        facts.table.as_mut().unwrap().sent_to.clear();
        let explained = explained(&engine(intents), &facts, None);
        let (verdict, evidence) = of(&explained, StepName::Peer);
        assert!(verdict == Verdict::NotApplicable && evidence.contains(words), "{explained:?}");
    }
}
