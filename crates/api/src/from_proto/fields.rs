//! Collects what is wrong with the fields of one message.

use std::collections::BTreeSet;
use std::fmt;

use novaroute_core::invalid::Invalid;

/// Most bytes that the violations of one request take together. They travel in an HTTP/2 header, twice and
/// encoded, and clients refuse headers of more than 8 KiB.
const VIOLATION_BYTES_MAX: usize = 3 << 10;

/// Bytes of text after which [`BadFields`] prints the number of the others instead of the others.
const PRINTED_BYTES: usize = 1 << 10;

/// One field that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the proto, such as `peer.hold_time` or `attributes.communities[2]`.
    pub field: String,
    /// The value, shortened and never a secret, and what would have been accepted.
    pub description: String,
}

/// Proof that a field was refused: only [`Fields`] makes one, and keeps the violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(());

/// What is wrong with a message so far.
#[derive(Debug, Default)]
pub struct Fields {
    violations: Vec<Violation>,
    bytes: usize,
    omitted: usize,
}

impl Fields {
    /// Passes a parsed value on, or keeps why the value of `field` is refused.
    pub(super) fn take<T>(&mut self, field: &str, value: Result<T, Invalid>) -> Result<T, Refused> {
        value.map_err(|invalid| self.refuse(field, invalid.to_string()))
    }

    /// A set out of a list, each item of which is parsed, with at most `most` items; or why that cannot be.
    pub(super) fn set<G, T: Ord>(
        &mut self,
        field: &str,
        given: &[G],
        most: usize,
        parse: impl Fn(&G) -> Result<T, Invalid>,
    ) -> Result<BTreeSet<T>, Refused> {
        let mut take = |(at, given): (usize, &G)| self.take(&format!("{field}[{at}]"), parse(given));
        // All of them are looked at before the first refusal counts.
        let parsed: Vec<_> = given.iter().enumerate().map(&mut take).collect();
        let set = parsed.into_iter().collect::<Result<BTreeSet<_>, _>>()?;
        if set.len() <= most {
            return Ok(set);
        }
        Err(self.refuse(field, format!("{} are more than the {most} that there may be", set.len())))
    }

    /// Keeps why the value of `field` is refused.
    pub(crate) fn refuse(&mut self, field: impl Into<String>, description: impl Into<String>) -> Refused {
        let violation = Violation { field: field.into(), description: description.into() };
        let bytes = violation.field.len() + violation.description.len();
        if self.bytes + bytes <= VIOLATION_BYTES_MAX {
            self.bytes += bytes;
            self.violations.push(violation);
        } else {
            self.omitted += 1;
        }
        Refused(())
    }

    /// All there is to say, together with why the value of `field` is refused.
    pub(crate) fn refused(mut self, field: &str, description: String) -> BadFields {
        self.refuse(field, description);
        self.refusals()
    }

    /// All that was refused.
    pub(crate) fn refusals(self) -> BadFields {
        BadFields { violations: self.violations, omitted: self.omitted }
    }

    /// The value, if nothing was refused on the way to it.
    pub(crate) fn finish<T>(self, value: Result<T, Refused>) -> Result<T, BadFields> {
        match value {
            Ok(value) if self.violations.is_empty() && self.omitted == 0 => Ok(value),
            _ => Err(self.refusals()),
        }
    }
}

/// Why a message was refused: each field at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFields {
    violations: Vec<Violation>,
    omitted: usize,
}

impl BadFields {
    /// The fields at fault, in the order of the message.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

impl fmt::Display for BadFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = 0;
        for (at, Violation { field, description }) in self.violations.iter().enumerate() {
            bytes += field.len() + description.len();
            if at > 0 && bytes > PRINTED_BYTES {
                return write!(f, "; and {} more", self.violations.len() - at + self.omitted);
            }
            let separator = if at > 0 { "; " } else { "" };
            write!(f, "{separator}{field}: {description}")?;
        }
        match self.omitted {
            0 => Ok(()),
            omitted => write!(f, "; and {omitted} more"),
        }
    }
}

impl std::error::Error for BadFields {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_reported_in_order() {
        let mut fields = Fields::default();
        let first = fields.take::<()>("a", Err(Invalid::new("x", "a number")));
        let second = fields.take::<()>("b.c", Err(Invalid::number(7_u32, "a word")));
        let bad = fields.finish(first.and(second)).unwrap_err();
        assert_eq!(bad.to_string(), "a: \"x\" is not a number; b.c: 7 is not a word");
    }

    #[test]
    fn a_value_does_not_survive_a_refusal_that_nobody_looked_at() {
        let mut fields = Fields::default();
        fields.refuse("a", "is odd");
        assert!(fields.finish(Ok(1)).is_err());
    }

    #[test]
    fn thousands_of_bad_fields_make_a_short_error() {
        let mut fields = Fields::default();
        let refused = (0..10_000).map(|at| fields.refuse(format!("list[{at}]"), "is odd")).last();
        let bad = fields.finish::<()>(Err(refused.unwrap())).unwrap_err();
        assert!(bad.to_string().len() < PRINTED_BYTES * 2, "{bad}");
        let bytes: usize = bad.violations().iter().map(|v| v.field.len() + v.description.len()).sum();
        assert!(bytes <= VIOLATION_BYTES_MAX);
        assert!(bad.to_string().ends_with(" more"), "{bad}");
    }
}
