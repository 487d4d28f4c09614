//! What an SMTP server answers.
//!
//! Source: RFC 5321, section 4.2

use std::io::{BufRead, Read};

/// The longest line, and all lines of a reply together, in bytes. The standard has 512 for a line.
const MAX_REPLY: u64 = 16 << 10;

/// Code and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl Reply {
    pub(super) fn read(stream: &mut impl BufRead) -> Result<Self, String> {
        let mut lines = Vec::new();
        let mut limited = stream.take(MAX_REPLY);
        loop {
            let mut line = Vec::new();
            let count = limited
                .read_until(b'\n', &mut line)
                .map_err(|error| error.to_string())?;
            if count == 0 || line.last() != Some(&b'\n') {
                return Err(if limited.limit() == 0 {
                    format!("a reply of more than {MAX_REPLY} bytes")
                } else {
                    "the connection ended within a reply".to_owned()
                });
            }
            let line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
            let code = line
                .get(..3)
                .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
            let code: Option<u16> = code.and_then(|digits| digits.parse().ok());
            let code = code.filter(|code| (200..600).contains(code));
            let more = match line.as_bytes().get(3) {
                Some(b'-') => Some(true),
                Some(b' ') | None => Some(false),
                Some(_) => None,
            };
            let (Some(code), Some(more)) = (code, more) else {
                return Err("the server does not speak SMTP".to_owned());
            };
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if !more {
                return Ok(Self { code, lines });
            }
        }
    }

    pub(super) fn is_permanent(&self) -> bool {
        self.code >= 500
    }

    /// Whether it is the recipient's address that is refused for good. Only an enhanced code says so:
    /// 550 alone may be a policy against us, as when Exim is not logged in to.
    ///
    /// Source: RFC 3463, section 3.2 and 3.3
    pub(super) fn says_no_such_recipient(&self) -> bool {
        let first = self.lines.first().map(String::as_str).unwrap_or_default();
        let enhanced = first.split_ascii_whitespace().next().filter(|word| {
            word.split('.').count() == 3
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.')
        });
        self.is_permanent()
            && enhanced.is_some_and(|code| code.starts_with("5.1.") || code == "5.2.1")
    }

    /// As one line, shortened.
    pub(super) fn sentence(&self) -> String {
        let clean = |c: char| if c.is_control() { ' ' } else { c };
        let text: String = self.lines.join(" ").chars().map(clean).take(200).collect();
        format!("{} {text}", self.code)
    }

    /// The words behind an extension's name in the answer to EHLO.
    pub(super) fn extension(&self, name: &str) -> Option<Vec<String>> {
        self.lines.iter().skip(1).find_map(|line| {
            let mut words = line.split_ascii_whitespace().map(str::to_ascii_uppercase);
            (words.next().as_deref() == Some(name)).then(|| words.collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Reply, String> {
        Reply::read(&mut text.as_bytes())
    }

    #[test]
    fn replies_are_read_to_their_last_line() {
        let reply = read("250-mx.example.org\r\n250-AUTH plain LOGIN\r\n250 STARTTLS\r\n").unwrap();
        assert_eq!(reply.code, 250);
        let ways = vec!["PLAIN".to_owned(), "LOGIN".to_owned()];
        assert_eq!(reply.extension("AUTH"), Some(ways));
        assert_eq!(reply.extension("STARTTLS"), Some(Vec::new()));
        assert_eq!(reply.extension("MX.EXAMPLE.ORG"), None);
        assert_eq!(read("354\r\n").unwrap().code, 354);
    }

    #[test]
    fn only_a_missing_mailbox_is_a_missing_mailbox() {
        for (text, expected) in [
            ("550 5.1.1 There is no such mailbox\r\n", true),
            ("550 log in first\r\n", false),
            ("550 5.2.1 Disabled\r\n", true),
            ("553 bad name\r\n", false),
            ("554 5.7.1 Relaying denied\r\n", false),
            ("550 5.7.1 Policy\r\n", false),
            ("552 5.2.2 Full\r\n", false),
            ("554 no\r\n", false),
            ("450 4.1.1 later\r\n", false),
        ] {
            assert_eq!(
                read(text).unwrap().says_no_such_recipient(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for bad in [
            "",
            "250",
            "HTTP/1.1 400\r\n",
            "250_x\r\n",
            "+50 x\r\n",
            "250-a\r\n",
            "999 x\r\n",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_reply_without_end_is_refused_at_the_limit() {
        let endless = "250-and so on\r\n".repeat(100_000);
        assert!(read(&endless).unwrap_err().contains("more than"));
        let endless = "250 ".to_owned() + &"x".repeat(1 << 20);
        assert!(read(&endless).unwrap_err().contains("more than"));
    }
}
