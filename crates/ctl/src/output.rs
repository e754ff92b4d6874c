//! What is shown: tables for people, JSON and YAML for programs.

pub(crate) mod event;
pub(crate) mod explanation;
pub(crate) mod held;
mod marks;
pub(crate) mod outcome;
pub(crate) mod plan;
pub(crate) mod refusal;
pub(crate) mod report;
pub(crate) mod screen;
pub(crate) mod status;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod view;

use serde::Serialize;

use crate::exit::Failure;

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    #[default]
    Table,
    /// A table with more columns
    Wide,
    /// JSON, keys named like the fields of the proto file
    Json,
    /// YAML with the keys of the JSON
    Yaml,
}

/// A document for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataFormat {
    Json,
    Yaml,
}

impl Format {
    /// The format for programs, if it is one.
    pub(crate) fn data(self) -> Option<DataFormat> {
        match self {
            Self::Table | Self::Wide => None,
            Self::Json => Some(DataFormat::Json),
            Self::Yaml => Some(DataFormat::Yaml),
        }
    }
}

impl DataFormat {
    /// `value` as a document of its own, with a line break at the end.
    pub(crate) fn document(self, value: &impl Serialize) -> Result<String, Failure> {
        let text = match self {
            Self::Json => serde_json::to_string_pretty(value).map_err(|error| error.to_string()),
            Self::Yaml => serde_saphyr::to_string(value).map_err(|error| error.to_string()),
        };
        let text = text.map_err(|error| Failure::Failed(format!("cannot write the output: {error}")))?;
        Ok(if text.ends_with('\n') { text } else { text + "\n" })
    }

    /// `value` as one of many: a line of JSON, or a YAML document after `---`.
    pub(crate) fn one_of_many(self, value: &impl Serialize) -> Result<String, Failure> {
        match self {
            Self::Json => serde_json::to_string(value)
                .map(|line| line + "\n")
                .map_err(|error| Failure::Failed(format!("cannot write the output: {error}"))),
            Self::Yaml => Ok(format!("---\n{}", self.document(value)?)),
        }
    }
}
