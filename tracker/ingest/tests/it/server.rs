//! A small HTTP server on this machine that can misbehave.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use url::Url;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// Path and query.
    pub path: String,
    lines: Vec<String>,
}

impl Request {
    /// Value of a header.
    pub fn header(&self, name: &str) -> Option<String> {
        self.lines.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    }
}

/// Answers with raw bytes, after which the connection is closed.
type Answer = dyn Fn(usize, &Request) -> Vec<u8> + Send + Sync;

/// A running server; its thread ends with the test process.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each request with what `answer` makes of its number and content.
    pub fn start(answer: impl Fn(usize, &Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let seen = Arc::<Mutex<Vec<Request>>>::default();
        let (count, answer, log) = (
            AtomicUsize::new(0),
            Arc::<Answer>::from(Box::new(answer) as Box<Answer>),
            seen.clone(),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let (answer, log) = (answer.clone(), log.clone());
                std::thread::spawn(move || talk(stream, number, &*answer, &log));
            }
        });
        Self { address, seen }
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).expect("a URL")
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.seen
            .lock()
            .expect("no test panics while holding it")
            .clone()
    }
}

fn talk(mut stream: TcpStream, number: usize, answer: &Answer, log: &Mutex<Vec<Request>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let lines = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let request = Request { path, lines };
    log.lock()
        .expect("no test panics while holding it")
        .push(request.clone());
    // The client may hang up first; that is its right.
    drop(stream.write_all(&answer(number, &request)));
}

/// A whole answer with its length.
pub fn reply(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    announced(status, headers, body.len(), body)
}

/// An answer that announces `length` bytes, whatever it has.
pub fn announced(status: &str, headers: &[(&str, &str)], length: usize, body: &[u8]) -> Vec<u8> {
    let mut head =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}
