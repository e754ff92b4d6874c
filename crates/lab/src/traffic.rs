//! A meter for what users of the network see: a UDP packet each millisecond, both ways, and which of them did not arrive.
//!
//! Each direction has two threads of its own. The sender keeps to the clock, also after it was held up: what was due
//! meanwhile is sent at once, so a busy machine makes packets late and loses none. The receiver has a buffer for
//! minutes of packets. What the meter shows where nothing is broken is its floor.

mod loss;

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use rustix::net::sockopt::set_socket_recv_buffer_size_force;

pub use loss::{Arrival, Loss};

use crate::{Router, wait_for};

/// Time between two packets of one direction.
const SPACING: Duration = Duration::from_millis(1);
/// Port of the receivers.
const PORT: u16 = 9999;
/// Sequence number and time in nanoseconds since the start of the meter, eight bytes each.
const PACKET_BYTES: usize = 16;
/// The kernel charges several hundred bytes for each packet that waits: enough for minutes.
const RECEIVE_BUFFER_BYTES: usize = 64 << 20;
/// How long a receiver listens on after the last packet was sent.
const LAST_WAY: Duration = Duration::from_millis(200);
/// Packets of each direction that must have arrived before the meter counts.
const PROOF_PACKETS: u64 = 20;
/// Longest wait for those.
const PROOF_TIMEOUT: Duration = Duration::from_secs(10);

/// Traffic between a node and a client of it, until it is stopped.
#[derive(Debug)]
pub struct Meter {
    inbound: Flow,
    outbound: Flow,
}

/// What became of the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// From the client to the node.
    pub inbound: Loss,
    /// From the node to the client.
    pub outbound: Loss,
}

/// One direction.
#[derive(Debug)]
struct Flow {
    counters: Arc<Counters>,
    sender: JoinHandle<Sent>,
    receiver: JoinHandle<Result<Vec<Arrival>>>,
    /// The first packet that counts.
    first: u64,
}

#[derive(Debug, Default)]
struct Counters {
    stop: AtomicBool,
    sent: AtomicU64,
    /// One more than the highest sequence number that has arrived.
    arrived: AtomicU64,
}

/// What a sender did.
#[derive(Debug, Clone, Copy)]
struct Sent {
    packets: u64,
    ended: Duration,
}

impl Meter {
    /// Starts traffic between `node`, which has `node_address`, and `client`, which has `client_address`. Returns once
    /// packets arrive in both directions; from then on they count.
    ///
    /// # Errors
    /// An address is not there, or nothing arrives within 10 s.
    pub async fn start(
        (node, node_address): (&Router, IpAddr),
        (client, client_address): (&Router, IpAddr),
    ) -> Result<Self> {
        let started = Instant::now();
        let mut inbound = Flow::start(client, node, node_address, started).await?;
        let mut outbound = Flow::start(node, client, client_address, started).await?;
        inbound.prove().await.context("from the client to the node")?;
        outbound.prove().await.context("from the node to the client")?;
        Ok(Self { inbound, outbound })
    }

    /// Waits until `packets` more have been sent each way: so many milliseconds, by the meter's own clock.
    ///
    /// # Errors
    /// The senders do not run.
    pub async fn go_on(&self, packets: u64) -> Result<()> {
        let timeout = SPACING * u32::try_from(packets)? + PROOF_TIMEOUT;
        for flow in [&self.inbound, &self.outbound] {
            let goal = flow.counters.sent.load(Ordering::Relaxed) + packets;
            let sent = || std::future::ready(Ok((flow.counters.sent.load(Ordering::Relaxed) >= goal).then_some(())));
            wait_for("packets to be sent", timeout, sent).await?;
        }
        Ok(())
    }

    /// Waits until packets that are sent from now on arrive, both ways.
    ///
    /// # Errors
    /// They do not within `timeout`.
    pub async fn arrives(&self, timeout: Duration) -> Result<()> {
        for (flow, what) in [(&self.inbound, "from the client to the node"), (&self.outbound, "from the node")] {
            let mark = flow.counters.sent.load(Ordering::Relaxed);
            let arrived =
                || std::future::ready(Ok((flow.counters.arrived.load(Ordering::Relaxed) > mark).then_some(())));
            wait_for(&format!("packets {what} to arrive"), timeout, arrived).await?;
        }
        Ok(())
    }

    /// Ends the traffic and tells what was lost.
    ///
    /// # Errors
    /// A thread panicked or a receiver failed.
    pub async fn stop(self) -> Result<Measured> {
        let Self { inbound, outbound } = self;
        for flow in [&inbound, &outbound] {
            flow.counters.stop.store(true, Ordering::Relaxed);
        }
        let ended = tokio::task::spawn_blocking(move || -> Result<Measured> {
            Ok(Measured { inbound: inbound.end()?, outbound: outbound.end()? })
        });
        ended.await.context("waiting for the meter panicked")?
    }
}

impl Flow {
    async fn start(from: &Router, to: &Router, address: IpAddr, started: Instant) -> Result<Self> {
        let target = SocketAddr::new(address, PORT);
        let receiving = to.in_namespace(move || receiver_socket(target)).await?;
        let receiving = receiving.with_context(|| format!("{}: cannot receive on {target}", to.name()))?;
        let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let sending = from.in_namespace(move || sender_socket(any)).await?.context("cannot make a socket to send")?;
        let counters = Arc::new(Counters::default());
        let (of_receiver, of_sender) = (Arc::clone(&counters), Arc::clone(&counters));
        let spawn = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let receiver = spawn("receiver").spawn(move || receive(&receiving, started, &of_receiver))?;
        let sender = spawn("sender").spawn(move || send(&sending, target, started, &of_sender))?;
        Ok(Self { counters, sender, receiver, first: 0 })
    }

    /// Waits for the first packets. Those before them may have been lost while addresses were resolved.
    async fn prove(&mut self) -> Result<()> {
        let mark = self.counters.sent.load(Ordering::Relaxed);
        self.first = wait_for("packets to arrive", PROOF_TIMEOUT, async || {
            let reached = self.counters.arrived.load(Ordering::Relaxed);
            Ok(Some(reached).filter(|reached| *reached > mark + PROOF_PACKETS))
        })
        .await?;
        Ok(())
    }

    fn end(self) -> Result<Loss> {
        let Sent { packets, ended } = self.sender.join().map_err(|_| anyhow!("the sender panicked"))?;
        let arrivals = self.receiver.join().map_err(|_| anyhow!("the receiver panicked"))??;
        Ok(counted(&arrivals, self.first, packets, ended))
    }
}

/// The loss from packet `first` on, with times from when that was sent.
fn counted(arrivals: &[Arrival], first: u64, packets: u64, ended: Duration) -> Loss {
    let counting: Vec<&Arrival> = arrivals.iter().filter(|arrival| arrival.sequence >= first).collect();
    let began = counting.first().map_or(Duration::ZERO, |arrival| arrival.sent);
    let since = |time: Duration| time.saturating_sub(began);
    let shifted: Vec<Arrival> = counting
        .into_iter()
        .map(|arrival| Arrival { sent: since(arrival.sent), received: since(arrival.received), ..*arrival })
        .collect();
    Loss::of(packets.saturating_sub(first), since(ended), &shifted)
}

fn receiver_socket(address: SocketAddr) -> Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER_BYTES)?;
    socket.set_read_timeout(Some(LAST_WAY))?;
    Ok(socket)
}

fn sender_socket(any: IpAddr) -> Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    // A packet that finds no room is lost; the next one must not wait for it.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn send(socket: &UdpSocket, target: SocketAddr, started: Instant, counters: &Counters) -> Sent {
    let began = Instant::now();
    let mut sequence = 0;
    while !counters.stop.load(Ordering::Relaxed) {
        let due = began + Duration::from_nanos(sequence * u64::try_from(SPACING.as_nanos()).unwrap_or(u64::MAX));
        if let Some(early) = due.checked_duration_since(Instant::now()) {
            sleep(early);
        }
        let time = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let packet: Vec<u8> = [sequence, time].into_iter().flat_map(u64::to_be_bytes).collect();
        // Without a route it cannot even leave: that packet is lost like any other.
        let _lost = socket.send_to(&packet, target);
        sequence += 1;
        counters.sent.store(sequence, Ordering::Relaxed);
    }
    Sent { packets: sequence, ended: started.elapsed() }
}

fn receive(socket: &UdpSocket, started: Instant, counters: &Counters) -> Result<Vec<Arrival>> {
    let mut arrivals = Vec::new();
    let mut packet = [0; PACKET_BYTES];
    loop {
        match socket.recv(&mut packet) {
            Ok(length) => {
                ensure!(length == PACKET_BYTES, "a packet of {length} bytes is not of this meter");
                let arrival = read(&packet, started.elapsed());
                counters.arrived.fetch_max(arrival.sequence + 1, Ordering::Relaxed);
                arrivals.push(arrival);
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if counters.stop.load(Ordering::Relaxed) {
                    return Ok(arrivals);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("cannot receive"),
        }
    }
}

fn read(packet: &[u8; PACKET_BYTES], received: Duration) -> Arrival {
    let [sequence, sent] = [0, 1].map(|word| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&packet[word * 8..][..8]);
        u64::from_be_bytes(bytes)
    });
    Arrival { sequence, sent: Duration::from_nanos(sent), received }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_before_the_first_that_counts_are_left_out() {
        let arrival = |sequence| {
            let sent = Duration::from_millis(1000 + sequence);
            Arrival { sequence, sent, received: sent }
        };
        let arrivals: Vec<Arrival> = [3, 7, 20, 21, 23].into_iter().map(arrival).collect();
        let loss = counted(&arrivals, 20, 24, Duration::from_millis(1023));
        assert_eq!((loss.sent, loss.lost, loss.longest_gap), (4, 1, Duration::from_millis(2)));
    }

    #[test]
    fn a_packet_tells_its_number_and_time() {
        let mut packet = [0; PACKET_BYTES];
        packet[..8].copy_from_slice(&7_u64.to_be_bytes());
        packet[8..].copy_from_slice(&9_u64.to_be_bytes());
        let expected = Arrival { sequence: 7, sent: Duration::from_nanos(9), received: Duration::from_nanos(12) };
        assert_eq!(read(&packet, Duration::from_nanos(12)), expected);
    }
}
