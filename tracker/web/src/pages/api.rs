//! `/api`: the interface for people, made from its OpenAPI document.

use askama::Template;
use serde_json::Value;

use crate::pages::shell::Shell;

/// Text in which words between backticks (true) are code.
type Prose = Vec<(bool, String)>;

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/api.html")]
pub struct Page {
    shell: Shell,
    about: Prose,
    root: String,
    operations: Vec<Operation>,
    schemas: Vec<Schema>,
}

#[derive(Debug)]
struct Operation {
    name: String,
    verb: String,
    path: String,
    summary: Prose,
    note: Prose,
    parameters: Vec<Parameter>,
    body: Option<String>,
    answer: Option<String>,
    statuses: Vec<(String, String)>,
}

#[derive(Debug)]
struct Parameter {
    name: String,
    place: String,
    form: String,
    about: Prose,
}

#[derive(Debug)]
struct Schema {
    name: String,
    about: Prose,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    name: String,
    form: String,
    /// The schema that describes it.
    of: Option<String>,
    required: bool,
}

impl Page {
    /// Builds it from the document.
    pub fn new(shell: Shell, document: &Value) -> Self {
        let mut operations = Vec::new();
        for (path, verbs) in members(&document["paths"]) {
            for (verb, operation) in members(verbs) {
                operations.push(Operation::new(path, verb, operation, document));
            }
        }
        let schemas = members(&document["components"]["schemas"]);
        Self {
            shell,
            about: prose(&document["info"]["description"]),
            root: text(&document["servers"][0]["url"]),
            operations,
            schemas: schemas
                .map(|(name, schema)| Schema::new(name, schema))
                .collect(),
        }
    }
}

impl Operation {
    fn new(path: &str, verb: &str, operation: &Value, document: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let content = |of: &Value| named(&of["content"]["application/json"]["schema"]);
        let statuses = members(&operation["responses"]).map(|(status, response)| {
            let response = match named(response) {
                Some(name) => &document["components"]["responses"][&name],
                None => response,
            };
            (status.to_owned(), text(&response["description"]))
        });
        Self {
            name: text(&operation["operationId"]),
            verb: verb.to_ascii_uppercase(),
            path: path.to_owned(),
            summary: prose(&operation["summary"]),
            note: prose(&operation["description"]),
            parameters: parameters
                .map(|one| Parameter {
                    name: text(&one["name"]),
                    place: text(&one["in"]),
                    form: form(&one["schema"]),
                    about: prose(&one["description"]),
                })
                .collect(),
            body: content(&operation["requestBody"]),
            answer: content(&operation["responses"]["200"]),
            statuses: statuses.collect(),
        }
    }
}

impl Schema {
    fn new(name: &str, schema: &Value) -> Self {
        let required = schema["required"].as_array();
        let is_required =
            |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
        Self {
            name: name.to_owned(),
            about: prose(&schema["description"]),
            members: members(&schema["properties"])
                .map(|(name, schema)| Member {
                    name: name.to_owned(),
                    form: form(schema),
                    of: reference(schema),
                    required: is_required(name),
                })
                .collect(),
        }
    }
}

fn members(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flatten()
}

fn text(of: &Value) -> String {
    of.as_str().unwrap_or_default().to_owned()
}

fn prose(of: &Value) -> Prose {
    let pieces = of.as_str().unwrap_or_default().split('`').enumerate();
    let pieces = pieces.map(|(place, piece)| (place % 2 == 1, piece.to_owned()));
    pieces.filter(|(_, piece)| !piece.is_empty()).collect()
}

/// The last word of a reference.
fn named(of: &Value) -> Option<String> {
    let place = of["$ref"].as_str()?;
    place.rsplit('/').next().map(str::to_owned)
}

/// The schema that a schema refers to, be it for the entries of a list.
fn reference(schema: &Value) -> Option<String> {
    named(schema).or_else(|| named(&schema["items"]))
}

/// A schema in a few words.
fn form(schema: &Value) -> String {
    if let Some(name) = named(schema) {
        return name;
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return words.join(" | ");
    }
    if let Some(several) = schema["anyOf"].as_array() {
        return several.iter().map(form).collect::<Vec<_>>().join(" or ");
    }
    let kind = text(&schema["type"]);
    match kind.as_str() {
        "array" => format!("list of {}", form(&schema["items"])),
        "object" if !schema["properties"].is_null() => {
            let names: Vec<&str> = members(&schema["properties"])
                .map(|(name, _)| name.as_str())
                .collect();
            format!("object: {}", names.join(", "))
        }
        "string" if schema["format"].is_string() => text(&schema["format"]),
        _ => kind,
    }
}
