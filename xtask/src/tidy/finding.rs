//! One broken rule at one place.

use std::fmt;

/// A broken rule. Prints as `file:line: what`, then why the rule exists and the way out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Path from the workspace root.
    pub(crate) file: String,
    /// Line, counted from 1; 1 where the whole file is meant.
    pub(crate) line: usize,
    /// What was found.
    pub(crate) what: String,
    /// Why that is not wanted.
    pub(crate) why: &'static str,
    /// What to do about it.
    pub(crate) fix: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}: {}", self.file, self.line, self.what)?;
        writeln!(f, "    why: {}", self.why)?;
        write!(f, "    fix: {}", self.fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_place_reason_and_way_out() {
        let finding = Finding { file: "a/b.rs".into(), line: 7, what: "x".into(), why: "y", fix: "z" };
        assert_eq!(finding.to_string(), "a/b.rs:7: x\n    why: y\n    fix: z");
    }
}
