//! What may be different between part 1 of the contract and a descriptor:
//! additions, and those only where they disturb nobody.

use std::collections::BTreeSet;

use prost_types::FileDescriptorProto;

use crate::describe;

/// Lowest number of a field or enum value that is added to what part 1 has.
const ADDED_FROM: u32 = 100;

/// The lines of `contract/v1.txt`, without its comments.
pub(crate) fn part_1() -> BTreeSet<String> {
    let text = include_str!("../../contract/v1.txt");
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// How `today` breaks `contract`; empty if it does not.
pub(crate) fn breaches(contract: &BTreeSet<String>, today: &FileDescriptorProto) -> Vec<String> {
    let lines = describe::lines(today);
    // A part 1 message that was empty may gain fields; what it may not is vanish.
    let gone = contract.iter().filter(|line| !lines.contains(*line) && !grew(line, &lines));
    let early = lines.difference(contract).filter(|line| added_too_low(contract, line));
    gone.map(|line| format!("missing or changed: {line}"))
        .chain(early.map(|line| format!("added below {ADDED_FROM} or out of order: {line}")))
        .collect()
}

fn grew(line: &str, lines: &BTreeSet<String>) -> bool {
    let Some(message) = line.strip_suffix("(empty)") else {
        return false;
    };
    lines.iter().any(|other| other.starts_with(message))
}

/// Whether an added line takes a number that belongs to part 1's range of the
/// message, enum or service that it extends.
fn added_too_low(contract: &BTreeSet<String>, line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    let (number, lowest) = match words[0] {
        "rpc" => (words[1], calls(contract) + 1),
        "message" if extends(contract, &words) => (words[2], ADDED_FROM),
        "enum" if extends(contract, &words) => (words[4], ADDED_FROM),
        _ => return false,
    };
    number.parse::<u32>().is_ok_and(|number| number < lowest)
}

fn calls(contract: &BTreeSet<String>) -> u32 {
    contract.iter().filter(|line| line.starts_with("rpc ")).map(|_| 1).sum()
}

fn extends(contract: &BTreeSet<String>, words: &[&str]) -> bool {
    let owner = format!("{} {} ", words[0], words[1]);
    contract.iter().any(|line| line.starts_with(&owner))
}
