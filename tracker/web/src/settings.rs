//! The settings file: what the tracker reaches outside of itself, and with which secrets. Secrets stand in files
//! of their own, which only their owner may read.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use snowguard_tracker_deliver::mail::{Address, Encryption, Login, Mailer, Sender, SmtpServer};
use snowguard_tracker_deliver::webhook::{Ports, Rules, Webhooks};
use snowguard_tracker_github::{
    Client, Credentials, Endpoints, OAuthApp, Options, Organization, Repository, Secret, Team,
};
use snowguard_tracker_triage::role::Role;

use crate::open::{Publisher, Publishing};
use crate::server::{PerMinute, PublicAddress, RateLimits};

/// The file, in TOML.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Address under which browsers reach the tracker.
    public: Option<String>,
    github: Option<GitHub>,
    mail: Option<Mail>,
    webhooks: Hooks,
    publisher: Publishing,
    limits: Rates,
}

/// How often programs may ask.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Rates {
    /// Requests a minute without a token, from one address.
    per_address: Option<u32>,
    /// Requests a minute with a token.
    per_token: Option<u32>,
    /// The header in which the proxy in front names the client.
    trusted_header: Option<String>,
}

/// Where subscribers' web hooks may lead, beside public addresses by https at the ports of web servers.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Hooks {
    /// Also by http.
    http: bool,
    /// At any port.
    any_port: bool,
    /// To addresses of one's own, e.g. `10.1.0.0/16`.
    networks: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct GitHub {
    /// Web address of a GitHub Enterprise Server; github.com without it.
    enterprise: Option<String>,
    /// Certificates (PEM) to trust instead of the public ones.
    authority: Option<PathBuf>,
    /// Where issues are published.
    repository: Option<String>,
    /// Whose teams give roles.
    organization: Option<String>,
    /// Team and the role that it gives.
    #[serde(default)]
    teams: BTreeMap<String, String>,
    token_file: Option<PathBuf>,
    app: Option<App>,
    sign_in: Option<SignIn>,
    webhook_secret_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct App {
    id: String,
    installation: u64,
    key_file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SignIn {
    client_id: String,
    client_secret_file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Mail {
    host: String,
    port: u16,
    /// `tls`, `starttls`, or `plain` (loopback only).
    encryption: String,
    from: String,
    user: Option<String>,
    password_file: Option<PathBuf>,
    authority: Option<PathBuf>,
}

/// What the server needs of the outside.
#[derive(Debug, Clone, Default)]
pub struct Doors {
    /// Signing in with GitHub.
    pub sign_in: Option<Arc<OAuthApp>>,
    /// What GitHub signs its webhooks with.
    pub webhook_secret: Option<Arc<Secret>>,
    /// Whether mail can be sent.
    pub mail: bool,
    /// Which web hooks of subscribers are allowed.
    pub hooks: Rules,
}

/// What the worker needs of the outside.
#[derive(Debug, Default)]
pub struct Reach {
    /// Where issues are published.
    pub publish: Option<(Client, Repository)>,
    /// Whose teams give which roles.
    pub teams: Option<Teams>,
    /// Mail.
    pub mailer: Option<Mailer>,
    /// Webhooks of subscribers, and which of them are allowed.
    pub webhooks: Option<(Webhooks, Rules)>,
}

/// Teams that give roles.
#[derive(Debug)]
pub struct Teams {
    /// As whom GitHub is asked.
    pub client: Client,
    /// Whose teams.
    pub organization: Organization,
    /// Team and the role that it gives.
    pub roles: Vec<(Team, Role)>,
}

impl Settings {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or names something unknown; the error says where.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("in {}", path.display()))
    }

    /// The public address.
    ///
    /// # Errors
    /// When it is none.
    pub fn public(&self) -> Result<PublicAddress> {
        self.public
            .as_deref()
            .map_or(Ok(PublicAddress::default()), PublicAddress::parse)
    }

    /// Who publishes the open data of a tracker whose public address is this, or else the one of this machine at
    /// which it listens.
    ///
    /// # Errors
    /// As [`Publishing::publisher`].
    pub fn publisher(&self, public: &PublicAddress, listen: SocketAddr) -> Result<Publisher> {
        let origin = match public.link("") {
            origin if origin.is_empty() => format!("http://{listen}"),
            origin => origin,
        };
        self.publisher.publisher(&origin)
    }

    /// How often programs may ask.
    ///
    /// # Errors
    /// For a limit of nothing, and for what is no header's name.
    pub fn rates(&self) -> Result<RateLimits> {
        let usual = RateLimits::default();
        let limit = |own: Option<u32>, usual: PerMinute| match own {
            None => Ok(usual),
            Some(0) => bail!("[limits] a limit is at least 1"),
            Some(own) => Ok(PerMinute(own)),
        };
        let header = self.limits.trusted_header.as_deref();
        let header = header.map(|name| {
            name.parse()
                .with_context(|| format!("[limits] trusted-header {name}"))
        });
        Ok(RateLimits {
            address: limit(self.limits.per_address, usual.address)?,
            token: limit(self.limits.per_token, usual.token)?,
            trusted_header: header.transpose()?,
        })
    }

    /// What the server needs.
    ///
    /// # Errors
    /// When a part is missing or a secret cannot be read.
    pub fn doors(&self) -> Result<Doors> {
        let mut doors = Doors {
            mail: self.mail.is_some(),
            hooks: self.webhooks.rules()?,
            ..Doors::default()
        };
        let Some(github) = &self.github else {
            return Ok(doors);
        };
        if let Some(file) = &github.webhook_secret_file {
            doors.webhook_secret = Some(Arc::new(Secret::from_file(file)?));
        }
        if let Some(sign_in) = &github.sign_in {
            let redirect = self.public()?.link("/sign-in/github/back");
            let redirect = redirect
                .parse()
                .context("signing in with GitHub needs `public`")?;
            let secret = Secret::from_file(&sign_in.client_secret_file)?;
            let app = OAuthApp::new(
                github.endpoints()?,
                &sign_in.client_id,
                secret,
                redirect,
                &github.options(),
            )?;
            doors.sign_in = Some(Arc::new(app));
        }
        Ok(doors)
    }

    /// What the worker needs.
    ///
    /// # Errors
    /// When a part is missing or a secret cannot be read.
    pub fn reach(&self) -> Result<Reach> {
        let rules = self.webhooks.rules()?;
        let mut reach = Reach {
            webhooks: Some((Webhooks::new(rules.clone()), rules)),
            mailer: self.mail.as_ref().map(Mail::mailer).transpose()?,
            ..Reach::default()
        };
        if let Some(github) = &self.github {
            if let Some(repository) = &github.repository {
                reach.publish = Some((github.client()?, Repository::new(repository.clone())?));
            }
            if let Some(organization) = &github.organization {
                let teams = github.teams.iter().map(|(team, role)| {
                    let role = Role::parse(role)
                        .filter(|role| matches!(role, Role::Triager | Role::SecurityTeam));
                    let role = role.with_context(|| {
                        format!("team {team}: a role is triager or security_team")
                    })?;
                    Ok((Team::new(team.clone())?, role))
                });
                let teams = teams.collect::<Result<Vec<_>>>()?;
                reach.teams = Some(Teams {
                    client: github.client()?,
                    organization: Organization::new(organization.clone())?,
                    roles: teams,
                });
            }
        }
        Ok(reach)
    }
}

impl Hooks {
    fn rules(&self) -> Result<Rules> {
        let networks = self.networks.iter().map(|network| {
            network
                .parse()
                .with_context(|| format!("[webhooks] networks: {network}"))
        });
        Ok(Rules {
            http: self.http,
            ports: match self.any_port {
                true => Ports::All,
                false => Ports::Web,
            },
            networks: networks.collect::<Result<_>>()?,
        })
    }
}

impl GitHub {
    fn endpoints(&self) -> Result<Endpoints> {
        Ok(match &self.enterprise {
            Some(web) => Endpoints::enterprise(web)?,
            None => Endpoints::github(),
        })
    }

    fn options(&self) -> Options {
        Options {
            authority: self.authority.clone(),
            ..Options::default()
        }
    }

    fn client(&self) -> Result<Client> {
        let credentials = match (&self.token_file, &self.app) {
            (Some(file), None) => Credentials::token_file(file)?,
            (None, Some(app)) => Credentials::app_file(&app.id, app.installation, &app.key_file)?,
            _ => bail!("[github] needs either token-file or app"),
        };
        Ok(Client::new(
            self.endpoints()?,
            credentials,
            &self.options(),
        )?)
    }
}

impl Mail {
    fn mailer(&self) -> Result<Mailer> {
        let encryption = match self.encryption.as_str() {
            "tls" => Encryption::Tls,
            "starttls" => Encryption::StartTls,
            "plain" => Encryption::Plain,
            other => bail!("[mail] encryption is tls, starttls or plain, not {other}"),
        };
        let login = match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => Some(Login {
                user: user.clone(),
                password: Secret::from_file(file)?,
            }),
            (None, None) => None,
            _ => bail!("[mail] user and password-file go together"),
        };
        let server = SmtpServer {
            encryption,
            login,
            authority: self.authority.clone(),
            ..SmtpServer::new(self.host.clone(), self.port)
        };
        let sender = Sender {
            name: "Snowguard".to_owned(),
            address: Address::new(self.from.clone())?,
        };
        Ok(Mailer::new(server, sender)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_and_half_settings_are_refused() {
        let of = |text: &str| toml::from_str::<Settings>(text);
        assert!(of("publik = 'x'").is_err());
        assert!(of("[github]\ntokenfile = 'x'").is_err());
        let settings = of("[github]\nrepository = 'NixOS/nixpkgs'").unwrap();
        assert!(
            settings
                .reach()
                .unwrap_err()
                .to_string()
                .contains("token-file")
        );
        let settings =
            of("[mail]\nhost = 'h'\nport = 25\nencryption = 'maybe'\nfrom = 'a@b.c'").unwrap();
        assert!(settings.reach().unwrap_err().to_string().contains("maybe"));
        assert!(of("").unwrap().reach().unwrap().publish.is_none());
        assert_eq!(of("").unwrap().rates().unwrap(), RateLimits::default());
        let own = of("[limits]\nper-address = 10\ntrusted-header = 'X-Real-IP'").unwrap();
        let own = own.rates().unwrap();
        assert_eq!((own.address, own.token), (PerMinute(10), PerMinute(6000)));
        assert_eq!(own.trusted_header.unwrap(), "x-real-ip");
        let hooks = of("[webhooks]\nhttp = true\nnetworks = ['10.1.0.0/16']").unwrap();
        let hooks = hooks.doors().unwrap().hooks;
        assert_eq!(
            (hooks.http, hooks.ports, hooks.networks.len()),
            (true, Ports::Web, 1)
        );
        let hooks = of("[webhooks]\nnetworks = ['10.1.0.0/99']").unwrap();
        assert!(hooks.doors().is_err() && hooks.reach().is_err());
        for wrong in ["per-address = 0", "trusted-header = 'no header'"] {
            let settings = of(&format!("[limits]\n{wrong}")).unwrap();
            assert!(settings.rates().is_err(), "{wrong}");
        }
    }
}
