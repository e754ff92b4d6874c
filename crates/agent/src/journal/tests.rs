use std::os::unix::fs::PermissionsExt as _;

use novaroute_core::engine::Engine;
use novaroute_core::intent::{Intent, IntentKey, Protocol, Target};
use novaroute_core::pending::{ConfirmWithin, PendingTerms};
use novaroute_core::policy::Policy;
use novaroute_core::session::Registration;

use super::*;

mod samples;
use samples::{change, every_change, put_prefix, session};

type Group = Vec<Record>;

fn owner(name: &str) -> OwnerName {
    name.parse().unwrap()
}

fn by(name: &str, changes: impl IntoIterator<Item = Change>) -> Group {
    changes.into_iter().zip(1..).map(|(change, revision)| (owner(name), vec![change], revision)).collect()
}

fn without_revision(group: &Group) -> Vec<(OwnerName, Change)> {
    let changes = |(owner, changes, _): &Record| changes.iter().map(|c| (owner.clone(), c.clone())).collect::<Vec<_>>();
    group.iter().flat_map(changes).collect()
}

/// A complete journal of this group, and its bytes.
fn written(dir: &Path, group: &Group) -> Vec<u8> {
    let (mut journal, _) = Journal::open(dir).unwrap();
    journal.mark_complete().unwrap();
    journal.append(group).unwrap();
    fs::read(dir.join(FILE_NAME)).unwrap()
}

fn reopened(dir: &Path, bytes: &[u8]) -> (Journal, Loaded) {
    fs::write(dir.join(FILE_NAME), bytes).unwrap();
    Journal::open(dir).unwrap()
}

#[test]
fn the_first_start_finds_nothing_and_knows_that_it_knows_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("run/state");
    let (_, loaded) = Journal::open(&state).unwrap();
    assert_eq!(loaded, Loaded { records: Vec::new(), complete: false, gapless: true, problems: Vec::new() });
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(&state.join(FILE_NAME)), 0o600);
}

#[test]
fn every_change_comes_back_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let group = by("edge", every_change());
    written(dir.path(), &group);
    let (mut journal, loaded) = Journal::open(dir.path()).unwrap();
    assert_eq!(
        loaded,
        Loaded { records: without_revision(&group), complete: true, gapless: true, problems: Vec::new() }
    );
    let more = by("net", [put_prefix(1)]);
    journal.append(&more).unwrap();
    let (_, loaded) = Journal::open(dir.path()).unwrap();
    assert_eq!(loaded.records.len(), group.len() + 1);
    assert_eq!(loaded.records.last(), without_revision(&more).last());
}

#[test]
fn a_journal_that_began_empty_stays_incomplete_over_restarts_until_it_is_marked() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    journal.append(&by("edge", [put_prefix(1)])).unwrap();
    let (mut journal, loaded) = Journal::open(dir.path()).unwrap();
    assert_eq!((loaded.records.len(), loaded.complete), (1, false));
    assert!(loaded.problems.is_empty());
    journal.compact(&Snapshot::default(), &Sessions::default(), &PendingChanges::default()).unwrap();
    assert!(!Journal::open(dir.path()).unwrap().1.complete);
    journal.mark_complete().unwrap();
    assert!(Journal::open(dir.path()).unwrap().1.complete);
    journal.compact(&Snapshot::default(), &Sessions::default(), &PendingChanges::default()).unwrap();
    assert!(Journal::open(dir.path()).unwrap().1.complete);
}

#[test]
fn a_write_that_was_cut_short_anywhere_costs_only_what_was_not_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let group = by("edge", (1..=3).map(put_prefix));
    let bytes = written(dir.path(), &group);
    let (records, next) = (without_revision(&group), by("edge", [put_prefix(9)]));
    for cut in 8..bytes.len() {
        let (mut journal, loaded) = reopened(dir.path(), &bytes[..cut]);
        assert!(loaded.complete && loaded.problems.is_empty(), "{cut}: {loaded:?}");
        assert!(loaded.records.len() < records.len() && records.starts_with(&loaded.records), "{cut}");
        journal.append(&next).unwrap();
        let (_, again) = Journal::open(dir.path()).unwrap();
        assert_eq!(again.records, [loaded.records, without_revision(&next)].concat(), "{cut}");
    }
}

#[test]
fn changes_that_were_accepted_as_one_are_there_together_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let first = by("edge", [put_prefix(1)]);
    let batch = (owner("edge"), (2..=9).map(put_prefix).chain([change("peer")]).collect::<Vec<_>>(), 10);
    let whole = [first.clone(), vec![batch]].concat();
    let bytes = written(dir.path(), &whole);
    let alone = written(tempfile::tempdir().unwrap().path(), &first).len();
    for cut in alone..bytes.len() {
        let (_, loaded) = reopened(dir.path(), &bytes[..cut]);
        assert!(loaded.complete && loaded.problems.is_empty(), "{cut}: {loaded:?}");
        assert_eq!(loaded.records, without_revision(&first), "{cut}");
    }
    assert_eq!(reopened(dir.path(), &bytes).1.records, without_revision(&whole));
}

#[test]
fn a_flipped_byte_anywhere_is_noticed_and_nothing_is_invented() {
    let dir = tempfile::tempdir().unwrap();
    let group = by("edge", [put_prefix(1), change("peer"), put_prefix(2)]);
    let bytes = written(dir.path(), &group);
    let records = without_revision(&group);
    for at in 0..bytes.len() {
        for flip in [1 << (at % 8), 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let (mut journal, loaded) = reopened(dir.path(), &damaged);
            assert!(!loaded.complete && loaded.problems.len() == 1, "{at}: {loaded:?}");
            assert!(loaded.records.len() < 3 && records.starts_with(&loaded.records), "{at}: {loaded:?}");
            assert_eq!(fs::read(dir.path().join(DAMAGED_FILE_NAME)).unwrap(), damaged);
            journal.append(&by("edge", [put_prefix(9)])).unwrap();
            let (_, again) = Journal::open(dir.path()).unwrap();
            assert!(!again.complete && again.problems.is_empty(), "{at}: {again:?}");
            assert_eq!(again.records.len(), loaded.records.len() + 1);
        }
    }
}

#[test]
fn random_bytes_never_panic() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = 1_u32;
    for length in 0..200 {
        let noise: Vec<u8> = (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect();
        let (_, loaded) = reopened(dir.path(), &noise);
        assert!(!loaded.complete && loaded.records.is_empty() && loaded.problems.len() == 1);
        let (_, loaded) = reopened(dir.path(), &[&frame::magic(Extent::Complete)[..], &noise].concat());
        assert!(loaded.records.is_empty());
    }
}

#[test]
fn one_record_of_another_version_does_not_take_the_others_away() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = frame::magic(Extent::Complete).to_vec();
    frame::push(&mut bytes, &to_proto::record(&owner("edge"), 1, &[put_prefix(1)])).unwrap();
    let unknown = novaroute_api::journal::JournalRecord { owner: "edge".to_owned(), revision: 2, change: None };
    frame::push(&mut bytes, &unknown).unwrap();
    frame::push(&mut bytes, &to_proto::record(&owner("edge"), 3, &[put_prefix(2)])).unwrap();
    let (_, loaded) = reopened(dir.path(), &bytes);
    assert_eq!(loaded.records, without_revision(&by("edge", [put_prefix(1), put_prefix(2)])));
    assert!(!loaded.complete);
    assert!(loaded.problems[0].contains("record at byte") && loaded.problems[0].contains("change"), "{loaded:?}");
    assert_eq!(Journal::open(dir.path()).unwrap().1.records, loaded.records);
}

#[test]
fn what_the_configuration_file_declares_is_not_journaled() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    let before = journal.bytes;
    journal.append(&[(OwnerName::config(), vec![put_prefix(1)], 1)]).unwrap();
    assert_eq!(journal.bytes, before);
    assert!(Journal::open(dir.path()).unwrap().1.records.is_empty());
}

#[test]
fn a_failed_write_leaves_nothing_behind_and_the_next_one_succeeds() {
    let dir = tempfile::tempdir().unwrap();
    let first = by("edge", [put_prefix(1)]);
    written(dir.path(), &first);
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    let good = std::mem::replace(&mut journal.file, File::open(dir.path().join(FILE_NAME)).unwrap());
    journal.append(&by("edge", [put_prefix(2)])).unwrap_err();
    journal.append(&by("edge", [put_prefix(3)])).unwrap_err();
    // What a write that failed half way leaves, longer than what is written next.
    good.write_all_at(&[0x55; 4096], journal.bytes).unwrap();
    journal.file = good;
    let next = by("edge", [put_prefix(4)]);
    journal.append(&next).unwrap();
    let (_, loaded) = Journal::open(dir.path()).unwrap();
    assert_eq!(loaded.records, without_revision(&[first, next].concat()));
    assert!(loaded.complete);
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_the_way_out() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Journal::open(&file.path().join("state")).unwrap_err().to_string();
    assert!(error.starts_with("state_dir: cannot create "), "{error}");
    assert!(error.contains("not a directory") && error.contains("name a folder"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(FILE_NAME)).unwrap();
    let error = Journal::open(dir.path()).unwrap_err().to_string();
    assert!(error.starts_with("state_dir: cannot read "), "{error}");
}

fn engine() -> Engine {
    let admin = Policy { can_override: true, ..Policy::default() };
    Engine::new([(owner("edge"), Policy::default()), (owner("net"), Policy::default()), (owner("admin"), admin)].into())
}

fn replay(records: &[(OwnerName, Change)]) -> Snapshot {
    let mut engine = engine();
    for (owner, change) in records {
        let decision = engine.decide(owner, change.clone()).unwrap();
        engine.commit(decision);
    }
    engine.snapshot().clone()
}

fn held(snapshot: &Snapshot) -> Vec<(IntentKey, Place, OwnerName, Intent)> {
    let of_slot = |(key, slot): (&IntentKey, &novaroute_core::store::Slot)| {
        [Place::Base, Place::Over]
            .into_iter()
            .filter_map(|place| slot.at(place).map(|e| (key.clone(), place, e.owner.clone(), e.intent.clone())))
            .collect::<Vec<_>>()
    };
    snapshot.slots().flat_map(of_slot).collect()
}

/// A history with every kind, replacements, withdrawals and an override that began before and one that ended.
fn history() -> Group {
    let key = |at| IntentKey::Prefix(Protocol::Bgp, format!("198.51.100.{at}/32").parse().unwrap());
    let mut history = by("edge", (1..=20).map(put_prefix));
    history.extend(by("net", every_change().into_iter().filter(|change| matches!(change, Change::Put(_)))));
    history.extend(by("admin", [put_prefix(3), put_prefix(4), put_prefix(30)]));
    history
        .extend(by("edge", [Change::Remove(Target::Key(key(5))), put_prefix(5), Change::Remove(Target::Key(key(6)))]));
    history.extend(by("admin", [Change::Remove(Target::Key(key(4)))]));
    history
}

#[test]
fn a_compacted_journal_replays_to_what_the_long_one_does() {
    let dir = tempfile::tempdir().unwrap();
    let history = history();
    let long = written(dir.path(), &history).len();
    let before = replay(&without_revision(&history));
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    journal.compact(&before, &Sessions::default(), &PendingChanges::default()).unwrap();
    assert!(journal.bytes < long as u64);
    let (_, loaded) = Journal::open(dir.path()).unwrap();
    assert!(loaded.complete);
    assert_eq!(held(&replay(&loaded.records)), held(&before));
    let next = by("edge", [put_prefix(40)]);
    journal.append(&next).unwrap();
    let (_, loaded) = Journal::open(dir.path()).unwrap();
    assert_eq!(loaded.records.last(), without_revision(&next).last());
}

fn sessions_of(records: &[(OwnerName, Change)]) -> Sessions {
    let mut engine = engine();
    for (owner, change) in records {
        let decision = engine.decide(owner, change.clone()).unwrap();
        engine.commit(decision);
    }
    engine.sessions().clone()
}

#[test]
fn sessions_survive_a_compaction_and_one_that_ended_leaves_its_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = by("edge", [Change::Reopen(session(1)), put_prefix(1), Change::Reopen(session(2))]);
    history.extend(by("net", [Change::Reopen(session(7)), Change::Deregister { withdraw_all: true }]));
    written(dir.path(), &history);
    let before = sessions_of(&without_revision(&history));
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    journal.compact(&replay(&without_revision(&history)), &before, &PendingChanges::default()).unwrap();
    let (_, loaded) = Journal::open(dir.path()).unwrap();
    let after = sessions_of(&loaded.records);
    assert_eq!(after.terms().collect::<Vec<_>>(), before.terms().collect::<Vec<_>>());
    assert_eq!(after.get(&owner("edge")).unwrap().terms(), &session(2));
    assert_eq!((after.get(&owner("net")), after.epoch(&owner("net"))), (None, 7));
    assert_eq!(held(&replay(&loaded.records)), held(&replay(&by_records(&[("edge", put_prefix(1))]))));
}

#[test]
fn a_change_that_waits_survives_a_compaction() {
    let dir = tempfile::tempdir().unwrap();
    let within = ConfirmWithin::new(120).unwrap().unwrap();
    let terms = PendingTerms { id: "c-1".parse().unwrap(), within, undo: vec![put_prefix(1), change("peer")] };
    let opened = Change::Pending(PendingStep::Opened(terms.clone()));
    let history = vec![(owner("edge"), vec![put_prefix(2), opened], 2)];
    written(dir.path(), &history);
    let waiting = |records: &[(OwnerName, Change)]| {
        let mut engine = engine();
        for (owner, change) in records {
            let decision = engine.decide(owner, change.clone()).unwrap();
            engine.commit(decision);
        }
        engine
    };
    let (mut journal, loaded) = Journal::open(dir.path()).unwrap();
    let before = waiting(&loaded.records);
    journal.compact(before.snapshot(), before.sessions(), before.pending()).unwrap();
    let after = waiting(&Journal::open(dir.path()).unwrap().1.records);
    assert_eq!(after.pending().get(&owner("edge")).unwrap().terms, terms);
    assert_eq!(held(after.snapshot()), held(before.snapshot()));
}

fn by_records(records: &[(&str, Change)]) -> Vec<(OwnerName, Change)> {
    records.iter().map(|(name, change)| (owner(name), change.clone())).collect()
}

/// What an agent wrote that knew no sessions: a Register without a name for its session, Deregister.
#[test]
fn a_journal_from_before_there_were_sessions_loads() {
    let dir = tempfile::tempdir().unwrap();
    let old = by("edge", [put_prefix(1), Change::Register(Registration::default()), put_prefix(2)]);
    written(dir.path(), &old);
    let (_, loaded) = Journal::open(dir.path()).unwrap();
    assert!(loaded.complete && loaded.problems.is_empty());
    assert_eq!(held(&replay(&loaded.records)).len(), 2);
    assert!(!sessions_of(&loaded.records).get(&owner("edge")).unwrap().terms().can_lapse());
}

#[test]
fn compaction_is_due_when_it_pays_and_not_again_right_after_it_failed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    assert!(!journal.should_compact());
    let group = by("edge", (0..1000).map(|_| change("peer")));
    while journal.bytes <= COMPACT_BYTES_MIN {
        assert!(!journal.should_compact());
        journal.append(&group).unwrap();
    }
    assert!(journal.should_compact());
    fs::create_dir(dir.path().join(NEW_FILE_NAME)).unwrap();
    journal.compact(&Snapshot::default(), &Sessions::default(), &PendingChanges::default()).unwrap_err();
    assert!(!journal.should_compact());
    assert!(Journal::open(dir.path()).unwrap().1.problems.is_empty());
    fs::remove_dir(dir.path().join(NEW_FILE_NAME)).unwrap();
    journal.compact(&Snapshot::default(), &Sessions::default(), &PendingChanges::default()).unwrap();
    assert_eq!(journal.bytes, 8);
}

#[test]
fn a_journal_that_is_not_complete_still_knows_what_was_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path()).unwrap();
    let Change::Put(intent) = put_prefix(1) else { unreachable!() };
    let key = intent.key();
    journal.append(&by("edge", [put_prefix(1), Change::Remove(Target::Key(key.clone()))])).unwrap();
    let (_, loaded) = Journal::open(dir.path()).unwrap();
    assert!(!loaded.complete && loaded.gapless);
    assert_eq!(loaded.declared(), [key].into());
}

/// What follows the damage could have declared again what was removed before it.
#[test]
fn a_journal_that_lost_something_does_not_know_what_was_removed() {
    let dir = tempfile::tempdir().unwrap();
    let Change::Put(intent) = put_prefix(1) else { unreachable!() };
    let removed = Change::Remove(Target::Key(intent.key()));
    let mut bytes = written(dir.path(), &by("edge", [put_prefix(1), removed]));
    bytes.extend([0xff; 40]);
    let (journal, loaded) = reopened(dir.path(), &bytes);
    assert!(!loaded.gapless && loaded.records.len() == 2, "{loaded:?}");
    assert_eq!(loaded.declared(), [].into());
    drop(journal);
    let (_, again) = Journal::open(dir.path()).unwrap();
    assert!(!again.gapless && again.problems.is_empty(), "{again:?}");
}
