//! Files stay short enough to be read in one go.

use super::finding::Finding;
use super::source::Source;

/// Most lines of code that is not test code in one file.
const CODE_LINES_MAX: usize = 400;
/// Most lines of test code in one file: tables may be longer than what they test.
const TEST_LINES_MAX: usize = 800;

const WHY: &str = "one file, one responsibility; a long file hides the second one";
const FIX: &str = "split it by responsibility; long tests go to <module>/tests.rs";

/// At most one finding per kind of line.
pub(crate) fn check(file: &Source) -> Vec<Finding> {
    let tests = file.lines().filter(|line| line.test).count();
    let code = file.lines().count() - tests;
    [("code", code, CODE_LINES_MAX), ("tests", tests, TEST_LINES_MAX)]
        .into_iter()
        .filter(|(_, count, max)| count > max)
        .map(|(kind, count, max)| Finding {
            file: file.path.clone(),
            line: 1,
            what: format!("{count} lines of {kind}, at most {max} are allowed"),
            why: WHY,
            fix: FIX,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_last_length_allowed() {
        let at = |count| check(&Source::new("src/a.rs", &"x\n".repeat(count)));
        assert!(at(CODE_LINES_MAX).is_empty());
        assert_eq!(at(CODE_LINES_MAX + 1)[0].what, "401 lines of code, at most 400 are allowed");
    }

    #[test]
    fn tests_have_a_limit_of_their_own() {
        let body = "    x\n".repeat(CODE_LINES_MAX);
        let file = Source::new("src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{body}}}\n"));
        assert!(check(&file).is_empty());
        let long = Source::new("tests/a.rs", &"x\n".repeat(TEST_LINES_MAX + 1));
        assert_eq!(check(&long)[0].what, "801 lines of tests, at most 800 are allowed");
    }
}
