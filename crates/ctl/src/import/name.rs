//! Names of resources.

use std::collections::BTreeSet;

/// Longest name of a resource (DNS subdomain, RFC 1123).
const NAME_MAX: usize = 253;
/// A name for what has none that can be used.
const NAMELESS: &str = "imported";

/// `text` as the name of a resource.
pub(super) fn name(text: &str) -> String {
    let letters = text.to_lowercase();
    let letters = letters.chars().map(|letter| if is_name(letter) { letter } else { '-' });
    let name: String = letters.take(NAME_MAX).collect();
    let name = name.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    if name.is_empty() { NAMELESS.to_owned() } else { name.to_owned() }
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
}

/// The names that are taken.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<(&'static str, String)>);

impl Names {
    /// `wanted` for a resource of this kind, with a number where it is taken.
    pub(super) fn of(&mut self, kind: &'static str, wanted: &str) -> String {
        let wanted = name(wanted);
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let mut candidates = std::iter::once(wanted.clone()).chain(numbered);
        candidates.find(|candidate| self.0.insert((kind, candidate.clone()))).unwrap_or(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_in_a_name_comes_out() {
        for (text, expected) in [
            ("rack-1", "rack-1"),
            ("Rack 1", "rack-1"),
            ("2001:db8::", "2001-db8"),
            ("10.0.0.1", "10-0-0-1"),
            ("--", NAMELESS),
            ("", NAMELESS),
        ] {
            assert_eq!(name(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_is_given_once_for_each_kind() {
        let mut names = Names::default();
        let given = ["a", "a", "A"].map(|wanted| names.of("NovaRoutePeer", wanted));
        assert_eq!(given, ["a", "a-2", "a-3"]);
        assert_eq!(names.of("NovaRouteAdvertisement", "a"), "a");
    }
}
