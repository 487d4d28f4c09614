//! As much of HTTP/1.1 as the protocol needs: one request and one answer per connection.

use std::io::{Read, Write};

use super::protocol::MAX_BODY;

/// The largest head of a request.
const MAX_HEAD: usize = 8 << 10;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

/// Reads one request. Its length must be stated; nothing is decoded.
pub(super) fn read(stream: &mut impl Read) -> Result<Request, String> {
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Request::new(&mut headers);
        match head.parse(&bytes) {
            Err(error) => return Err(format!("malformed request: {error}")),
            Ok(httparse::Status::Complete(length)) => {
                let body_length = body_length(head.headers)?;
                let method = head.method.unwrap_or_default().to_owned();
                let path = head.path.unwrap_or_default().to_owned();
                let mut body = bytes.split_off(length);
                while body.len() < body_length {
                    more(stream, &mut body)?;
                }
                body.truncate(body_length);
                return Ok(Request { method, path, body });
            }
            Ok(httparse::Status::Partial) if bytes.len() >= MAX_HEAD => {
                return Err("the request's head is too long".to_owned());
            }
            Ok(httparse::Status::Partial) => more(stream, &mut bytes)?,
        }
    }
}

fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> Result<(), String> {
    let mut chunk = [0; 4096];
    match stream.read(&mut chunk) {
        Ok(0) => Err("the request ends early".to_owned()),
        Ok(count) => {
            bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
            Ok(())
        }
        Err(error) => Err(format!("the request cannot be read: {error}")),
    }
}

fn body_length(headers: &[httparse::Header<'_>]) -> Result<usize, String> {
    let mut length = None;
    for header in headers {
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err("transfer encodings are not read".to_owned());
        }
        if header.name.eq_ignore_ascii_case("content-length") {
            let digits = std::str::from_utf8(header.value).unwrap_or_default();
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let value = digits.parse().ok().filter(|_| plain);
            let value = value.ok_or("malformed Content-Length")?;
            if length.replace(value).is_some() {
                return Err("two Content-Lengths".to_owned());
            }
        }
    }
    let length = length.unwrap_or(0);
    if length > MAX_BODY {
        return Err("the request is too long".to_owned());
    }
    Ok(length)
}

/// Writes an answer in JSON, the last of this connection.
pub(super) fn write(stream: &mut impl Write, status: u16, body: &str) -> std::io::Result<()> {
    let phrase = match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        _ => "Internal Server Error",
    };
    write!(
        stream,
        "HTTP/1.1 {status} {phrase}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Request, String> {
        read(&mut text.as_bytes())
    }

    #[test]
    fn a_request_is_read_to_its_stated_length() {
        let request =
            of("POST /v1/sign HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcdef").expect("read");
        assert_eq!(request.body, b"abc");
        assert_eq!(request.path, "/v1/sign");
        assert_eq!(of("GET / HTTP/1.1\r\n\r\n").expect("read").body, b"");
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for text in [
            "",
            "GET / HTTP/1.1\r\n",
            "nonsense\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",
            "POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        ] {
            assert!(of(text).is_err(), "{text:?}");
        }
        assert!(of(&format!("GET /{} HTTP/1.1\r\n", "x".repeat(20_000))).is_err());
    }
}
