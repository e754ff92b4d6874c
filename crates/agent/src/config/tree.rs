//! The file as a tree in which every node knows its line and column. JSON is read as the YAML that it is.

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::error::Position;

/// Deepest nesting; the deepest key that exists is at depth 5.
const DEPTH_MAX: usize = 32;

/// A value and where it begins. There is no `Debug`: the tree holds tokens and passwords.
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
}

/// What a node is.
pub(super) enum Value {
    /// `plain` text has no quotes and may therefore mean a number, a truth value or nothing at all.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Table(Vec<(Name, Node)>),
}

/// A key and where it stands.
pub(super) struct Name {
    pub(super) at: Position,
    pub(super) text: String,
}

/// Why there is no tree.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) at: Position,
    pub(super) message: String,
}

impl SyntaxError {
    fn new(at: Position, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

impl From<ScanError> for SyntaxError {
    /// The parser's messages name a kind of error, never text of the file, which may be a secret.
    fn from(error: ScanError) -> Self {
        let at = Position { line: error.marker().line().max(1), column: error.marker().col() + 1 };
        Self::new(at, format!("neither JSON nor YAML: {}", error.info()))
    }
}

/// Reads the one document of a file.
///
/// Anchors, aliases, tags and several documents are refused: nothing here needs them, and without them a file means
/// what it shows.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_comments: false,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    let mut builder = Builder { parser: Parser::new_from_str_with_options(text, options) };
    builder.document()
}

struct Builder<'t> {
    parser: Parser<'t, StrInput<'t>>,
}

impl<'t> Builder<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Position), SyntaxError> {
        match self.parser.next_event() {
            Some(event) => {
                let (event, span) = event?;
                Ok((event, position(span)))
            }
            None => Err(SyntaxError::new(Position { line: 1, column: 1 }, "the file ends too early")),
        }
    }

    fn document(&mut self) -> Result<Node, SyntaxError> {
        let mut root = None;
        loop {
            let (event, at) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_none() => {
                    let (event, at) = self.next()?;
                    root = Some(self.node(event, at)?);
                }
                Event::StreamEnd => return root.ok_or_else(|| SyntaxError::new(at, "the file is empty")),
                _ => return Err(SyntaxError::new(at, "a second document begins here; put all keys into one")),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, at: Position) -> Result<Node, SyntaxError> {
        if event.tag().is_some() {
            return Err(SyntaxError::new(
                at,
                "a tag ('!…') is not taken here; put text that begins with '!' in quotes",
            ));
        }
        if event.anchor_id().is_some() || matches!(event, Event::Alias(_) | Event::UnresolvedAlias(_)) {
            return Err(SyntaxError::new(
                at,
                "anchors and aliases ('&…', '*…') are not taken; repeat the value, or put it in quotes if it is text",
            ));
        }
        let value = match event {
            Event::Scalar(text, style, ..) => {
                Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(..) => Value::List(self.list()?),
            Event::MappingStart(..) => Value::Table(self.table()?),
            _ => return Err(SyntaxError::new(at, "a value is missing here")),
        };
        Ok(Node { at, value })
    }

    fn list(&mut self) -> Result<Vec<Node>, SyntaxError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, at) => items.push(self.node(event, at)?),
            }
        }
    }

    fn table(&mut self) -> Result<Vec<(Name, Node)>, SyntaxError> {
        let mut entries = Vec::new();
        loop {
            let (event, at) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(entries);
            }
            let Value::Scalar { text, .. } = self.node(event, at)?.value else {
                return Err(SyntaxError::new(at, "a key is a word, not a list or a table"));
            };
            let (event, value_at) = self.next()?;
            entries.push((Name { at, text }, self.node(event, value_at)?));
        }
    }
}

fn position(span: Span) -> Position {
    let start = span.tag_start.unwrap_or(span.start);
    Position { line: start.line().max(1), column: start.col() + 1 }
}

#[cfg(test)]
mod tests;
