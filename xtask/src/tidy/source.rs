//! A text file of the tree, and which of its lines are test code.

/// A text file: path from the workspace root with `/` between the parts, and its text.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    #[cfg(test)]
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the file is one of the rules, which have to spell what they look for.
    pub(crate) fn is_rule(&self) -> bool {
        self.path.starts_with("xtask/src/tidy/")
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether the whole file is test code: a file under a `tests` folder, or a `tests.rs`.
    pub(crate) fn is_test(&self) -> bool {
        self.name() == "tests.rs" || self.path.split('/').rev().skip(1).any(|part| part == "tests")
    }

    /// Lines counted from 1, each with whether it is test code: all of a test file, and in other files
    /// what stands inside `#[cfg(test)] mod … { }` at the left margin, as rustfmt leaves it.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let whole_file = self.is_test();
        let mut gated = false;
        let mut inside = false;
        self.text.lines().enumerate().map(move |(index, text)| {
            let opens = gated && text.starts_with("mod ") && text.ends_with('{');
            gated = text.starts_with("#[cfg(test)]");
            inside |= opens;
            let test = whole_file || inside;
            if inside && text == "}" {
                inside = false;
            }
            Line { number: index + 1, text, test }
        })
    }
}

/// One line of a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) text: &'a str,
    pub(crate) test: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_lines(path: &str, text: &str) -> Vec<usize> {
        let source = Source::new(path, text);
        let numbers = source.lines().filter(|line| line.test);
        numbers.map(|line| line.number).collect()
    }

    #[test]
    fn a_file_under_tests_is_test_code_throughout() {
        assert_eq!(test_lines("tests/tests/bgp.rs", "a\nb"), [1, 2]);
        assert_eq!(test_lines("crates/core/src/store/tests.rs", "a\nb"), [1, 2]);
        assert!(test_lines("xtask/src/contests.rs", "a\nb").is_empty());
    }

    #[test]
    fn a_test_module_ends_at_its_brace() {
        let text = "fn a() {\n}\n#[cfg(test)]\nmod tests {\n    fn t() {\n    }\n}\nfn b() {}\n";
        assert_eq!(test_lines("src/a.rs", text), [4, 5, 6, 7]);
    }

    #[test]
    fn a_gated_item_that_is_no_module_body_is_not_test_code() {
        let text = "#[cfg(test)]\nmod tests;\nfn a() {}\n#[cfg(test)]\nfn b() {\n}\n";
        assert!(test_lines("src/a.rs", text).is_empty());
    }
}
