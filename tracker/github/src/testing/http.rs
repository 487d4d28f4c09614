//! As much of HTTP/1.1 as the stand-in needs.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use url::Url;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Name and value, decoded.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: Vec<u8>,
}

impl Asked {
    /// The first value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The first value of a parameter of the query.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The path below the API's, or the whole one.
    pub(super) fn route(&self) -> &str {
        self.path.strip_prefix("/api/v3").unwrap_or(&self.path)
    }

    pub(super) fn is(&self, prefix: &str) -> bool {
        format!("{} {}", self.method, self.route()).starts_with(prefix)
    }

    /// What stands behind `Bearer`.
    pub(super) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.as_str())
}

/// What is answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", "application/json; charset=utf-8".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    pub(super) fn refusal(status: u16, message: &str) -> Self {
        Self::json(status, &serde_json::json!({ "message": message }))
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} -\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        stream.write_all(head.as_bytes())?;
        stream.write_all(&self.body)?;
        stream.flush()
    }
}

pub(super) fn read(stream: &mut TcpStream) -> io::Result<Asked> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let malformed = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut headers);
        let parsed = head
            .parse(&bytes)
            .map_err(|error| malformed(&error.to_string()))?;
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
        let target = head.path.unwrap_or_default();
        let url = Url::parse("http://stand.in")
            .and_then(|base| base.join(target))
            .map_err(|error| malformed(&error.to_string()))?;
        let method = head.method.unwrap_or_default().to_owned();
        let whole = find(&headers, "content-length").and_then(|text| text.parse().ok());
        let mut body = bytes.split_off(length);
        while body.len() < whole.unwrap_or(0) {
            more(stream, &mut body)?;
        }
        return Ok(Asked {
            method,
            path: percent_encoding::percent_decode_str(url.path())
                .decode_utf8_lossy()
                .into_owned(),
            query: url.query_pairs().into_owned().collect(),
            headers,
            body,
        });
    }
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; 8192];
    let count = stream.read(&mut chunk)?;
    if count == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
    Ok(())
}
