//! Signing in, and tokens of apps.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rsa::Pkcs1v15Sign;
use serde_json::{Value, json};
use sha2_next::{Digest, Sha256};
use url::{Url, form_urlencoded};

use super::http::{Answer, Asked};
use super::world::World;

/// What a code stands for.
#[derive(Debug, Clone)]
pub(super) struct Code {
    user: u64,
    challenge: String,
    redirect: String,
}

/// The page where somebody would press a button; here they have decided beforehand.
pub(super) fn authorize(world: &mut World, asked: &Asked) -> Answer {
    let parameter = |name| asked.parameter(name).unwrap_or_default();
    let redirect = Url::parse(parameter("redirect_uri"));
    let (true, Ok(mut redirect)) = (parameter("client_id") == world.oauth_app.0, redirect) else {
        return Answer::refusal(404, "Not Found");
    };
    let challenge = parameter("code_challenge").to_owned();
    let asked_back = redirect.to_string();
    let result = match world.browser {
        None => ("error", "access_denied".to_owned()),
        Some(_) if challenge.len() != 43 || parameter("code_challenge_method") != "S256" => {
            ("error", "invalid_request".to_owned())
        }
        Some(user) => {
            let code = world.fresh("");
            let stands_for = Code {
                user,
                challenge,
                redirect: asked_back,
            };
            world.codes.insert(code.clone(), stands_for);
            ("code", code)
        }
    };
    redirect
        .query_pairs_mut()
        .append_pair(result.0, &result.1)
        .append_pair("state", parameter("state"));
    Answer::refusal(302, "").with("Location", redirect.as_str())
}

/// A code becomes a token, once. Refusals come with status 200, as at GitHub.
pub(super) fn access_token(world: &mut World, asked: &Asked) -> Answer {
    let form: Vec<(String, String)> = form_urlencoded::parse(&asked.body).into_owned().collect();
    let field = |name: &str| {
        let found = form.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let refused = |code: &str| Answer::json(200, &json!({ "error": code }));
    if asked.header("accept") != Some("application/json") {
        return Answer::refusal(406, "this answers in JSON only when asked to");
    }
    if (field("client_id"), field("client_secret"))
        != (world.oauth_app.0.as_str(), world.oauth_app.1.as_str())
    {
        return refused("incorrect_client_credentials");
    }
    let Some(code) = world.codes.remove(field("code")) else {
        return refused("bad_verification_code");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier").as_bytes()));
    if challenge != code.challenge {
        return refused("bad_verification_code");
    }
    if field("redirect_uri") != code.redirect {
        return refused("redirect_uri_mismatch");
    }
    let token = world.fresh("gho_");
    world.tokens.insert(token.clone(), code.user);
    Answer::json(
        200,
        &json!({ "access_token": token, "token_type": "bearer", "scope": "" }),
    )
}

/// Whether a token is signed by the app and holds now.
pub(super) fn is_app(world: &World, token: &str) -> bool {
    let checked = || {
        let app = world.app.as_ref()?;
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let digest = Sha256::digest(signed.as_bytes());
        app.key
            .verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &signature)
            .ok()?;
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        let now = Timestamp::now().as_second();
        let (from, to) = (claims.get("iat")?.as_i64()?, claims.get("exp")?.as_i64()?);
        let holds = from <= now && now < to && to - from <= 660;
        (holds && claims.get("iss")?.as_str()? == app.id).then_some(())
    };
    checked().is_some()
}

/// A token of the app's installation.
pub(super) fn installation(world: &mut World, asked: &Asked, number: &str) -> Answer {
    if !is_app(world, asked.bearer().unwrap_or_default()) {
        return Answer::refusal(401, "A JSON web token could not be decoded");
    }
    let Some(app) = world
        .app
        .clone()
        .filter(|app| app.installation.to_string() == number)
    else {
        return Answer::refusal(404, "Not Found");
    };
    // Bots have numbers too.
    let login = format!("{}[bot]", app.slug);
    let token = world.token_of(1_000_000, &login);
    let ends = Timestamp::now().as_second() + app.lasts;
    let ends = Timestamp::from_second(ends).unwrap_or_default();
    Answer::json(
        201,
        &json!({ "token": token, "expires_at": ends.to_string() }),
    )
}
