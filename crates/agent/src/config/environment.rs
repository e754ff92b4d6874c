//! The environment of the process, as an argument.

use std::collections::BTreeMap;

/// Where variables come from: the process, or a map in a test.
pub trait Environment {
    /// The value of a variable; `None` when it is not set.
    ///
    /// # Errors
    /// [`NotText`] when it is set to something that is not UTF-8.
    fn get(&self, name: &str) -> Result<Option<String>, NotText>;
}

/// A variable whose value is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its value is not UTF-8 text")]
pub struct NotText;

/// The variables of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn get(&self, name: &str) -> Result<Option<String>, NotText> {
        match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(NotText),
        }
    }
}

impl Environment for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Result<Option<String>, NotText> {
        Ok(BTreeMap::get(self, name).cloned())
    }
}

/// Why a text with variables could not be expanded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ExpandError {
    #[error("\"${{\" without \"}}\"; close it, or write \"$${{\" for a plain \"${{\"")]
    Unclosed,
    #[error("\"${{…}}\" does not hold the name of a variable (A-Z a-z 0-9 _, no digit first)")]
    NoName,
    #[error("the variable {0} is not set; set it, or write \"$${{\" for a plain \"${{\"")]
    NotSet(String),
    #[error("the variable {0} cannot be used: {1}")]
    Unreadable(String, NotText),
}

/// Replaces each `${NAME}` by the variable; `$${` stands for a plain `${`. Values are not expanded again.
pub(super) fn expand(text: &str, environment: &dyn Environment) -> Result<String, ExpandError> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, after) = (&rest[..start], &rest[start + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = after;
            continue;
        }
        expanded.push_str(before);
        let (name, behind) = after.split_once('}').ok_or(ExpandError::Unclosed)?;
        expanded.push_str(&variable(name, environment)?);
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn variable(name: &str, environment: &dyn Environment) -> Result<String, ExpandError> {
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !begins || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(ExpandError::NoName);
    }
    match environment.get(name) {
        Ok(value) => value.ok_or_else(|| ExpandError::NotSet(name.to_owned())),
        Err(error) => Err(ExpandError::Unreadable(name.to_owned(), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> BTreeMap<String, String> {
        [("A", "one"), ("B_2", "${A}"), ("E", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn variables_are_replaced_once() {
        for (text, expanded) in [
            ("", ""),
            ("plain $A $ {A}", "plain $A $ {A}"),
            ("${A}", "one"),
            ("x${A}y${A}", "xoneyone"),
            ("${B_2}", "${A}"),
            ("${E}", ""),
            ("$${A}", "${A}"),
            ("$${A}-${A}", "${A}-one"),
            ("$$", "$$"),
        ] {
            assert_eq!(expand(text, &environment()).as_deref(), Ok(expanded), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_expanded_is_an_error_that_names_the_variable() {
        for (text, words) in [
            ("${NOPE}", "variable NOPE is not set"),
            ("${A", "without \"}\""),
            ("${}", "name of a variable"),
            ("${1A}", "name of a variable"),
            ("${A B}", "name of a variable"),
        ] {
            let error = expand(text, &environment()).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
