//! Plain HTTP GETs, inside a router's network namespace or here.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};
use novaroute_lab::Router;

/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The status code and the body of `GET path` from `address`, asked for inside the router's namespace.
///
/// # Errors
/// Nothing listens there, or the answer is no HTTP.
pub async fn get(router: &Router, address: &str, path: &str) -> Result<(u16, String)> {
    let (address, path) = (address.to_owned(), path.to_owned());
    router.in_namespace(move || get_here(&address, &path)).await?
}

/// As [`get`], from where the test is.
///
/// # Errors
/// As there.
pub fn get_here(address: &str, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no end of headers")?;
    let code = head.split(' ').nth(1).context("no status code")?.parse()?;
    Ok((code, body.to_owned()))
}
