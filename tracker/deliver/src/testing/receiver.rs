//! A receiver of webhooks.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::authority::Certified;

/// What came.
#[derive(Debug, Clone)]
pub struct ReceivedPost {
    /// `POST`.
    pub method: String,
    /// With the query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: Vec<u8>,
}

impl ReceivedPost {
    /// The first value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// How to answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A status, and headers.
    Status(u16, Vec<(String, String)>),
    /// 200 and a body that never ends.
    Endless,
    /// A header that never ends.
    EndlessHeader,
    /// One byte of the answer each tenth of a second.
    Trickle,
    /// Nothing.
    Silent,
}

/// A receiver of webhooks on loopback; gone with this value.
#[derive(Debug)]
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    posts: Vec<ReceivedPost>,
    connections: usize,
    reply: Reply,
    stopped: bool,
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Receiver {
    /// Starts one at an address of this machine, at a port or (0) any free one; with a certificate it speaks
    /// TLS. It answers 204 until told otherwise.
    ///
    /// # Errors
    /// When there is no port, or the certificate cannot be read.
    pub fn start(address: IpAddr, port: u16, certified: Option<&Certified>) -> io::Result<Self> {
        let tls = certified.map(config).transpose()?;
        let listener = TcpListener::bind((address, port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Mutex::new(Shared {
            posts: Vec::new(),
            connections: 0,
            reply: Reply::Status(204, Vec::new()),
            stopped: false,
        }));
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if locked(&served).stopped {
                    return;
                }
                let Ok(stream) = stream else { continue };
                locked(&served).connections += 1;
                let (served, tls) = (Arc::clone(&served), tls.clone());
                thread::spawn(move || {
                    // A client that goes away is what some tests are about.
                    let _ = serve(stream, tls, &served);
                });
            }
        });
        Ok(Self { address, shared })
    }

    /// How to answer from now on.
    pub fn reply(&self, reply: Reply) {
        locked(&self.shared).reply = reply;
    }

    /// What came so far.
    #[must_use]
    pub fn posts(&self) -> Vec<ReceivedPost> {
        locked(&self.shared).posts.clone()
    }

    /// How many connections there were, also those over which nothing came.
    #[must_use]
    pub fn connections(&self) -> usize {
        locked(&self.shared).connections
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        locked(&self.shared).stopped = true;
        // Wakes the listener, so that it sees.
        let _ = TcpStream::connect(self.address);
    }
}

fn config(certified: &Certified) -> io::Result<Arc<ServerConfig>> {
    let other = |error: String| io::Error::other(error);
    let certificate = CertificateDer::from_pem_file(&certified.certificate)
        .map_err(|error| other(error.to_string()))?;
    let key =
        PrivateKeyDer::from_pem_file(&certified.key).map_err(|error| other(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| other(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(|error| other(error.to_string()))?;
    Ok(Arc::new(config))
}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    shared: &Mutex<Shared>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    match tls {
        None => answer(stream, shared),
        Some(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            answer(StreamOwned::new(connection, stream), shared)
        }
    }
}

fn answer(mut stream: impl Read + Write, shared: &Mutex<Shared>) -> io::Result<()> {
    let post = read(&mut stream)?;
    let reply = {
        let mut shared = locked(shared);
        shared.posts.push(post);
        shared.reply.clone()
    };
    let trickle = |stream: &mut dyn Write, bytes: &[u8], pause: Duration| -> io::Result<()> {
        for _ in 0..1000 {
            stream.write_all(bytes)?;
            stream.flush()?;
            thread::sleep(pause);
        }
        Ok(())
    };
    match reply {
        Reply::Status(status, headers) => {
            let mut head = format!("HTTP/1.1 {status} -\r\nContent-Length: 0\r\n");
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("Connection: close\r\n\r\n");
            stream.write_all(head.as_bytes())?;
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 -\r\nContent-Type: text/plain\r\n\r\n")?;
            trickle(&mut stream, &[b'x'; 65_536], Duration::ZERO)?;
        }
        Reply::EndlessHeader => {
            stream.write_all(b"HTTP/1.1 200 -\r\nX: ")?;
            trickle(&mut stream, &[b'x'; 4096], Duration::from_millis(1))?;
        }
        Reply::Trickle => {
            stream.write_all(b"HTTP/1.1 200 -\r\nX: ")?;
            trickle(&mut stream, b"x", Duration::from_millis(100))?;
        }
        Reply::Silent => thread::sleep(Duration::from_secs(20)),
    }
    stream.flush()
}

fn read(stream: &mut impl Read) -> io::Result<ReceivedPost> {
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut headers);
        let parsed = head.parse(&bytes).map_err(io::Error::other)?;
        let httparse::Status::Complete(length) = parsed else {
            more(stream, &mut bytes)?;
            continue;
        };
        let headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_ascii_lowercase(), value)
            })
            .collect();
        let mut post = ReceivedPost {
            method: head.method.unwrap_or_default().to_owned(),
            target: head.path.unwrap_or_default().to_owned(),
            headers,
            body: Vec::new(),
        };
        let whole: Option<usize> = post
            .header("content-length")
            .and_then(|text| text.parse().ok());
        post.body = bytes.split_off(length);
        while post.body.len() < whole.unwrap_or(0) {
            more(stream, &mut post.body)?;
        }
        return Ok(post);
    }
}

fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; 8192];
    let count = stream.read(&mut chunk)?;
    if count == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
    Ok(())
}
