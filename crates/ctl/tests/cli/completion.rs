//! Completion, as shells ask for it, and man pages.

use novaroute_api::v1;

use crate::{
    ctl::{self, alone},
    fake::{Fake, Script},
};

fn fake() -> Fake {
    let status = v1::GetStatusResponse {
        peers: vec![v1::PeerStatus {
            neighbor_address: "192.0.2.254".into(),
            state: "Established".into(),
            owner: "edge".into(),
            ..Default::default()
        }],
        prefixes: vec![
            v1::PrefixStatus { prefix: "203.0.113.7/32".into(), owner: "edge".into(), ..Default::default() },
            v1::PrefixStatus { prefix: "198.51.100.0/24".into(), owner: "core".into(), ..Default::default() },
        ],
        ospf_interfaces: vec![v1::OspfInterfaceStatus { interface_name: "eth0".into(), ..Default::default() }],
        ..Default::default()
    };
    Fake::start(Script { status, ..Default::default() })
}

/// The words for the last of `line`, as bash gets them.
fn words(fake: &Fake, line: &str) -> Vec<String> {
    let typed: Vec<&str> = line.split(' ').collect();
    let mut command = fake.command("");
    command.env("NOVAROUTECTL_COMPLETE", "bash").env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_INDEX", (typed.len() - 1).to_string()).args(["--"]).args(typed);
    let ran = ctl::run(&mut command);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line}");
    ran.stdout.split('\n').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[test]
fn words_are_what_the_agent_has() {
    let fake = fake();
    for (line, expected) in [
        ("novaroutectl withdraw --prefix ", &["198.51.100.0/24", "203.0.113.7/32"][..]),
        ("novaroutectl withdraw --prefix 203", &["203.0.113.7/32"]),
        ("novaroutectl remove-peer --neighbor ", &["192.0.2.254"]),
        ("novaroutectl disable-ospf --interface ", &["eth0"]),
        ("novaroutectl status --owner ", &["core", "edge"]),
        ("novaroutectl advertise --protocol ", &["bgp", "ospf"]),
        ("novaroutectl withd", &["withdraw"]),
    ] {
        assert_eq!(words(&fake, line), expected, "{line}");
    }
}

#[test]
fn without_an_agent_there_are_no_words_and_no_error() {
    let fake = fake();
    assert!(words(&fake, "novaroutectl --socket /nonexistent withdraw --prefix ").is_empty());
}

#[test]
fn the_script_has_the_shell_ask_this_program() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = alone(&format!("completion {shell}"));
        assert_eq!(ran.code, 0, "{shell}");
        assert!(ran.stdout.contains("NOVAROUTECTL_COMPLETE") && ran.stdout.contains("novaroutectl"), "{shell}");
    }
}

#[test]
fn each_command_has_a_man_page_with_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    let ran = alone(&format!("man {}/man1", folder.path().display()));
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
    let page = |name: &str| std::fs::read_to_string(folder.path().join("man1").join(name)).unwrap();
    assert!(page("novaroutectl.1").contains("novaroutectl\\-withdraw(1)"));
    let withdraw = page("novaroutectl-withdraw.1");
    assert!(withdraw.starts_with(".ie \\n(.g .ds Aq") && withdraw.contains("\\-\\-prefix"), "{withdraw}");
    assert!(withdraw.contains("novaroutectl withdraw \\-\\-prefix 203.0.113.7/32"), "{withdraw}");
}
