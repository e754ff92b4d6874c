//! `import`.

use serde_json::json;

use crate::{
    cli::ImportArgs,
    exit::{self, Failure},
    import,
    output::{DataFormat, screen::Screen},
    source::Source,
};

/// Reads the files and prints what they are as our resources; asks no agent.
pub(super) fn run(args: &ImportArgs, screen: Screen) -> Result<(), Failure> {
    let sources = args.file.iter().map(|path| Source::read(path)).collect::<Result<Vec<_>, _>>()?;
    let imported = import::translate(&sources, args.from)
        .map_err(|problems| Failure::Usage(format!("nothing was translated\n{problems}")))?;
    let losses = imported.notes.iter().any(import::Note::is_loss);
    imported.notes.iter().for_each(|note| exit::complain(&note.to_string()));
    if losses && args.strict {
        return Err(Failure::Incomplete);
    }
    match screen.format.data() {
        Some(DataFormat::Json) => {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": imported.resources});
            screen.write(&DataFormat::Json.document(&list)?)?;
        }
        // Tables are for what there is to compare.
        Some(DataFormat::Yaml) | None => {
            let documents = imported.resources.iter().map(|resource| DataFormat::Yaml.one_of_many(resource));
            screen.write(&documents.collect::<Result<String, _>>()?)?;
        }
    }
    if losses { Err(Failure::Incomplete) } else { Ok(()) }
}
