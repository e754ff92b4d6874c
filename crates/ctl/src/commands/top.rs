//! `top`: the terminal, the keys and the signals around [`Dashboard`].

mod feed;

use std::{
    env,
    io::{IsTerminal as _, stdin, stdout},
    time::{Duration, Instant},
};

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures::StreamExt as _;
use ratatui::DefaultTerminal;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{self, Receiver},
    time::{MissedTickBehavior, interval},
};

use crate::{
    cli::{Global, TopArgs},
    exit::Failure,
    output::{Format, style},
    top::{Dashboard, Flow},
};
use feed::News;

/// News that may wait to be drawn.
const NEWS_MAX: usize = 1024;
/// The screen is drawn at least so often: it counts seconds.
const REDRAW: Duration = Duration::from_secs(1);

/// Shows the node until somebody presses `q` or ends it.
pub(super) async fn run(global: &Global, args: &TopArgs) -> Result<(), Failure> {
    needs_a_terminal(global.output)?;
    let (sender, news) = mpsc::channel(NEWS_MAX);
    let dashboard = Dashboard::new(global.socket.display().to_string(), style::colour());
    let ends = Ends::new().map_err(|error| Failure::Failed(format!("cannot wait for signals: {error}")))?;
    tokio::select! {
        done = show(dashboard, news, ends) => done,
        refused = feed::look(global, args.interval, &sender) => Err(refused),
        () = feed::follow(global, args.interval, &sender) => Ok(()),
    }
}

fn needs_a_terminal(output: Format) -> Result<(), Failure> {
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    if output.data().is_some() {
        return usage("top draws a screen and knows no -o: take `novaroutectl status -o json`");
    }
    let dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if dumb || !stdin().is_terminal() || !stdout().is_terminal() {
        return usage("top needs a terminal that can place text (TERM): elsewhere take `novaroutectl status --watch`");
    }
    Ok(())
}

/// The terminal, as a screen of ours. It is as before when this goes, also in a panic.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> Result<Self, Failure> {
        ratatui::try_init().map(Self).map_err(|error| {
            ratatui::restore();
            broken(&error)
        })
    }

    fn draw(&mut self, dashboard: &mut Dashboard, now: Duration) -> Result<(), Failure> {
        self.0.draw(|frame| dashboard.draw(frame, now)).map(drop).map_err(|error| broken(&error))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

fn broken(error: &std::io::Error) -> Failure {
    Failure::Failed(format!("the terminal cannot be used: {error}"))
}

/// Signals that end it; a terminal that is closed sends one too.
struct Ends([Signal; 3]);

impl Ends {
    fn new() -> std::io::Result<Self> {
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn any(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

async fn show(mut dashboard: Dashboard, mut news: Receiver<News>, mut ends: Ends) -> Result<(), Failure> {
    let began = Instant::now();
    let mut screen = Screen::open()?;
    let mut keys = EventStream::new();
    let mut redraw = interval(REDRAW);
    redraw.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = redraw.tick() => {}
            Some(first) = news.recv() => {
                tell(&mut dashboard, first, began);
                // A burst is drawn once.
                while let Ok(next) = news.try_recv() {
                    tell(&mut dashboard, next, began);
                }
            }
            event = keys.next() => match event {
                Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    if dashboard.press(key) == Flow::Quit {
                        return Ok(());
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(broken(&error)),
                None => return Ok(()),
            },
            () = ends.any() => return Ok(()),
        }
        screen.draw(&mut dashboard, began.elapsed())?;
    }
}

fn tell(dashboard: &mut Dashboard, news: News, began: Instant) {
    match news {
        News::Answered(status, round_trip) => dashboard.answered(*status, round_trip),
        News::Lost(why) => dashboard.lost(why, began.elapsed()),
        News::Happened(event) => dashboard.happened(*event),
    }
}
