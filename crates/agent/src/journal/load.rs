//! What the bytes of a journal say.

use novaroute_api::from_proto;
use novaroute_api::journal::JournalRecord;
use novaroute_core::intent::Change;
use novaroute_core::name::OwnerName;
use prost::Message as _;

use super::frame::{self, Extent, Frame};

/// The outcome of reading a journal.
#[derive(Debug)]
pub(super) struct Scan {
    /// The changes that were understood, oldest first.
    pub(super) changes: Vec<(OwnerName, Change)>,
    /// A journal with just these changes.
    pub(super) good: Vec<u8>,
    /// The journal can stay in use, without anything that may follow `good`.
    pub(super) intact: bool,
    /// What is known of all the changes that there were.
    pub(super) extent: Extent,
    /// What was wrong, for people.
    pub(super) problems: Vec<String>,
}

impl Scan {
    /// There is no journal.
    pub(super) fn of_nothing() -> Self {
        let extent = Extent::Young;
        let good = frame::magic(extent).to_vec();
        Self { changes: Vec::new(), good, intact: false, extent, problems: Vec::new() }
    }

    /// Reads a journal up to its end or the first damage. Nothing behind a damage is used: what is missing in
    /// between could have been the withdrawal of something before.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut scan = Self::of_nothing();
        match frame::split_magic(bytes) {
            None => scan.problems.push("it does not begin like a journal of this version".to_owned()),
            Some((extent, frames)) => {
                scan.extent = extent;
                scan.read_frames(frames, bytes.len());
            }
        }
        scan.intact = scan.problems.is_empty();
        if !scan.intact {
            scan.extent = Extent::Lossy;
        }
        let magic = frame::magic(scan.extent);
        scan.good[..magic.len()].copy_from_slice(&magic);
        scan
    }

    fn read_frames(&mut self, mut frames: &[u8], total_bytes: usize) {
        while !frames.is_empty() {
            let offset = total_bytes - frames.len();
            match frame::read(frames) {
                Frame::Torn => return,
                Frame::Damaged => {
                    self.problems.push(format!("it is damaged at byte {offset}; what follows there was not read"));
                    return;
                }
                Frame::Whole(payload, rest) => {
                    match understand(payload) {
                        Ok((owner, changes)) => {
                            self.changes.extend(changes.into_iter().map(|change| (owner.clone(), change)));
                            self.good.extend(&frames[..frames.len() - rest.len()]);
                        }
                        // The frame is as it was written, so this is one record that another version wrote: it
                        // does not take the others away.
                        Err(problem) => self.problems.push(format!("record at byte {offset}: {problem}")),
                    }
                    frames = rest;
                }
            }
        }
    }
}

fn understand(payload: &[u8]) -> Result<(OwnerName, Vec<Change>), String> {
    let record = JournalRecord::decode(payload).map_err(|error| error.to_string())?;
    let from_proto::Record { owner, changes, revision: _ } =
        from_proto::record(&record).map_err(|bad| bad.to_string())?;
    if owner.is_config() {
        return Err(format!("owner {owner} is never journaled"));
    }
    Ok((owner, changes))
}
