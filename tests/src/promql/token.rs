//! Words, texts, numbers and signs of an expression.

use std::iter::Peekable;
use std::str::Chars;

use anyhow::{Context as _, Result};

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// What stands between quotes.
    Text(String),
    /// A number, a duration, a range in brackets, or a variable of a dashboard.
    Value,
    /// Any other character.
    Sign(char),
}

impl Token {
    /// A sign of which operators on labels are made.
    pub(super) fn sign(&self) -> Option<char> {
        match self {
            Self::Sign(sign @ ('=' | '!' | '~')) => Some(*sign),
            _ => None,
        }
    }
}

/// The tokens of an expression, without spaces and comments.
///
/// # Errors
/// A text or a range does not end.
pub(super) fn tokens(expression: &str) -> Result<Vec<Token>> {
    let mut rest = expression.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(first) = rest.next() {
        match first {
            '#' => drop(rest.by_ref().find(|next| *next == '\n')),
            '"' | '\'' | '`' => tokens.push(Token::Text(text(&mut rest, first)?)),
            '[' => {
                rest.by_ref().find(|next| *next == ']').context("a ']' is missing")?;
                tokens.push(Token::Value);
            }
            _ if first.is_ascii_digit() || matches!(first, '$' | '.') => {
                let _value = word(&mut rest, first);
                tokens.push(Token::Value);
            }
            _ if is_of_word(first) => tokens.push(Token::Word(word(&mut rest, first))),
            _ if first.is_whitespace() => {}
            _ => tokens.push(Token::Sign(first)),
        }
    }
    Ok(tokens)
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | ':')
}

fn word(rest: &mut Peekable<Chars<'_>>, first: char) -> String {
    let mut word = String::from(first);
    while let Some(next) = rest.next_if(|next| is_of_word(*next) || *next == '.') {
        word.push(next);
    }
    word
}

/// A text up to its quote; of a character after a backslash, that character.
fn text(rest: &mut Peekable<Chars<'_>>, quote: char) -> Result<String> {
    let mut text = String::new();
    loop {
        match rest.next().context("a text does not end")? {
            '\\' if quote != '`' => text.extend(rest.next()),
            end if end == quote => return Ok(text),
            other => text.push(other),
        }
    }
}
