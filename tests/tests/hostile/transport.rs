//! What is no request at all.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use novaroute_api::from_proto::MESSAGE_BYTES_MAX;
use novaroute_e2e::config::LB;
use novaroute_e2e::refusal::Refusal;
use novaroute_e2e::scene::Scene;
use novaroute_e2e::{on_each_frr, request};
use tonic::Code;

use crate::wire::{RawClient, honest};

/// More than the largest request.
const TOO_LARGE_BYTES: usize = MESSAGE_BYTES_MAX + 1;
/// Connections that are opened and say nothing.
const SILENT: usize = 300;
/// Longest wait for the agent to hang up on what speaks no HTTP/2.
const PATIENCE: Duration = Duration::from_secs(10);

on_each_frr! {
    /// Bytes that decode to no message are INVALID_ARGUMENT, as a bad field is, and a message without end is cut off.
    async fn bytes_that_are_no_message_are_refused(release) {
        let scene = Scene::new(release).await?;
        let mut raw = RawClient::connect(&scene.agent).await?;
        for bytes in [&b"\xff"[..], b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x05ab", b"\x08\x01\x07", b"\x0b\x0c", &[0; 64]] {
            let mut message = honest("AdvertisePrefix")?;
            message.extend(bytes);
            let status = raw.call("AdvertisePrefix", message).await?.err().with_context(|| format!("took {bytes:?}"))?;
            Refusal::of(&status)?.expect(Code::InvalidArgument, "INVALID_FIELD").with_context(|| format!("{bytes:?}"))?;
        }
        let status = raw.call("Register", vec![b'x'; TOO_LARGE_BYTES]).await?.err().context("took too much")?;
        ensure!(status.code() == Code::OutOfRange, "{status:?}");
        let status = raw.call("NoSuchCall", Vec::new()).await?.err().context("took a call that does not exist")?;
        ensure!(status.code() == Code::Unimplemented, "{status:?}");
        // The connection has survived it all.
        ensure!(raw.call("Register", honest("Register")?).await?.is_ok());
        ensure!(scene.agent.status().await?.prefixes.is_empty());
        Ok(())
    }
}

on_each_frr! {
    /// Whoever speaks no HTTP/2 is hung up on, whoever says nothing waits alone, and everybody else is served.
    async fn connections_that_speak_something_else_harm_nobody(release) {
        let scene = Scene::new(release).await?;
        let socket = scene.agent.socket();
        let silent: Vec<_> = (0..SILENT).map(|_| UnixStream::connect(&socket)).collect::<Result<_, _>>()?;
        for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"enable\0configure terminal\0", &[0xff; 4096], &[0; 4096]] {
            let mut stream = UnixStream::connect(&socket)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            // It may be gone before it has read everything.
            drop(stream.write_all(garbage));
            let ended = stream.read_to_end(&mut Vec::new());
            let hung_up = ended.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::ConnectionReset);
            ensure!(hung_up, "{garbage:?}: {ended:?}");
        }
        let mut client = scene.agent.client().await?;
        client.advertise_prefix(request::advertise(LB, "203.0.113.7/32")).await?;
        ensure!(scene.agent.status().await?.prefixes.len() == 1);
        ensure!(!scene.agent.log().contains("panicked"), "{}", scene.agent.log());
        drop(silent);
        Ok(())
    }
}
