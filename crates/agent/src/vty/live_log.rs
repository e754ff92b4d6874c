//! The live log of a daemon: what it tells by itself, the moment it happens.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net;
use std::path::Path;

use novaroute_frr::live_log::{BadPacket, Message, PACKET_BYTES_MAX};
use novaroute_frr::push;
use novaroute_frr::vty::{Command, Decoder, Reply, Verdict};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tokio::io::Interest;
use tokio::net::{UnixDatagram, UnixStream};
use tokio::time::timeout;

use super::{Connection, Limits, VtyError};

/// Bytes read at once while the way to the log is asked for.
const READ_BYTES: usize = 4096;

/// Why a live log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LiveLogError {
    /// The daemon could not be asked for it.
    #[error(transparent)]
    Vty(#[from] VtyError),
    /// The daemon does not give it.
    #[error("the daemon gives no log: {0}")]
    Refused(String),
    /// The daemon said yes and gave nothing to read from.
    #[error("the daemon said yes and sent no log along")]
    NoLog,
    /// It ended: so has the daemon, or it was asked to.
    #[error("the log ended")]
    Ended,
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What came is no message.
    #[error(transparent)]
    BadPacket(#[from] BadPacket),
}

/// An open live log. FRR ends it together with the VTY connection that asked for it.
#[derive(Debug)]
pub struct LiveLog {
    packets: UnixDatagram,
    buffer: Vec<u8>,
    _vty: Connection,
}

impl LiveLog {
    /// Asks the daemon that listens on `path` for its log.
    ///
    /// # Errors
    /// [`LiveLogError`]; there may be no daemon.
    pub async fn open(path: &Path, limits: Limits) -> Result<Self, LiveLogError> {
        let mut vty = Connection::open(path, limits).await?;
        vty.send(&[Command::new(push::MONITOR).map_err(VtyError::from)?]).await?;
        let answer = timeout(limits.reply, receive_with_log(&vty.stream)).await;
        let (reply, log) = answer.map_err(|_| VtyError::TimedOut(limits.reply))??;
        if let Verdict::Refused(words) | Verdict::Busy(words) = reply.verdict() {
            return Err(LiveLogError::Refused(words));
        }
        // FRR gives a SEQPACKET socket, from which packets are read as from a datagram socket.
        let log = net::UnixDatagram::from(log.ok_or(LiveLogError::NoLog)?);
        log.set_nonblocking(true)?;
        Ok(Self { packets: UnixDatagram::from_std(log)?, buffer: vec![0; PACKET_BYTES_MAX], _vty: vty })
    }

    /// Waits for the next message. Safe to cancel.
    ///
    /// # Errors
    /// [`LiveLogError`]; the log is to be opened anew.
    pub async fn next(&mut self) -> Result<Message, LiveLogError> {
        match self.packets.recv(&mut self.buffer).await? {
            0 => Err(LiveLogError::Ended),
            length => Ok(Message::decode(&self.buffer[..length])?),
        }
    }
}

/// The answer to one command, and the descriptor that came along with its bytes.
async fn receive_with_log(stream: &UnixStream) -> Result<(Reply, Option<OwnedFd>), VtyError> {
    let (mut decoder, mut log) = (Decoder::default(), None);
    loop {
        let mut bytes = [0; READ_BYTES];
        let read = stream.async_io(Interest::READABLE, || read_with_descriptor(stream, &mut bytes));
        let (length, descriptor) = read.await?;
        log = log.or(descriptor);
        match length {
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            _ => decoder.push(&bytes[..length]),
        }
        if let Some(reply) = decoder.next_reply()? {
            return Ok((reply, log));
        }
    }
}

fn read_with_descriptor(stream: &UnixStream, bytes: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(stream, &mut [IoSliceMut::new(bytes)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let descriptor = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    Ok((received.bytes, descriptor))
}
