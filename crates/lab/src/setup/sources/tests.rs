use super::*;

#[test]
fn reads_stanzas_past_other_suites_and_disabled_ones() {
    let text = "\
Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main

# a comment
Types: deb deb-src
# another: within the stanza
URIs: cdrom:[Debian] http://mirror.example/debian
suites: bookworm bookworm-updates
Components: main
 contrib
Signed-By: /usr/share/keyrings/other.gpg
";
    let source = in_stanzas(text, "bookworm").unwrap();
    assert_eq!(
        source.line("trixie"),
        "deb [signed-by=/usr/share/keyrings/other.gpg] http://mirror.example/debian trixie main\n"
    );
    assert_eq!(in_stanzas(text, "trixie"), None);
}

#[test]
fn a_key_in_full_falls_back_to_debians_file() {
    let text = "Types: deb\nURIs: https://m.example\nSuites: bookworm\nComponents: main\n\
                Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n";
    assert_eq!(in_stanzas(text, "bookworm"), Some(Source::new("https://m.example", None)));
}

#[test]
fn reads_lines_with_and_without_options() {
    let text = "\
# deb http://comment.example bookworm main
deb cdrom:[Debian_12]/ bookworm main
deb-src http://source.example bookworm main
deb http://contrib.example bookworm contrib
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # trailing
";
    let source = in_lines(text, "bookworm").unwrap();
    assert_eq!(source, Source::new("http://mirror.example/debian", Some("/k.gpg")));
    let plain = in_lines("deb\thttp://m.example bookworm main", "bookworm").unwrap();
    assert_eq!(plain, Source::new("http://m.example", None));
    assert_eq!(in_lines("deb http://m.example bookworm-updates main", "bookworm"), None);
}

#[test]
fn looks_through_all_files_of_apt() {
    let dir = tempfile::tempdir().unwrap();
    let error = find_in(dir.path(), "bookworm").unwrap_err().to_string();
    assert!(error.contains("no 'deb' source of suite bookworm"), "{error}");
    let parts = dir.path().join("sources.list.d");
    fs::create_dir(&parts).unwrap();
    fs::write(parts.join("off.list.disabled"), "deb http://off.example bookworm main").unwrap();
    fs::write(parts.join("other.list"), "deb http://other.example stable main").unwrap();
    let stanza = "Types: deb\nURIs: http://m.example\nSuites: bookworm\nComponents: main\n";
    fs::write(parts.join("debian.sources"), stanza).unwrap();
    assert_eq!(find_in(dir.path(), "bookworm").unwrap(), Source::new("http://m.example", None));
}
