//! The known word that was probably meant.

/// The word of `known` that is nearest to `word`, if one is near enough to be a
/// slip: at most a third of its letters changed, and at least two may be.
fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&word, &other.to_lowercase());
    let slips_max = (word.chars().count() / 3).max(2);
    known
        .into_iter()
        .map(|other| (distance(other), other))
        .filter(|(slips, other)| *slips <= slips_max && *slips < other.chars().count())
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, other)| other)
}

/// Says that `word` is no known `what`, and which one may have been meant: the
/// nearest, or else any of them.
pub(crate) fn unknown<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let way_out = match nearest(word, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    };
    format!("unknown {what} `{}`; {way_out}", word.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_noise_finds_none() {
        let known = ["neighbor_address", "remote_as", "bgp", "ospf"];
        for (word, found) in [
            ("neighbour_address", Some("neighbor_address")),
            ("Remote_AS", Some("remote_as")),
            ("remtoe_as", Some("remote_as")),
            ("osfp", Some("ospf")),
            ("xyz", None),
            ("isis", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), found, "{word}");
        }
    }

    #[test]
    fn without_a_near_word_all_are_listed() {
        assert_eq!(unknown("word", "is\nis", ["bgp", "ospf"]), "unknown word `is\\nis`; known: bgp, ospf");
        assert_eq!(unknown("word", "bpg", ["bgp", "ospf"]), "unknown word `bpg`; did you mean `bgp`?");
    }
}
