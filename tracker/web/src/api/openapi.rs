//! The OpenAPI document, made from the table of addresses.
//!
//! Source: OpenAPI Specification 3.1.1; JSON Schema 2020-12.

use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use super::table::{Kind, Parameter, Place, ROUTES, Route, Verb};
use super::{Answer, Shared, schemas};
use crate::answer;

/// Where the interface begins.
pub const ROOT: &str = "/api/v1";

/// `/openapi.json`
pub async fn serve(State(app): Shared, request: HeaderMap) -> Answer {
    Ok(answer::json(&request, &document(&app.link(ROOT)))?)
}

/// The document for an interface at this address.
#[must_use]
pub fn document(root: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in &ROUTES {
        let verb = match route.verb {
            Verb::Get => "get",
            Verb::Post => "post",
        };
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[verb] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Snowguard tracker",
            "version": "1",
            "summary": "Which packages of Nixpkgs are affected by which vulnerabilities, and why",
            "description": "Documents may gain members; none is renamed or removed within a version. Texts are other people's: escape them where you show them.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": root }],
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "responses": responses(),
            "headers": headers(),
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of your account's page, with the scope that the operation names.",
            } },
        },
    })
}

fn operation(route: &Route) -> Value {
    let parameters: Vec<Value> = route.parameters.iter().map(|one| parameter(one)).collect();
    let mut responses = Map::new();
    responses.insert(
        "200".to_owned(),
        json!({
            "description": "The document.",
            "headers": {
                "ETag": { "$ref": "#/components/headers/ETag" },
                "RateLimit": { "$ref": "#/components/headers/RateLimit" },
                "RateLimit-Policy": { "$ref": "#/components/headers/RateLimit-Policy" },
            },
            "content": { "application/json": { "schema": reference(route.answer) } },
        }),
    );
    let always = [304, 400, 429, 503];
    for status in always.iter().chain(route.others) {
        responses.insert(
            status.to_string(),
            json!({ "$ref": format!("#/components/responses/{status}") }),
        );
    }
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(body) = route.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": reference(body) } },
        });
    }
    if let Some(scope) = route.scope {
        // Without a token, whoever asks is nobody in particular; what nobody may do is refused with 401.
        operation["security"] = match route.verb {
            Verb::Get => json!([{}, { "token": [] }]),
            Verb::Post => json!([{ "token": [] }]),
        };
        operation["description"] = json!(format!("Scope of a token: `{scope}`."));
    }
    operation
}

fn parameter(parameter: &Parameter) -> Value {
    let schema = match parameter.kind {
        Kind::Text(most) => json!({ "type": "string", "maxLength": most }),
        Kind::Word(words) => json!({ "type": "string", "enum": words }),
        Kind::Number(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
    };
    json!({
        "name": parameter.name,
        "in": match parameter.place {
            Place::Path => "path",
            Place::Query => "query",
        },
        "required": parameter.place == Place::Path,
        "description": parameter.about,
        "schema": schema,
    })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn responses() -> Value {
    let problem = |about: &str| {
        json!({
            "description": about,
            "content": { "application/json": { "schema": reference("Problem") } },
        })
    };
    let mut later = problem("Too many requests; `Retry-After` says when to ask again.");
    later["headers"] = json!({ "Retry-After": { "$ref": "#/components/headers/Retry-After" } });
    let mut busy = problem("Too many requests of all at once.");
    busy["headers"] = later["headers"].clone();
    let challenged = |about: &str| {
        let mut refused = problem(about);
        refused["headers"] =
            json!({ "WWW-Authenticate": { "$ref": "#/components/headers/WWW-Authenticate" } });
        refused
    };
    json!({
        "304": { "description": "You have it already (`If-None-Match`)." },
        "308": { "description": "The same advisory under its own id." },
        "400": problem("The request cannot be understood."),
        "401": challenged("This needs a token, or the token is none, is revoked or over (`invalid_token`)."),
        "403": challenged("The token has not the scope for this, or its owner may not do it (`insufficient_scope`)."),
        "404": problem("There is no such thing."),
        "409": problem("Somebody else was faster: read again, and decide on what is there now."),
        "429": later,
        "503": busy,
    })
}

fn headers() -> Value {
    let header = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    json!({
        "ETag": header("Give it back as `If-None-Match`."),
        "RateLimit": header("How many requests are left now, and when there are all again, in seconds: `\"default\";r=99;t=1`."),
        "RateLimit-Policy": header("How many requests in how many seconds: `\"default\";q=600;w=60`."),
        "WWW-Authenticate": header("What a token would have to be, as RFC 6750 (3) says: `Bearer realm=\"snowguard\", error=\"invalid_token\"`."),
        "Retry-After": { "description": "Seconds to wait.", "schema": { "type": "integer" } },
    })
}
