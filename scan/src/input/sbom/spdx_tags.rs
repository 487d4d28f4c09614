//! SPDX 2.2 and 2.3, tag-value.
//!
//! Source: <https://spdx.github.io/spdx-spec/v2.3/conformance/>, 4.4

use super::{Bill, COMPONENTS, Component, spdx};

/// Reads a document.
pub(super) fn read(bytes: &[u8]) -> Result<Bill, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut bill = Bill::default();
    let mut open: Option<Component> = None;
    let mut in_text = false;
    for (number, line) in text.lines().enumerate() {
        // A text goes over several lines, and may hold what looks like a tag.
        if in_text {
            in_text = !line.contains("</text>");
            continue;
        }
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (tag, value) = line
            .split_once(':')
            .ok_or_else(|| format!("line {}: no tag", number + 1))?;
        let value = value.trim();
        in_text = value.starts_with("<text>") && !value.contains("</text>");
        match tag.trim() {
            "PackageName" => {
                bill.components.extend(open.replace(Component {
                    name: value.to_owned(),
                    ..Component::default()
                }));
                if bill.components.len() > COMPONENTS {
                    return Err(format!("it has more than {COMPONENTS} packages"));
                }
            }
            // A file or a snippet ends the package before it.
            "FileName" | "SnippetSPDXID" => bill.components.extend(open.take()),
            "Relationship" => {
                let mut words = value.split_whitespace();
                if let (Some(from), Some(kind), Some(to)) =
                    (words.next(), words.next(), words.next())
                {
                    spdx::relate(&mut bill, from.to_owned(), kind, to.to_owned());
                }
            }
            other => {
                if let Some(component) = &mut open {
                    tell(component, other, value);
                }
            }
        }
    }
    bill.components.extend(open);
    Ok(bill)
}

fn tell(component: &mut Component, tag: &str, value: &str) {
    match tag {
        "SPDXID" => component.id = value.to_owned(),
        "PackageVersion" => component.version = value.to_owned(),
        "PackageFileName" => component.path = Some(value.to_owned()),
        "ExternalRef" => {
            let mut words = value.split_whitespace();
            if let (Some(_category), Some(kind), Some(locator)) =
                (words.next(), words.next(), words.next())
            {
                spdx::refer(component, kind, locator.to_owned());
            }
        }
        _ => {}
    }
}
