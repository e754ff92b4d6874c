//! Links between the Markdown files lead somewhere.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::source::Source;

/// Relative links of Markdown files whose target is neither a file nor a folder of the tree.
pub(crate) fn check(files: &[Source]) -> Vec<Finding> {
    let known = paths(files);
    let pages = files.iter().filter(|file| file.path.ends_with(".md"));
    pages
        .flat_map(|page| {
            let known = &known;
            page.lines().flat_map(move |line| {
                let broken = targets(line.text).filter(|target| !leads_somewhere(&page.path, target, known));
                broken.map(move |target| Finding {
                    file: page.path.clone(),
                    line: line.number,
                    what: format!("the link to `{target}` leads nowhere"),
                    why: "a reader who follows it is lost",
                    fix: "mend the path, which is relative to the page, or drop the link",
                })
            })
        })
        .collect()
}

/// Every file of the tree and every folder above one; the root is the empty path.
fn paths(files: &[Source]) -> BTreeSet<&str> {
    let mut paths = BTreeSet::from([""]);
    for file in files {
        let folders = file.path.match_indices('/').map(|(at, _)| &file.path[..at]);
        paths.extend(folders.chain([file.path.as_str()]));
    }
    paths
}

/// Targets of inline links `[text](target)` that point into the tree, without their `#fragment`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let (target, _) = rest.split_once(')')?;
        let path = target.split('#').next().unwrap_or(target);
        let outside = target.contains("://") || target.starts_with("mailto:");
        (!outside && !path.is_empty()).then_some(path)
    })
}

fn leads_somewhere(page: &str, target: &str, known: &BTreeSet<&str>) -> bool {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return false;
                }
            }
            part => parts.push(part),
        }
    }
    known.contains(parts.join("/").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> Vec<String> {
        let files =
            [Source::new("docs/a.md", text), Source::new("docs/adr/0001-x.md", ""), Source::new("README.md", "")];
        check(&files).into_iter().map(|f| f.what).collect()
    }

    #[test]
    fn links_to_files_folders_fragments_and_the_web_are_fine() {
        let text = "[a](adr/0001-x.md) [b](../README.md#install) [c](adr/) [d](#top) [e](https://example.com/x)";
        assert!(broken(text).is_empty());
    }

    #[test]
    fn a_link_to_nothing_is_found() {
        assert_eq!(broken("see [a](b.md)"), ["the link to `b.md` leads nowhere"]);
        assert_eq!(broken("[a](../../README.md)").len(), 1);
    }
}
