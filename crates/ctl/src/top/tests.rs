use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use expect_test::{Expect, expect};
use ratatui::{Terminal, backend::TestBackend, style::Color};

use super::*;
use crate::output::status::Part;

fn peer(address: &str, state: &str, sent: u32) -> v1::PeerStatus {
    v1::PeerStatus {
        neighbor_address: address.into(),
        remote_as: 65000,
        state: state.into(),
        owner: "edge".into(),
        prefixes_sent: sent,
        intent_state: "programmed".into(),
        ..Default::default()
    }
}

fn status() -> v1::GetStatusResponse {
    let daemon = |name: &str, connected| v1::DaemonStatus { name: name.into(), connected, version: "8.4.4".into() };
    let prefix = |prefix: &str, state: &str| v1::PrefixStatus {
        prefix: prefix.into(),
        protocol: 1,
        owner: "edge".into(),
        state: state.into(),
        ..Default::default()
    };
    v1::GetStatusResponse {
        peers: vec![peer("192.0.2.9", "Established", 2), peer("192.0.2.10", "Active", 0)],
        prefixes: vec![prefix("203.0.113.7/32", "advertised"), prefix("203.0.113.8/32", "pending")],
        frr_status: Some(v1::FrrStatus {
            version: "8.4.4".into(),
            connected: false,
            daemons: vec![daemon("bfdd", false), daemon("bgpd", true)],
            foreign_lines: vec!["hostname node\u{1b}[2J".into()],
            ..Default::default()
        }),
        agent_version: "0.1.0".into(),
        ..Default::default()
    }
}

fn event(sequence: u64, detail: &str) -> v1::RouteEvent {
    v1::RouteEvent {
        r#type: v1::EventType::PrefixAdvertised.into(),
        detail: detail.into(),
        owner: "edge".into(),
        intent: "prefix bgp 203.0.113.7/32".into(),
        metadata: [("since_accepted_us".to_owned(), "61500".to_owned())].into(),
        sequence,
        timestamp_ns: 45_296_789_000_000,
        ..Default::default()
    }
}

fn dashboard() -> Dashboard {
    let mut dashboard = Dashboard::new("/run/novaroute/novaroute.sock".into(), true);
    dashboard.answered(status(), Duration::from_micros(420));
    dashboard.happened(event(1, "prefix bgp 203.0.113.7/32 is announced"));
    dashboard
}

fn press(dashboard: &mut Dashboard, keys: &str) {
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\u{1b}' => KeyCode::Esc,
            letter => KeyCode::Char(letter),
        };
        assert_eq!(dashboard.press(KeyEvent::new(code, KeyModifiers::NONE)), Flow::Continue, "{key}");
    }
}

fn drawn(dashboard: &mut Dashboard, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| dashboard.draw(frame, Duration::from_secs(12))).unwrap();
    terminal
}

fn text(dashboard: &mut Dashboard, width: u16, height: u16) -> String {
    let terminal = drawn(dashboard, width, height);
    let buffer = terminal.backend().buffer();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(|y| line(y).trim_end().to_owned() + "\n").collect()
}

fn check(dashboard: &mut Dashboard, expected: &Expect) {
    expected.assert_eq(&text(dashboard, 80, 24));
}

#[test]
fn the_first_screen_has_all_that_matters_in_80_columns() {
    check(
        &mut dashboard(),
        &expect![[r#"
        novaroute 0.1.0 /run/novaroute/novaroute.sock
        FRR 8.4.4 not connected   bfdd away  bgpd
        Peers 1/2 up   Prefixes 1/2 advertised   BFD 0/0 up   Call 0.4 ms
         1 Peers   2 Prefixes   3 BFD   4 OSPF   5 Events   6 FRR   7 Latency
        PEER        AS     SESSION      UPTIME  INTENT      BFD  RECEIVED  SENT  OWNER
        192.0.2.9   65000  Established  -       programmed  off  0         2     edge
        192.0.2.10  65000  Active       -       programmed  off  0         0     edge










        ── Last events ─────────────────────────────────────────────────────────────────
        12:34:56.789  PREFIX_ADVERTISED  edge   prefix bgp 203.0.113.7/32 is announced




        Tab table  s sort  r reverse  / filter  Enter details  p pause  ? help  q quit
    "#]],
    );
}

#[test]
fn details_are_all_fields_of_the_row() {
    let mut dashboard = dashboard();
    press(&mut dashboard, "2j\n");
    check(
        &mut dashboard,
        &expect![[r#"
        novaroute 0.1.0 /run/novaroute/novaroute.sock
        FRR 8.4.4 not connected   bfdd away  bgpd
        Peers 1/2 up   Prefixes 1/2 advertised   BFD 0/0 up   Call 0.4 ms
         1 Peers   2 Prefixes   3 BFD   4 OSPF   5 Events   6 FRR   7 Latency
        PREFIX          PROTOCOL  STATE       PEERS  OWNER
        203.0.113.7/32  bgp       advertised  0      edge
        203.0.113.8/32  bgp       pending     0      edge
                ┌ Details ─────────────────────────────────────────────────────┐
                │prefix: 203.0.113.8/32                                        │
                │protocol: bgp                                                 │
                │owner: edge                                                   │
                │state: pending                                                │
                │reason: ""                                                    │
                │sent_to: []                                                   │
                │programmed_at: 0                                              │
                │advertised_at: 0                                              │
                └──────────────────────────────────────────────────────────────┘
        ── Last events ─────────────────────────────────────────────────────────────────
        12:34:56.789  PREFIX_ADVERTISED  edge   prefix bgp 203.0.113.7/32 is announced




        Tab table  s sort  r reverse  / filter  Enter details  p pause  ? help  q quit
    "#]],
    );
    press(&mut dashboard, "\n");
    assert!(!text(&mut dashboard, 80, 24).contains("Details"));
}

#[test]
fn the_help_names_the_keys() {
    let mut dashboard = dashboard();
    press(&mut dashboard, "?");
    check(
        &mut dashboard,
        &expect![[r#"
        novaroute 0.1.0 /run/novaroute/novaroute.sock
        FRR 8.4.4 not connected   bfdd away  bgpd
        Peers 1/2 up   Prefixes 1/2 advertised   BFD 0/0 up   Call 0.4 ms
         1 Peers   2 Prefixes   3 BFD   4 OSPF   5 Events   6 FRR   7 Latency
        PEER        AS     SESSION      UPTIME  INTENT      BFD  RECEIVED  SENT  OWNER
        192.0.2.┌ Keys ────────────────────────────────────────────────────────┐ edge
        192.0.2.│ Tab, Shift-Tab, 1-7      another table                       │ edge
                │ ↑ ↓ PgUp PgDn Home End   another row (also j k g G)          │
                │ ← →                      scroll sideways                     │
                │ Enter                    all fields of the row               │
                │ s                        sort by the next column             │
                │ r                        reverse the order                   │
                │ /                        filter: only rows with this text    │
                │ Esc                      close, or clear the filter          │
                │ w                        more columns                        │
                │ p, Space                 stop the picture, and go on         │
                │ ?                        this help                           │
        ── Last │ q, Ctrl-C                quit                                │────────
        12:34:56└──────────────────────────────────────────────────────────────┘ounced




        Tab table  s sort  r reverse  / filter  Enter details  p pause  ? help  q quit
    "#]],
    );
}

#[test]
fn latency_is_that_of_calls_and_intents() {
    let mut dashboard = dashboard();
    press(&mut dashboard, "7");
    check(
        &mut dashboard,
        &expect![[r#"
        novaroute 0.1.0 /run/novaroute/novaroute.sock
        FRR 8.4.4 not connected   bfdd away  bgpd
        Peers 1/2 up   Prefixes 1/2 advertised   BFD 0/0 up   Call 0.4 ms
         1 Peers   2 Prefixes   3 BFD   4 OSPF   5 Events   6 FRR   7 Latency
        █
        █
        █
        █
        INTENT                     PROGRAMMED MS  ADVERTISED MS  OWNER  TIME
        prefix bgp 203.0.113.7/32  -              61.5           edge   12:34:56.789







        ── Last events ─────────────────────────────────────────────────────────────────
        12:34:56.789  PREFIX_ADVERTISED  edge   prefix bgp 203.0.113.7/32 is announced




        Median/longest in ms: call 0.4/0.4   programmed -   advertised 61.5/61.5
    "#]],
    );
}

#[test]
fn rows_are_sorted_and_filtered() {
    let mut dashboard = dashboard();
    let first = |dashboard: &mut Dashboard| text(dashboard, 80, 24).lines().nth(5).unwrap().to_owned();
    press(&mut dashboard, "sr");
    assert!(first(&mut dashboard).starts_with("192.0.2.10 "));
    press(&mut dashboard, "r/.9");
    assert!(text(&mut dashboard, 80, 24).ends_with("/.9_\n"), "what is typed is shown");
    press(&mut dashboard, "\n");
    let filtered = text(&mut dashboard, 80, 24);
    assert!(filtered.contains("192.0.2.9 ") && !filtered.contains("192.0.2.10 "), "{filtered}");
    press(&mut dashboard, "/zzz\n");
    assert!(text(&mut dashboard, 80, 24).contains("no row has the text of the filter"));
    press(&mut dashboard, "\u{1b}");
    assert!(text(&mut dashboard, 80, 24).contains("192.0.2.10 "), "Esc clears the filter");
}

#[test]
fn keys_of_a_filter_are_letters() {
    let mut dashboard = dashboard();
    press(&mut dashboard, "/q?p2");
    assert_eq!((dashboard.tab, dashboard.overlay), (Tab::Of(Part::Peers), None));
    let quit = |code, modifiers| dashboard.press(KeyEvent::new(code, modifiers));
    let mut quit = quit;
    assert_eq!(quit(KeyCode::Char('c'), KeyModifiers::CONTROL), Flow::Quit);
    assert_eq!(quit(KeyCode::Esc, KeyModifiers::NONE), Flow::Continue);
    assert_eq!(quit(KeyCode::Char('q'), KeyModifiers::NONE), Flow::Quit);
}

#[test]
fn a_picture_that_stands_still_loses_nothing() {
    let mut dashboard = dashboard();
    press(&mut dashboard, "p");
    dashboard.answered(v1::GetStatusResponse::default(), Duration::from_millis(1));
    dashboard.happened(event(2, "later"));
    let still = text(&mut dashboard, 80, 24);
    assert!(still.contains("paused, 1 new events") && still.contains("192.0.2.9") && !still.contains("later"));
    press(&mut dashboard, "p");
    let on = text(&mut dashboard, 80, 24);
    assert!(!on.contains("192.0.2.9 ") && on.contains("later") && !on.contains("paused"), "{on}");
}

#[test]
fn events_are_bounded_and_the_newest_stay() {
    for paused in ["", "p"] {
        let mut dashboard = dashboard();
        press(&mut dashboard, paused);
        let count = u64::from(EVENTS_MAX) + 5;
        (1..=count).for_each(|nth| dashboard.happened(event(nth, "")));
        press(&mut dashboard, paused);
        assert_eq!(dashboard.events.len(), usize::from(EVENTS_MAX));
        assert_eq!(dashboard.events[0].sequence, count);
    }
}

#[test]
fn an_agent_that_is_away_is_told_with_how_long_it_has_been() {
    let mut dashboard = dashboard();
    dashboard.lost("UNREACHABLE connection refused".into(), Duration::from_secs(5));
    dashboard.lost("UNREACHABLE connection refused".into(), Duration::from_secs(9));
    let away = text(&mut dashboard, 80, 24);
    assert!(away.contains("NO AGENT for 7 s: UNREACHABLE") && away.contains("192.0.2.9"), "{away}");
    dashboard.answered(status(), Duration::from_millis(1));
    assert!(!text(&mut dashboard, 80, 24).contains("NO AGENT"));
}

#[test]
fn without_colours_there_are_none() {
    let colours = |colour| {
        let mut dashboard = Dashboard { colour, ..dashboard() };
        let terminal = drawn(&mut dashboard, 80, 24);
        terminal.backend().buffer().content().iter().any(|cell| cell.fg != Color::Reset)
    };
    assert_eq!([true, false].map(colours), [true, false]);
}

#[test]
fn every_table_is_drawn_on_a_terminal_of_any_size() {
    let mut dashboard = dashboard();
    for tab in "1234567".chars() {
        press(&mut dashboard, &tab.to_string());
        for (width, height) in [(1, 1), (3, 2), (20, 5), (80, 24), (300, 100)] {
            for overlay in ["?", "?", "\n", "\n"] {
                press(&mut dashboard, overlay);
                text(&mut dashboard, width, height);
            }
        }
    }
}

#[test]
fn what_could_drive_the_terminal_is_escaped() {
    let mut dashboard = dashboard();
    press(&mut dashboard, "6");
    assert!(text(&mut dashboard, 80, 24).contains(r"hostname node\u{1b}[2J"));
}
