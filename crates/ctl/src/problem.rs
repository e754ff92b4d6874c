//! What is wrong with a file, and where.

use std::fmt;

/// A place in a file: an item, and a path of keys inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    item: String,
    path: String,
}

impl Place {
    /// The file as a whole.
    pub(crate) fn file() -> Self {
        Self { item: String::new(), path: String::new() }
    }

    /// An item of the file, as in `item 3 (advertise)`.
    pub(crate) fn item(name: String) -> Self {
        Self { item: name, path: String::new() }
    }

    /// Its item.
    pub(crate) fn name(&self) -> &str {
        &self.item
    }

    /// The keys inside the item.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The value at `key` in the map at this place.
    pub(crate) fn key(&self, key: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self { item: self.item.clone(), path: format!("{}{dot}{key}", self.path) }
    }

    /// The value at `index` of the list at this place; counted from 0, as the
    /// agent counts where it names a field.
    pub(crate) fn index(&self, index: usize) -> Self {
        Self { item: self.item.clone(), path: format!("{}[{index}]", self.path) }
    }
}

/// The problems of one file.
#[derive(Debug)]
pub(crate) struct Problems {
    file: String,
    found: Vec<(Place, String)>,
}

impl Problems {
    pub(crate) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), found: Vec::new() }
    }

    pub(crate) fn push(&mut self, place: &Place, text: String) {
        self.found.push((place.clone(), text));
    }

    /// `value`, if nothing is wrong.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.found.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// One problem a line: file, item, path, what is wrong.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (place, text)) in self.found.iter().enumerate() {
            let line_break = if number == 0 { "" } else { "\n" };
            write!(f, "{line_break}{}: ", self.file)?;
            for part in [&place.item, &place.path].into_iter().filter(|part| !part.is_empty()) {
                write!(f, "{part}: ")?;
            }
            f.write_str(text)?;
        }
        Ok(())
    }
}
