//! How fast pages are: an open loop of requests against a warm server.
//!
//! `cargo bench -p snowguard-tracker --bench pages -- --db FILE [--rate 200] [--seconds 10]`
//! prints one line of JSON: `{"rate":…,"requests":…,"failed":…,"p50_ms":…,"p99_ms":…,"max_ms":…}`.
//!
//! Requests are sent when the clock says so, whether or not earlier ones were answered, and a
//! latency counts from that moment: a server that stalls cannot hide it by being asked less.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use snowguard_tracker_db::{Db, Location};
use snowguard_tracker_web::{Config, router, serve_on};

/// Clients at once; each has one connection, which it keeps.
const CLIENTS: usize = 24;

struct Options {
    db: Option<String>,
    rate: f64,
    seconds: f64,
}

#[expect(clippy::print_stdout, reason = "the result is this program's output")]
fn main() -> anyhow::Result<()> {
    let options = options()?;
    let Some(path) = &options.db else {
        eprintln!("left out: no database was named (--db FILE)");
        return Ok(());
    };
    let db = Db::open(&Location::parse(path)).with_context(|| format!("opening {path}"))?;
    let paths = snowguard_tracker_web::busy_pages(&db, 400).context("choosing pages")?;
    ensure!(!paths.is_empty(), "{path} holds no matches to show");

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let config = Config::new(SocketAddr::from(([127, 0, 0, 1], 0)));
    let listener = runtime.block_on(tokio::net::TcpListener::bind(config.listen))?;
    let address = listener.local_addr()?;
    let limits = config.limits;
    let server = runtime.spawn(serve_on(
        listener,
        router(db, &config),
        limits,
        std::future::pending(),
    ));

    // Warm: every page once.
    let mut client = Client::connect(address)?;
    for path in &paths {
        client
            .get(path)
            .with_context(|| format!("warming with {path}"))?;
    }
    drop(client);

    let total = (options.rate * options.seconds) as usize;
    let (mut latencies, failed) = load(address, &paths, options.rate, total);
    server.abort();
    latencies.sort_unstable();
    let at = |share: f64| {
        let last = latencies.len().saturating_sub(1);
        let index = ((latencies.len() as f64 * share) as usize).min(last);
        latencies
            .get(index)
            .map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    };
    println!(
        r#"{{"rate":{},"requests":{},"failed":{failed},"pages":{},"p50_ms":{:.2},"p99_ms":{:.2},"max_ms":{:.2}}}"#,
        options.rate,
        latencies.len(),
        paths.len(),
        at(0.5),
        at(0.99),
        at(1.0),
    );
    ensure!(failed == 0, "{failed} requests failed");
    Ok(())
}

fn load(address: SocketAddr, paths: &[String], rate: f64, total: usize) -> (Vec<Duration>, usize) {
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    let start = Instant::now() + Duration::from_millis(100);
    let latencies = std::thread::scope(|scope| {
        let client = || {
            let mut latencies = Vec::new();
            let mut client = None;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= total {
                    return latencies;
                }
                let due = start + Duration::from_secs_f64(number as f64 / rate);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                // A large prime stride visits the pages in an order that is not theirs.
                let path = &paths[number.wrapping_mul(7919) % paths.len()];
                let answer = match client.take() {
                    Some(client) => Ok(client),
                    None => Client::connect(address),
                }
                .and_then(|mut open: Client| open.get(path).map(|()| open));
                match answer {
                    Ok(open) => {
                        latencies.push(due.elapsed());
                        client = Some(open);
                    }
                    Err(error) => {
                        eprintln!("{path}: {error:#}");
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap_or_default())
            .collect()
    });
    (latencies, failed.into_inner())
}

/// A connection that is kept.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    fn get(&mut self, path: &str) -> anyhow::Result<()> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.stream.get_mut().write_all(head.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        if !line.starts_with("HTTP/1.1 200") {
            bail!("{}", line.trim());
        }
        let mut length = None;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse::<u64>()?);
            }
        }
        let length = length.context("no content-length")?;
        let read = std::io::copy(&mut self.stream.by_ref().take(length), &mut std::io::sink())?;
        ensure!(read == length, "the answer ended early");
        Ok(())
    }
}

fn options() -> anyhow::Result<Options> {
    let mut options = Options {
        db: None,
        rate: 200.0,
        seconds: 10.0,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value"))
        };
        match word.as_str() {
            "--db" => options.db = Some(value()?),
            "--rate" => options.rate = value()?.parse().context("--rate")?,
            "--seconds" => options.seconds = value()?.parse().context("--seconds")?,
            // cargo bench adds it.
            "--bench" => {}
            other => bail!("unknown option {other}"),
        }
    }
    Ok(options)
}
