//! The lines above and below the table.

use std::time::Duration;

use ratatui::{
    style::Modifier,
    text::{Line, Span},
};

use super::style;
use crate::{
    output::style::{Tone, printable},
    top::{Dashboard, Link, Tab, latency::ms},
};

/// What the foot says of the keys.
const KEYS: &str = "Tab table  s sort  r reverse  / filter  Enter details  p pause  ? help  q quit";

impl Dashboard {
    /// Who is asked and whether it answers; FRR; how many are as they should be.
    pub(super) fn head(&self, width: u16, now: Duration) -> Vec<Line<'static>> {
        vec![self.title(width), self.link_or_frr(now), self.counts()]
    }

    fn title(&self, width: u16) -> Line<'static> {
        let version = printable(&self.status.agent_version);
        let text = format!("novaroute {version} {}", printable(&self.source));
        let state = match &self.held {
            Some(held) => format!("paused, {} new events", held.events.len()),
            None => String::new(),
        };
        let width = usize::from(width).saturating_sub(state.chars().count());
        Line::from(vec![Span::from(format!("{text:<width$}")), Span::styled(state, Modifier::REVERSED)])
            .style(Modifier::BOLD)
    }

    fn link_or_frr(&self, now: Duration) -> Line<'static> {
        match &self.link {
            Link::Connecting => Line::from("asking the agent …"),
            Link::Gone { why, since } => {
                let seconds = now.saturating_sub(*since).as_secs();
                let text = format!("NO AGENT for {seconds} s: {}", printable(why));
                Line::styled(text, style(Tone::Bad, self.colour))
            }
            Link::Up => self.frr(),
        }
    }

    fn frr(&self) -> Line<'static> {
        let Some(frr) = &self.status.frr_status else { return Line::from("FRR: the agent says nothing about it") };
        let (word, tone) = if frr.connected { ("connected", Tone::Good) } else { ("not connected", Tone::Bad) };
        let mut spans = vec![
            Span::from(format!("FRR {} ", printable(&frr.version))),
            Span::styled(word, style(tone, self.colour)),
            Span::from(format!(" {}", printable(&frr.uptime))),
        ];
        for daemon in &frr.daemons {
            let tone = if daemon.connected { Tone::Plain } else { Tone::Bad };
            let gone = if daemon.connected { "" } else { " away" };
            spans.push(Span::styled(format!("  {}{gone}", printable(&daemon.name)), style(tone, self.colour)));
        }
        Line::from(spans)
    }

    fn counts(&self) -> Line<'static> {
        let status = &self.status;
        let mut text = format!(
            "Peers {} up   Prefixes {} advertised   BFD {} up",
            good(status.peers.iter().map(|peer| &peer.state)),
            good(status.prefixes.iter().map(|prefix| &prefix.state)),
            good(status.bfd_sessions.iter().map(|session| &session.state)),
        );
        if let Some([last, ..]) = self.latency.round_trips() {
            text += &format!("   Call {} ms", ms(last));
        }
        Line::from(text)
    }

    pub(super) fn tabs(&self) -> Line<'static> {
        let name = |(nth, tab): (usize, &Tab)| {
            let look = if *tab == self.tab { Modifier::REVERSED } else { Modifier::empty() };
            [Span::styled(format!(" {} {} ", nth + 1, tab.title()), look), Span::from(" ")]
        };
        Tab::ALL.iter().enumerate().flat_map(name).collect()
    }

    /// The filter, what the latencies are, or the keys.
    pub(super) fn foot(&self) -> Line<'static> {
        let filter = &self.lists[self.tab.number()].filter;
        if self.typing {
            return Line::from(format!("/{}_", printable(filter)));
        }
        if !filter.is_empty() {
            return Line::from(format!("filter: {}   Esc clears it", printable(filter))).style(Modifier::REVERSED);
        }
        if self.tab == Tab::Latency { Line::from(self.latencies()) } else { Line::from(KEYS).style(Modifier::DIM) }
    }

    fn latencies(&self) -> String {
        let [programmed, advertised] = self.latency.intents();
        let calls = self.latency.round_trips().map(|[_, median, longest]| [median, longest]);
        let one = |(name, times): (&str, Option<[Duration; 2]>)| {
            let times =
                times.map_or_else(|| "-".to_owned(), |[median, longest]| format!("{}/{}", ms(median), ms(longest)));
            format!("{name} {times}")
        };
        let all = [("call", calls), ("programmed", programmed), ("advertised", advertised)].map(one);
        format!("Median/longest in ms: {}", all.join("   "))
    }
}

/// How many of the states are as they should be, of how many.
fn good<'a>(states: impl Iterator<Item = &'a String> + Clone) -> String {
    let good = states.clone().filter(|state| Tone::of(state) == Tone::Good);
    format!("{}/{}", good.count(), states.count())
}
