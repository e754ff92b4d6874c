//! What a PromQL expression names: metrics, and the labels that it asks of them.
//!
//! Not a parser of the whole language: `promtool` says whether an expression is valid. What is not understood here is an
//! error, so that no name is passed over.

mod token;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use token::{Token, tokens};

/// A series selector of an expression, or a series of an exposition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// The metric.
    pub metric: String,
    /// What stands in its braces.
    pub matchers: Vec<Matcher>,
    /// The groupings that it stands in.
    pub groupings: Vec<Grouping>,
}

/// A condition on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// `=`, `!=`, `=~` or `!~`.
    pub operator: String,
    /// What it is compared with.
    pub value: String,
}

/// Labels by which series are taken together or matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// `by`, `without`, `on` or `ignoring`.
    pub word: String,
    /// The labels.
    pub labels: Vec<String>,
}

const AGGREGATION: [&str; 2] = ["by", "without"];
const MATCHING: [&str; 2] = ["on", "ignoring"];
const OPERATORS: [&str; 7] = ["and", "or", "unless", "bool", "offset", "inf", "nan"];

/// The selectors of an expression, or of a line of an exposition, in their order.
///
/// # Errors
/// A word is neither a metric of the agent, nor `up` or `ALERTS`, nor a function or an operator that is understood.
pub fn selectors(expression: &str) -> Result<Vec<Selector>> {
    Reader::of(expression).and_then(Reader::read).with_context(|| format!("in {expression:?}"))
}

/// Metrics that the agent, its recording rules or Prometheus itself make.
fn is_metric(word: &str) -> bool {
    word.starts_with("novaroute_") || word.starts_with("novaroute:") || matches!(word, "up" | "ALERTS")
}

struct Reader {
    tokens: Vec<Token>,
    /// Where the other parenthesis of a pair is.
    pairs: BTreeMap<usize, usize>,
    selectors: Vec<(usize, Selector)>,
    /// Groupings with the first and the last token that they are about.
    groupings: Vec<(usize, usize, Grouping)>,
}

impl Reader {
    fn of(expression: &str) -> Result<Self> {
        let tokens = tokens(expression)?;
        let pairs = pairs(&tokens)?;
        Ok(Self { tokens, pairs, selectors: Vec::new(), groupings: Vec::new() })
    }

    fn read(mut self) -> Result<Vec<Selector>> {
        let mut at = 0;
        while at < self.tokens.len() {
            at = match &self.tokens[at] {
                Token::Word(word) => self.word(&word.clone(), at)?,
                Token::Sign('{') => bail!("a selector without the name of a metric"),
                _ => at + 1,
            };
        }
        let groupings = &self.groupings;
        let inside = |at: usize| groupings.iter().filter(move |(from, to, _)| (*from..=*to).contains(&at));
        let selectors = self.selectors.into_iter().map(|(at, selector)| Selector {
            groupings: inside(at).map(|(.., grouping)| grouping.clone()).collect(),
            ..selector
        });
        Ok(selectors.collect())
    }

    /// Takes a word with what belongs to it; the place behind.
    fn word(&mut self, word: &str, at: usize) -> Result<usize> {
        if AGGREGATION.contains(&word) || MATCHING.contains(&word) {
            return self.grouping(word, at);
        }
        if is_metric(word) {
            return self.selector(word, at);
        }
        let calls = match self.tokens.get(at + 1) {
            Some(Token::Sign(sign)) => *sign == '(' && !word.starts_with("group_"),
            Some(Token::Word(next)) => AGGREGATION.contains(&next.as_str()),
            _ => false,
        };
        ensure!(calls || OPERATORS.contains(&word.to_lowercase().as_str()), "{word:?} is not understood");
        Ok(at + 1)
    }

    fn selector(&mut self, metric: &str, at: usize) -> Result<usize> {
        let (matchers, after) = match self.tokens.get(at + 1) {
            Some(Token::Sign('{')) => self.matchers(at + 2)?,
            _ => (Vec::new(), at + 1),
        };
        let selector = Selector { metric: metric.to_owned(), matchers, groupings: Vec::new() };
        self.selectors.push((at, selector));
        Ok(after)
    }

    fn matchers(&self, mut at: usize) -> Result<(Vec<Matcher>, usize)> {
        let mut matchers = Vec::new();
        loop {
            match self.tokens.get(at) {
                Some(Token::Sign('}')) => return Ok((matchers, at + 1)),
                Some(Token::Sign(',')) => at += 1,
                Some(Token::Word(label)) => {
                    let signs = self.tokens[at + 1..].iter().map_while(Token::sign);
                    let operator: String = signs.collect();
                    ensure!(["=", "!=", "=~", "!~"].contains(&operator.as_str()), "{operator:?} after {label}");
                    let value = at + 1 + operator.len();
                    let Some(Token::Text(text)) = self.tokens.get(value) else { bail!("no value of {label}") };
                    matchers.push(Matcher { label: label.clone(), operator, value: text.clone() });
                    at = value + 1;
                }
                other => bail!("{other:?} among matchers"),
            }
        }
    }

    fn grouping(&mut self, word: &str, at: usize) -> Result<usize> {
        let open = at + 1;
        ensure!(self.tokens.get(open) == Some(&Token::Sign('(')), "no labels after {word}");
        let close = self.pairs[&open];
        let mut labels = Vec::new();
        for token in &self.tokens[open + 1..close] {
            match token {
                Token::Word(label) => labels.push(label.clone()),
                Token::Sign(',') => {}
                other => bail!("{other:?} among labels"),
            }
        }
        let (from, to) = if MATCHING.contains(&word) { self.around(at) } else { self.aggregated(at, close)? };
        self.groupings.push((from, to, Grouping { word: word.to_owned(), labels }));
        Ok(close + 1)
    }

    /// What `sum by (a) (…)` or `sum(…) by (a)` takes together.
    fn aggregated(&self, at: usize, close: usize) -> Result<(usize, usize)> {
        if let Some(end) = self.pairs.get(&(close + 1)).filter(|end| **end > close) {
            return Ok((close + 1, *end));
        }
        let before = at.checked_sub(1).context("an aggregation of nothing")?;
        let start = self.pairs.get(&before).filter(|start| **start < before);
        Ok((*start.context("an aggregation of nothing")?, before))
    }

    /// The innermost parentheses around a place, or everything.
    fn around(&self, at: usize) -> (usize, usize) {
        let enclosing = self.pairs.iter().filter(|(open, close)| **open < at && at < **close);
        enclosing.max().map_or((0, self.tokens.len()), |(open, close)| (*open, *close))
    }
}

/// Each parenthesis with the other one of its pair.
fn pairs(tokens: &[Token]) -> Result<BTreeMap<usize, usize>> {
    let (mut pairs, mut open) = (BTreeMap::new(), Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(') => open.push(at),
            Token::Sign(')') => {
                let start = open.pop().context("a ')' too many")?;
                pairs.extend([(start, at), (at, start)]);
            }
            _ => {}
        }
    }
    ensure!(open.is_empty(), "a ')' is missing");
    Ok(pairs)
}

#[cfg(test)]
mod tests;
