//! Every word that the agent may say to a program is explained to people, and no other is.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::source::Source;

/// A list of words in the code and the page that explains them, one table row a word.
struct List {
    /// File with one line `Variant = … "WORD"` for each word.
    declared: &'static str,
    /// Page with one row that begins "| `WORD` |" for each word.
    explained: &'static str,
}

const LISTS: &[List] = &[
    List { declared: "crates/core/src/state.rs", explained: "docs/errors.md" },
    List { declared: "crates/core/src/event.rs", explained: "docs/events.md" },
];

const WHY: &str = "the word is what a user searches for, and what a program was told to match";

/// Words that are declared but not explained, and words that are explained but not declared.
pub(crate) fn check(files: &[Source]) -> Vec<Finding> {
    LISTS.iter().flat_map(|list| check_list(list, files)).collect()
}

fn check_list(list: &List, files: &[Source]) -> Vec<Finding> {
    let declared = words(files, list.declared, declared_word);
    let explained = words(files, list.explained, explained_word);
    if declared.is_empty() {
        let fix = "teach xtask/src/tidy/documented.rs where the list is";
        return vec![finding(list.declared, 1, "no list of words was found".into(), fix)];
    }
    let without_row = missing(&declared, &explained).map(|(word, line)| {
        let what = format!("`{word}` is not explained in {}", list.explained);
        finding(list.declared, line, what, "add a row that begins with the word")
    });
    let without_code = missing(&explained, &declared).map(|(word, line)| {
        let what = format!("`{word}` is not declared in {}", list.declared);
        finding(list.explained, line, what, "remove the row")
    });
    without_row.chain(without_code).collect()
}

/// Words in the file at `path` with their lines, as `word` reads them.
fn words<'a>(files: &'a [Source], path: &str, word: fn(&str) -> Option<&str>) -> BTreeMap<&'a str, usize> {
    let file = files.iter().filter(|file| file.path == path);
    file.flat_map(Source::lines).filter_map(|line| Some((word(line.text)?, line.number))).collect()
}

fn missing<'a>(
    these: &BTreeMap<&'a str, usize>,
    those: &BTreeMap<&str, usize>,
) -> impl Iterator<Item = (&'a str, usize)> {
    these.iter().filter(|(word, _)| !those.contains_key(*word)).map(|(word, line)| (*word, *line))
}

/// The word of a line `Variant = "WORD",` or `Variant = 7, "WORD";`.
fn declared_word(line: &str) -> Option<&str> {
    let (variant, value) = line.trim().split_once(" = ")?;
    let (_, word) = value.trim_end_matches([',', ';']).strip_suffix('"')?.rsplit_once('"')?;
    (variant.chars().all(char::is_alphanumeric) && is_word(word)).then_some(word)
}

/// The word of a row that begins "| `WORD`".
fn explained_word(line: &str) -> Option<&str> {
    let (word, _) = line.strip_prefix("| `")?.split_once('`')?;
    is_word(word).then_some(word)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

fn finding(file: &str, line: usize, what: String, fix: &'static str) -> Finding {
    Finding { file: file.into(), line, what, why: WHY, fix }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: List = List { declared: "a.rs", explained: "a.md" };

    fn found(declared: &str, explained: &str) -> Vec<String> {
        let files = [Source::new("a.rs", declared), Source::new("a.md", explained)];
        check_list(&LIST, &files).into_iter().map(|f| format!("{}:{}: {}", f.file, f.line, f.what)).collect()
    }

    #[test]
    fn words_with_a_row_are_fine() {
        let declared = "list! {\n    /// No.\n    NotHeld = \"NOT_HELD\",\n    PeerUp = 1, \"PEER_UP\";\n}\n";
        let explained = "| word | meaning |\n|---|---|\n| `NOT_HELD` | x |\n| `PEER_UP` | y |\n";
        assert!(found(declared, explained).is_empty());
    }

    #[test]
    fn a_word_without_a_row_is_found_by_its_line() {
        assert_eq!(
            found("list! {\n    NotHeld = \"NOT_HELD\",\n}\n", "`NOT_HELD` in passing\n"),
            ["a.rs:2: `NOT_HELD` is not explained in a.md"]
        );
    }

    #[test]
    fn a_row_without_a_word_is_found() {
        assert_eq!(
            found("    NotHeld = \"NOT_HELD\",\n", "| `NOT_HELD` | x |\n| `GONE` | y |\n"),
            ["a.md:2: `GONE` is not declared in a.rs"]
        );
    }

    #[test]
    fn a_moved_list_is_not_an_empty_one() {
        assert_eq!(found("", ""), ["a.rs:1: no list of words was found"]);
    }
}
