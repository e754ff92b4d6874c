//! The pages of `docs`, and what they show.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A page.
#[derive(Debug)]
pub struct Page(String);

impl Page {
    /// Reads a page; `name` is its file in `docs`.
    ///
    /// # Errors
    /// There is none.
    pub fn read(name: &str) -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
        Ok(Self(fs::read_to_string(&path).with_context(|| path.display().to_string())?))
    }

    /// The blocks of code in a language.
    ///
    /// # Errors
    /// There are none, or one does not end.
    pub fn blocks(&self, language: &str) -> Result<Vec<&str>> {
        let begin = format!("\n```{language}\n");
        let blocks =
            self.0.split(&begin).skip(1).map(|rest| Some(rest.split_once("```\n")?.0)).collect::<Option<Vec<_>>>();
        let blocks = blocks.context("a block that does not end")?;
        ensure!(!blocks.is_empty(), "no block of {language}");
        Ok(blocks)
    }

    /// The custom resources of ours, in the order of the page.
    ///
    /// # Errors
    /// There are none, or a block is no YAML.
    pub fn resources(&self) -> Result<Vec<Value>> {
        let mut resources = Vec::new();
        for block in self.blocks("yaml")? {
            let documents: Vec<Value> = serde_saphyr::from_multiple(block).with_context(|| block.to_owned())?;
            let ours =
                |document: &Value| document["apiVersion"].as_str().is_some_and(|of| of.starts_with("novaroute.io/"));
            resources.extend(documents.into_iter().filter(ours));
        }
        ensure!(!resources.is_empty(), "no resource of group novaroute.io");
        Ok(resources)
    }

    /// The commands that begin with this word, each in one line.
    ///
    /// # Errors
    /// There are none.
    pub fn commands(&self, program: &str) -> Result<Vec<String>> {
        let scripts = self.blocks("sh")?.into_iter().map(|script| script.replace("\\\n", " ")).collect::<Vec<_>>();
        let lines = scripts.iter().flat_map(|script| script.lines());
        let commands = lines.filter(|line| line.split(' ').next() == Some(program)).map(str::to_owned);
        let commands: Vec<_> = commands.collect();
        ensure!(!commands.is_empty(), "no command {program}");
        Ok(commands)
    }
}
