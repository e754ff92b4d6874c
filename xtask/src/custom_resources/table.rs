//! Fields as tables.

use super::field::Field;

/// A row for each field that people write.
pub(super) fn of_spec(fields: &[Field]) -> String {
    let rows = fields.iter().map(|field| {
        let default = match (&field.default, field.is_required) {
            (Some(default), _) => format!("`{default}`"),
            (None, true) => "required".to_owned(),
            (None, false) => "–".to_owned(),
        };
        row(&[&format!("`{}`", field.path), &field.kind, &default, &field.allowed, &field.meaning])
    });
    format!("| Field | Type | Default | Allowed | Meaning |\n|---|---|---|---|---|\n{}", rows.collect::<String>())
}

/// A row for each field that is written for people.
pub(super) fn of_status(fields: &[Field]) -> String {
    let rows = fields.iter().map(|field| row(&[&format!("`{}`", field.path), &field.kind, &field.meaning]));
    format!("| Field | Type | Meaning |\n|---|---|---|\n{}", rows.collect::<String>())
}

/// A line for each rule.
pub(super) fn rules(rules: &[(String, String)]) -> String {
    rules.iter().map(|(path, rule)| format!("- `{path}`: {rule}\n")).collect()
}

fn row(cells: &[&str]) -> String {
    let cells = cells.iter().map(|cell| match *cell {
        "" => " |".to_owned(),
        cell => format!(" {} |", cell.replace('|', "\\|")),
    });
    format!("|{}\n", cells.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_is_known_of_a_field() {
        let field = |default: Option<&str>, is_required| Field {
            path: "spec.a".to_owned(),
            kind: "string".to_owned(),
            default: default.map(str::to_owned),
            is_required,
            allowed: "`x`".to_owned(),
            meaning: "One a|b.".to_owned(),
        };
        let last = |table: String| table.lines().last().unwrap_or_default().to_owned();
        assert_eq!(last(of_spec(&[field(Some("x"), true)])), "| `spec.a` | string | `x` | `x` | One a\\|b. |");
        assert_eq!(last(of_spec(&[field(None, true)])), "| `spec.a` | string | required | `x` | One a\\|b. |");
        let free = Field { allowed: String::new(), ..field(None, false) };
        assert_eq!(last(of_spec(&[free])), "| `spec.a` | string | – | | One a\\|b. |");
        assert_eq!(last(of_status(&[field(None, false)])), "| `spec.a` | string | One a\\|b. |");
    }
}
