use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

struct Server {
    address: SocketAddr,
    readiness: watch::Sender<Readiness>,
    shutdown: CancellationToken,
    task: JoinHandle<io::Result<()>>,
}

fn server(metrics: fn() -> Result<String, fmt::Error>) -> Server {
    server_with(metrics, None)
}

fn server_with(metrics: fn() -> Result<String, fmt::Error>, page: Option<page::Source>) -> Server {
    let listener = bind(MetricsAddress::One("127.0.0.1:0".parse().unwrap())).unwrap();
    let address = listener.local_addr().unwrap();
    let (readiness, seen) = watch::channel(Readiness::Starting);
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(serve(listener, metrics, seen, page, shutdown.clone()));
    Server { address, readiness, shutdown, task }
}

async fn ask(address: SocketAddr, method: &str, path: &str) -> String {
    ask_for(address, method, path, "node").await
}

async fn ask_for(address: SocketAddr, method: &str, path: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn metrics_are_served_as_openmetrics() {
    let server = server(|| Ok("# EOF\n".to_owned()));
    let answer = ask(server.address, "GET", "/metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("\r\n\r\n# EOF\n"), "{answer}");
}

#[tokio::test]
async fn metrics_that_cannot_be_written_are_an_error_of_the_server() {
    let server = server(|| Err(fmt::Error));
    let answer = ask(server.address, "GET", "/metrics").await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
}

#[tokio::test]
async fn readiness_follows_the_agent_and_health_does_not() {
    let server = server(|| Ok(String::new()));
    for (readiness, status, text) in [
        (Readiness::Starting, "503", "starting: the first reconcile is not done yet\n"),
        (Readiness::Ready, "200", "ok\n"),
        (Readiness::NotReady("bgpd does not answer".to_owned()), "503", "bgpd does not answer\n"),
    ] {
        server.readiness.send_replace(readiness);
        let answer = ask(server.address, "GET", "/readyz").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.ends_with(text), "{answer}");
        let answer = ask(server.address, "GET", "/healthz").await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let server = server(|| Ok("text".to_owned()));
    for path in ["/", "/metrics/", "/metrics/x", "/../etc/passwd", "/%2e%2e/", "/debug/pprof"] {
        let answer = ask(server.address, "GET", path).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let answer = ask(server.address, method, "/metrics").await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{method}: {answer}");
        assert!(answer.contains("allow: GET,HEAD\r\n"), "{method}: {answer}");
    }
    let answer = ask(server.address, "HEAD", "/metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_key() {
    let listener = bind(MetricsAddress::One("127.0.0.1:0".parse().unwrap())).unwrap();
    let taken = listener.local_addr().unwrap();
    for (address, shown) in [
        (MetricsAddress::One(taken), taken.to_string()),
        (MetricsAddress::All(taken.port()), format!("[::]:{}", taken.port())),
    ] {
        let error = bind(address).unwrap_err().to_string();
        assert!(error.starts_with(&format!("metrics_address: cannot listen on {shown}: ")), "{error}");
        assert!(error.contains("in use"), "{error}");
    }
}

#[tokio::test]
async fn an_address_of_another_host_is_refused() {
    let error = bind(MetricsAddress::One("192.0.2.1:9102".parse().unwrap())).unwrap_err().to_string();
    assert!(error.contains("192.0.2.1:9102") && error.contains("assign"), "{error}");
}

#[tokio::test]
async fn all_addresses_are_those_of_both_families() {
    let listener = bind(MetricsAddress::All(0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    if listener.local_addr().unwrap().is_ipv6() {
        TcpStream::connect(("::1", port)).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_never_finishes_its_request_does_not_hold_the_exit() {
    let server = server(|| Ok(String::new()));
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /metrics HTTP/1.1\r\nhost:").await.unwrap();
    // An answer on another connection shows that the server has begun with the first one.
    ask(server.address, "GET", "/healthz").await;
    server.shutdown.cancel();
    timeout(PATIENCE, server.task).await.unwrap().unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn connections_that_do_nothing_end_and_make_room_for_others() {
    let server = server(|| Ok(String::new()));
    let mut idle = Vec::new();
    for _ in 0..connections::CONNECTIONS_MAX {
        idle.push(TcpStream::connect(server.address).await.unwrap());
    }
    let answer = ask_patiently(server.address).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    for stream in &mut idle {
        assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0, "the server ends the connection");
    }
}

/// Asks with no time limit of its own: time is paused and runs only while everybody waits.
async fn ask_patiently(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn page() -> Option<page::Source> {
    Some(Arc::new(|asked| Ok(format!("<p>{asked:?}"))))
}

#[tokio::test]
async fn the_page_lets_nothing_else_in_and_is_not_kept() {
    let server = server_with(|| Ok(String::new()), page());
    let answer = ask(server.address, "GET", "/?prefixes=3").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("<p>Asked { pages: [0, 2, 0, 0]"), "{answer}");
    for header in [
        "content-type: text/html; charset=utf-8",
        "content-security-policy: default-src 'none'; style-src 'self'; base-uri 'none'",
        "x-content-type-options: nosniff",
        "x-frame-options: DENY",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
    ] {
        assert!(answer.contains(&format!("\r\n{header}")), "{header}: {answer}");
    }
    let style = ask(server.address, "GET", "/page.css").await;
    assert!(style.contains("content-type: text/css; charset=utf-8\r\n") && style.contains("prefers-color-scheme"));
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        assert!(ask(server.address, method, "/").await.starts_with("HTTP/1.1 405 "), "{method}");
    }
}

#[tokio::test]
async fn a_name_of_somebody_else_does_not_lead_to_the_page() {
    let server = server_with(|| Ok("text".to_owned()), page());
    for path in ["/", "/page.css"] {
        let answer = ask_for(server.address, "GET", path, "evil.example:9102").await;
        assert!(answer.starts_with("HTTP/1.1 421 ") && !answer.contains("Asked"), "{answer}");
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
    }
    let metrics = ask_for(server.address, "GET", "/metrics", "evil.example:9102").await;
    assert!(metrics.ends_with("text"), "scrapers may go by any name: {metrics}");
}

#[tokio::test]
async fn a_page_that_cannot_be_made_says_why() {
    let server = server_with(|| Ok(String::new()), Some(Arc::new(|_| Err("no luck".to_owned()))));
    let answer = ask(server.address, "GET", "/").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("no luck\n"), "{answer}");
}
