use novaroute_core::event::{Event, EventType};

use super::*;

/// Text that would be a script, an attribute, an entity, or the end of an element.
const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror='a()'>&lt;\u{202e}";

fn hostile() -> Picture {
    let text = || HOSTILE.to_owned();
    let status = v1::GetStatusResponse {
        peers: vec![v1::PeerStatus {
            neighbor_address: text(),
            state: text(),
            owner: text(),
            uptime: text(),
            bfd_enabled: true,
            bfd_status: text(),
            description: text(),
            last_reset_reason: text(),
            intent_state: text(),
            reason: text(),
            ..Default::default()
        }],
        prefixes: vec![v1::PrefixStatus {
            prefix: text(),
            owner: text(),
            state: text(),
            reason: text(),
            sent_to: vec![text()],
            ..Default::default()
        }],
        bfd_sessions: vec![v1::BfdSessionStatus {
            peer_address: text(),
            state: text(),
            owner: text(),
            uptime: text(),
            reason: text(),
            intent_state: text(),
            interface_name: text(),
            ..Default::default()
        }],
        ospf_interfaces: vec![v1::OspfInterfaceStatus {
            interface_name: text(),
            area_id: text(),
            state: text(),
            owner: text(),
            reason: text(),
            intent_state: text(),
            ..Default::default()
        }],
        frr_status: Some(v1::FrrStatus {
            version: text(),
            uptime: text(),
            daemons: vec![v1::DaemonStatus { name: text(), version: text(), connected: true }],
            foreign_lines: vec!["bgpd: neighbor 192.0.2.1 password planted".into()],
            ..Default::default()
        }),
        agent_version: text(),
        ..Default::default()
    };
    let event = Published { sequence: 7, timestamp_ns: 1, event: Event::new(EventType::PeerDown, text()) };
    Picture { node: text(), status, owners: Vec::new(), events: vec![Arc::new(event)] }
}

#[test]
fn whatever_comes_from_outside_is_escaped() {
    let page = hostile().html(&Asked::default());
    assert_eq!(page.matches("<script").count() + page.matches("<img").count(), 0, "{page}");
    let escaped = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror='a()'&gt;&amp;lt;";
    // Every field above, the name of the node twice.
    assert_eq!(page.matches(escaped).count(), page.matches("alert(1)").count(), "{page}");
    assert_eq!(page.matches(escaped).count(), 35, "{page}");
}

#[test]
fn lines_of_others_are_counted_and_not_shown() {
    let page = hostile().html(&Asked::default());
    assert!(page.contains("lines of its configuration that are not the agent's: 1"), "{page}");
    assert!(!page.contains("planted"), "{page}");
}

#[test]
fn a_long_table_comes_page_by_page() {
    let prefix = |nth: u32| v1::PrefixStatus { prefix: format!("prefix-{nth}."), ..Default::default() };
    let status = v1::GetStatusResponse { prefixes: (0..10_000).map(prefix).collect(), ..Default::default() };
    let picture = Picture { status, ..Default::default() };
    let first = picture.html(&Asked::default());
    assert!(first.contains("Prefixes (10000)") && first.contains("1 to 500 of 10000"));
    assert!(first.contains("prefix-499.") && !first.contains("prefix-500."));
    assert!(first.contains(r#"href="/?prefixes=2#prefixes""#) && !first.contains(">before<"));
    let last = picture.html(&Asked::parse("prefixes=20&refresh=off"));
    assert!(last.contains("9501 to 10000 of 10000") && last.contains("prefix-9999."));
    assert!(last.contains(r#"href="/?prefixes=19&amp;refresh=off#prefixes""#) && !last.contains(">next<"));
}

#[test]
fn it_comes_anew_by_itself_unless_it_is_not_to() {
    let refresh = r#"<meta http-equiv="refresh" content="10">"#;
    assert!(Picture::default().html(&Asked::default()).contains(refresh));
    assert!(!Picture::default().html(&Asked::parse("refresh=off")).contains("http-equiv"));
}

#[test]
fn there_is_nothing_that_runs_and_nothing_from_elsewhere() {
    let page = Picture::default().html(&Asked::default());
    for word in ["<script", "style=", "onclick", "http:", "https:", "<form", "<iframe"] {
        assert!(!page.contains(word), "{word}: {page}");
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}
