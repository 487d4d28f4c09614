//! A mail as bytes.

use jiff::Timestamp;
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use url::Url;

use super::address::Address;
use super::mailer::Sender;
use crate::error::DeliverError;
use crate::id::NotificationId;

/// The longest mail, in bytes; a digest has some tens of KB.
const MAX_MAIL: usize = 4 << 20;
/// The longest subject or name, in characters.
const LONGEST_LINE: usize = 200;

/// One mail to one person. Subject and texts may hold anything.
#[derive(Debug, Clone)]
pub struct Email {
    /// Becomes the `Message-ID`.
    pub id: NotificationId,
    /// To whom.
    pub to: Address,
    /// Control characters become spaces; cut after 200 characters.
    pub subject: String,
    /// For those who read text.
    pub text: String,
    /// The same as HTML; whole, and escaped by the caller.
    pub html: Option<String>,
    /// When it was decided on: the `Date`, the same for each attempt.
    pub date: Timestamp,
    /// How to get no more.
    pub unsubscribe: Option<Unsubscribe>,
    /// The notification that this one continues, so that both stand together.
    pub thread: Option<NotificationId>,
}

/// How to get no more.
#[derive(Debug, Clone)]
pub struct Unsubscribe {
    /// A page of the tracker, https: a POST of `List-Unsubscribe=One-Click` to it unsubscribes without asking
    /// again (RFC 8058), so it holds a token that allows this and nothing else.
    pub url: Url,
    /// An address that does it too.
    pub mail: Option<Address>,
}

/// The mail's bytes, with CRLF, in 7 bits. Same mail, same bytes.
pub(super) fn compose(email: &Email, sender: &Sender) -> Result<Vec<u8>, DeliverError> {
    let text_size = email.text.len() + email.html.as_ref().map_or(0, String::len);
    let too_large = |size: usize| DeliverError::TooLarge {
        what: "a mail",
        size,
        limit: MAX_MAIL,
    };
    if text_size > MAX_MAIL {
        return Err(too_large(text_size));
    }
    let mut message = Message::builder()
        .from(mailbox(&sender.name, &sender.address)?)
        .to(mailbox("", &email.to)?)
        .subject(line(&email.subject))
        .date(email.date.into())
        .message_id(Some(message_id(&email.id, sender)))
        .raw_header(header("Auto-Submitted", "auto-generated".to_owned())?);
    if let Some(thread) = &email.thread {
        let id = message_id(thread, sender);
        message = message.in_reply_to(id.clone()).references(id);
    }
    if let Some(unsubscribe) = &email.unsubscribe {
        for header in unsubscribe_headers(unsubscribe)? {
            message = message.raw_header(header);
        }
    }
    let text = part(ContentType::TEXT_PLAIN, &email.text)?;
    let message = match &email.html {
        Some(html) => message.multipart(
            MultiPart::alternative()
                .boundary(boundary(email))
                .singlepart(text)
                .singlepart(part(ContentType::TEXT_HTML, html)?),
        ),
        None => message.singlepart(text),
    };
    let message = message.map_err(|error| DeliverError::invalid("mail", &error.to_string()))?;
    let bytes = message.formatted();
    if bytes.len() > MAX_MAIL {
        return Err(too_large(bytes.len()));
    }
    Ok(bytes)
}

/// `<id@domain of the sender>`.
fn message_id(id: &NotificationId, sender: &Sender) -> String {
    format!("<{id}@{}>", sender.address.domain())
}

/// Follows from the content, so that it is the same for each attempt and can't stand in the content.
fn boundary(email: &Email) -> String {
    let mut hash = blake3::Hasher::new_derive_key("snowguard tracker mail boundary");
    for field in [
        email.id.as_str(),
        &email.text,
        email.html.as_deref().unwrap_or_default(),
    ] {
        hash.update(&(field.len() as u64).to_le_bytes());
        hash.update(field.as_bytes());
    }
    hash.finalize().to_hex().to_string()
}

fn mailbox(name: &str, address: &Address) -> Result<Mailbox, DeliverError> {
    let invalid = || DeliverError::invalid("mail address", address.as_str());
    let address = lettre::Address::new(address.local(), address.domain()).map_err(|_| invalid())?;
    let name = line(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// One line of text.
fn line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST_LINE)
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Always encoded, so that no line of the content is a line of the protocol.
fn part(content_type: ContentType, text: &str) -> Result<SinglePart, DeliverError> {
    let text = text.replace("\r\n", "\n").replace(['\r', '\0'], "\n");
    let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable)
        .map_err(|_| DeliverError::invalid("text of a mail", ""))?;
    Ok(SinglePart::builder().content_type(content_type).body(body))
}

fn unsubscribe_headers(unsubscribe: &Unsubscribe) -> Result<[HeaderValue; 2], DeliverError> {
    let url = unsubscribe.url.as_str();
    let plain = url
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>');
    let here = matches!(unsubscribe.url.scheme(), "https" | "http");
    // A line of a header has at most 998 bytes.
    if !here || !plain || url.len() > 900 {
        return Err(DeliverError::invalid("address for unsubscribing", ""));
    }
    let mut ways = format!("<{url}>");
    if let Some(mail) = &unsubscribe.mail {
        // What is reserved in a mailto URL (RFC 6068) may stand in an address.
        let local: String = mail.local().bytes().map(escaped).collect();
        ways = format!(
            "{ways},\r\n <mailto:{local}@{}?subject=unsubscribe>",
            mail.domain()
        );
    }
    Ok([
        // As it is: encoded words are not allowed within these.
        encoded("List-Unsubscribe", ways)?,
        encoded(
            "List-Unsubscribe-Post",
            "List-Unsubscribe=One-Click".to_owned(),
        )?,
    ])
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

fn name(name: &str) -> Result<HeaderName, DeliverError> {
    HeaderName::new_from_ascii(name.to_owned())
        .map_err(|_| DeliverError::invalid("name of a header", name))
}

fn header(title: &str, value: String) -> Result<HeaderValue, DeliverError> {
    Ok(HeaderValue::new(name(title)?, value))
}

fn encoded(title: &str, value: String) -> Result<HeaderValue, DeliverError> {
    Ok(HeaderValue::dangerous_new_pre_encoded(
        name(title)?,
        value.replace("\r\n ", " "),
        value,
    ))
}
