//! A daemon's version.

/// Asks any daemon for its version.
pub const COMMAND: &str = "show version";

/// The version in an answer to [`COMMAND`], such as `10.3`; `None` when there is none in it.
#[must_use]
pub fn version(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.trim_start().strip_prefix("FRRouting ")?.split_whitespace().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_behind_the_name_is_the_version() {
        let frr8 = "FRRouting 8.4.4 (vm) on Linux(6.1.0).\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\n";
        assert_eq!(version(frr8), Some("8.4.4"));
        assert_eq!(version("\r\nFRRouting 10.3 (vm) on Linux(6.1.0).\r\n"), Some("10.3"));
        assert_eq!(version(include_str!("testdata/8.4/version.txt")), Some("8.4.4"));
        assert_eq!(version(include_str!("testdata/10.3/version.txt")), Some("10.3"));
    }

    #[test]
    fn other_text_has_no_version() {
        for text in ["", "% Unknown command", "FRRouting", "FRRouting \n", "Quagga 1.2.4"] {
            assert_eq!(version(text), None, "{text:?}");
        }
    }
}
