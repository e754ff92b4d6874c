//! Secrets that are known, so that they can be taken out of whatever else they may stand in.

use std::collections::BTreeSet;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// What stands in the place of a secret.
pub(super) const MASK: &str = "***";
/// Bytes of the shortest secret that is looked for: a shorter one would be found in ordinary words.
const BYTES_MIN: usize = 6;

/// Secrets in every form in which they are looked for.
#[derive(Default)]
pub(crate) struct KnownSecrets(BTreeSet<String>);

impl KnownSecrets {
    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() < BYTES_MIN {
            return;
        }
        let hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        // What stands before the last, partial group is the same whatever follows.
        let base64 = |text: String| text[..text.len() - text.len() % 4].to_owned();
        self.0.extend([
            secret.to_owned(),
            secret.escape_default().to_string(),
            serde_json::Value::from(secret).to_string().trim_matches('"').to_owned(),
            percent_encoded(secret),
            base64(STANDARD_NO_PAD.encode(secret)),
            base64(URL_SAFE_NO_PAD.encode(secret)),
            hex.to_uppercase(),
            hex,
        ]);
    }

    /// `text` without them.
    pub(crate) fn scrub(&self, text: &str) -> String {
        // Long ones first: one may be a part of another.
        let mut forms: Vec<_> = self.0.iter().collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.into_iter().fold(text.to_owned(), |text, form| text.replace(form, MASK))
    }
}

fn percent_encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form() {
        let secret = "s3cr\"t/ö?~x";
        let mut secrets = KnownSecrets::default();
        secrets.add(secret);
        let hex: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
        for form in [secret, r#"s3cr\"t/ö?~x"#, "s3cr%22t%2F%C3%B6%3F~x", &hex, &hex.to_lowercase()] {
            assert_eq!(secrets.scrub(&format!("a={form}&b")), "a=***&b");
        }
        for form in [STANDARD_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(format!("{secret} and more"))] {
            let scrubbed = secrets.scrub(&form);
            assert!(scrubbed.starts_with(MASK) && !scrubbed.contains(&form[..4]), "{scrubbed}");
        }
    }

    #[test]
    fn of_two_secrets_the_longer_goes_first() {
        let mut secrets = KnownSecrets::default();
        secrets.add("s3cret");
        secrets.add("longer-s3cret");
        assert_eq!(secrets.scrub("longer-s3cret s3cret"), "*** ***");
    }

    #[test]
    fn words_that_are_too_short_to_be_secrets_stay() {
        let mut secrets = KnownSecrets::default();
        secrets.add("peer");
        secrets.add("");
        assert_eq!(secrets.scrub("peer up"), "peer up");
    }
}
