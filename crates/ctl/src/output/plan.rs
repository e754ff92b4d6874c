//! The plan of a dry run: what FRR would be sent.

use novaroute_api::v1::{Effect, LineOperation, Plan, PlannedLine};

use super::style::{Tone, printable};

/// The widest line that those beside it are lined up with.
const ALIGNED_MAX: usize = 72;

/// The plan as a person reads it: first what it does to sessions, then the lines as a difference, then what it leaves open.
pub(crate) fn text(plan: &Plan, colour: bool) -> String {
    [resets(plan, colour), lines(&plan.lines, colour), waiting(plan, colour), silent(plan, colour), sum(plan)].concat()
}

fn resets(plan: &Plan, colour: bool) -> String {
    section("sessions that are reset", &plan.resets, |reset| {
        let state = if reset.up { "up now" } else { "not up now" };
        let tone = if reset.up { Tone::Bad } else { Tone::Plain };
        tone.paint(&format!("{}, {state}", held(&reset.intent, &reset.owner)), colour)
    })
}

fn waiting(plan: &Plan, colour: bool) -> String {
    section("not in FRR after this", &plan.waiting, |waits| {
        let state = Tone::of(&waits.state).paint(&printable(&waits.state), colour);
        format!("{}: {state}, {}", held(&waits.intent, &waits.owner), printable(&waits.reason))
    })
}

fn silent(plan: &Plan, colour: bool) -> String {
    section("no answer, so that their lines are not known", &plan.silent, |silent| {
        Tone::Bad.paint(&printable(&format!("{}: {}", silent.daemon, silent.cause)), colour)
    })
}

fn sum(plan: &Plan) -> String {
    let anyway = plan.lines.iter().filter(|line| line.anyway).count();
    let of_others = if anyway == 0 { String::new() } else { format!(", {anyway} of them anyway") };
    match plan.lines.len() {
        0 => "nothing is sent to FRR\n".to_owned(),
        1 => format!("1 line is sent to FRR{of_others}\n"),
        lines => format!("{lines} lines are sent to FRR{of_others}\n"),
    }
}

fn section<T>(heading: &str, rows: &[T], row: impl Fn(&T) -> String) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rows: String = rows.iter().map(|of| format!("  {}\n", row(of))).collect();
    format!("{heading}:\n{rows}\n")
}

fn held(intent: &str, owner: &str) -> String {
    let of = if owner.is_empty() { String::new() } else { format!(" of {owner}") };
    printable(&format!("{intent}{of}"))
}

/// The lines under what leads to them, each with its effect at the right.
fn lines(lines: &[PlannedLine], colour: bool) -> String {
    let width = lines.iter().map(|line| left(line).chars().count()).filter(|width| *width <= ALIGNED_MAX).max();
    let mut text = String::new();
    let mut daemon = "";
    let mut shown: Vec<&str> = Vec::new();
    for line in lines {
        if line.daemon != daemon {
            daemon = &line.daemon;
            shown.clear();
            text += &format!("{}\n", printable(daemon));
        }
        let common = shown.iter().zip(&line.context).take_while(|(a, b)| **a == b.as_str()).count();
        for (depth, outer) in line.context.iter().enumerate().skip(common) {
            text += &format!("  {:depth$}{}\n", "", printable(outer));
        }
        text += &one(line, width.unwrap_or_default(), colour);
        // What the line may open is not repeated above the lines in it.
        shown = line.context.iter().map(String::as_str).chain([line.line.as_str()]).collect();
    }
    if lines.is_empty() { text } else { text + "\n" }
}

fn one(line: &PlannedLine, width: usize, colour: bool) -> String {
    let left = left(line);
    let padding = " ".repeat(width.saturating_sub(left.chars().count()));
    let tone = match line.operation() {
        LineOperation::Add => Tone::Good,
        LineOperation::Remove => Tone::Bad,
        LineOperation::Replace | LineOperation::Unspecified => Tone::Waiting,
    };
    let text = format!("{}{padding}  {}", tone.paint(&left, colour), right(line, colour));
    format!("{}\n", text.trim_end())
}

fn left(line: &PlannedLine) -> String {
    let mark = match line.operation() {
        LineOperation::Add => '+',
        LineOperation::Remove => '-',
        LineOperation::Replace | LineOperation::Unspecified => '~',
    };
    let depth = line.context.len();
    format!("{mark} {:depth$}{}", "", printable(&line.line))
}

fn right(line: &PlannedLine, colour: bool) -> String {
    let (effect, tone) = match line.effect() {
        Effect::None => ("", Tone::Plain),
        Effect::Soft => ("soft", Tone::Plain),
        Effect::ResetsSession => ("resets session", Tone::Bad),
    };
    match (line.anyway, effect) {
        (true, "") => "anyway".to_owned(),
        (true, effect) => format!("{}, anyway", tone.paint(effect, colour)),
        (false, effect) => tone.paint(effect, colour),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use novaroute_api::v1::{PlannedIntent, SessionReset, SilentDaemon};

    use super::*;

    fn line(daemon: &str, context: &[&str], line: &str, operation: LineOperation, effect: Effect) -> PlannedLine {
        PlannedLine {
            daemon: daemon.into(),
            context: context.iter().map(|line| (*line).to_owned()).collect(),
            line: line.into(),
            operation: operation.into(),
            effect: effect.into(),
            ..Default::default()
        }
    }

    fn plan() -> Plan {
        let router = "router bgp 65001";
        let family = [router, "address-family ipv4 unicast"];
        let anyway = line("bgpd", &family, "no network 10.0.0.9/32", LineOperation::Remove, Effect::None);
        Plan {
            lines: vec![
                line("bfdd", &["bfd"], "profile NR-B", LineOperation::Add, Effect::None),
                line("bfdd", &["bfd", "profile NR-B"], "detect-multiplier 5", LineOperation::Add, Effect::None),
                line(
                    "bgpd",
                    &[router],
                    "neighbor 10.0.0.2 password ********",
                    LineOperation::Add,
                    Effect::ResetsSession,
                ),
                line("bgpd", &family, "neighbor 10.0.0.2 route-map NR-OUT out", LineOperation::Replace, Effect::Soft),
                PlannedLine { anyway: true, ..anyway },
            ],
            effect: Effect::ResetsSession.into(),
            resets: vec![
                SessionReset { intent: "peer 10.0.0.2".into(), owner: "edge".into(), up: true },
                SessionReset { intent: "peer 10.0.0.3".into(), owner: String::new(), up: false },
            ],
            waiting: vec![PlannedIntent {
                intent: "ospf eth0".into(),
                owner: "edge".into(),
                state: "pending".into(),
                reason: "DAEMON_UNAVAILABLE: gone".into(),
            }],
            silent: vec![SilentDaemon { daemon: "ospfd".into(), cause: "gone".into() }],
            removed: Vec::new(),
        }
    }

    #[test]
    fn a_plan_reads_like_a_difference() {
        expect![[r#"
            sessions that are reset:
              peer 10.0.0.2 of edge, up now
              peer 10.0.0.3, not up now

            bfdd
              bfd
            +  profile NR-B
            +   detect-multiplier 5
            bgpd
              router bgp 65001
            +  neighbor 10.0.0.2 password ********      resets session
               address-family ipv4 unicast
            ~   neighbor 10.0.0.2 route-map NR-OUT out  soft
            -   no network 10.0.0.9/32                  anyway

            not in FRR after this:
              ospf eth0 of edge: pending, DAEMON_UNAVAILABLE: gone

            no answer, so that their lines are not known:
              ospfd: gone

            5 lines are sent to FRR, 1 of them anyway
        "#]]
        .assert_eq(&text(&plan(), false));
    }

    #[test]
    fn on_a_terminal_a_session_that_is_up_is_red() {
        let shown = text(&plan(), true);
        assert!(shown.contains("  \u{1b}[31mpeer 10.0.0.2 of edge, up now\u{1b}[0m\n  peer 10.0.0.3, not up now\n"));
        assert!(shown.contains("\u{1b}[31mresets session\u{1b}[0m\n"), "{shown}");
    }

    #[test]
    fn an_empty_plan_says_so_and_nothing_moves_the_cursor() {
        assert_eq!(text(&Plan::default(), true), "nothing is sent to FRR\n");
        let hostile = line("bgpd", &["a\u{1b}[2J"], "b\rc", LineOperation::Add, Effect::None);
        let shown = text(&Plan { lines: vec![hostile], ..Plan::default() }, false);
        assert!(shown.chars().all(|letter| letter == '\n' || !letter.is_control()), "{shown:?}");
    }
}
