//! Two servers and two workers of the real program on one PostgreSQL, under load; one of each is killed (SIGKILL) in
//! the middle. No job is lost or done twice, no decision either, and no session.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use snowguard_tracker_db::{Db, JobState, Millis, PersonId, testing};
use snowguard_tracker_deliver::testing::{MailServer, Receiver, Security};
use snowguard_tracker_deliver::webhook::SigningSecret;
use snowguard_tracker_triage::subscription::{Cadence, Subject, Subscription};

use crate::program::{Program, collection, stderr, text};
use crate::signed_in::form;
use crate::work::text as text_of;

const PASSWORD: &str = "a long enough password";

/// Seconds after which a silent worker's job is another's.
const LEASE: u64 = 4;

/// Subscribers, and one more whose mail server takes long.
const SUBSCRIBERS: usize = 10;

/// Issues that are published; so many before one of each is killed.
const ISSUES: usize = 6;
const BEFORE: usize = 4;

/// Ends with this value, however the test ends.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        Self(command.stderr(Stdio::null()).spawn().unwrap())
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that was killed already must not fail the test.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server process, as browsers see it.
struct Site {
    address: String,
    agent: ureq::Agent,
    /// From here on it may fail.
    is_killed: AtomicBool,
}

/// A status, a place to go to, and a page; or why there is none.
type Seen = Result<(u16, String, String), String>;

impl Site {
    fn serve(program: &Program) -> (Process, Self) {
        let settings = program.path("serve.toml");
        let mut command = program.command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--settings"]);
        let mut process = Process::start(command.arg(settings).stdout(Stdio::piped()));
        let mut line = String::new();
        let output = process.0.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("serving on ").unwrap();
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let site = Self {
            address: address.trim_end_matches('/').to_owned(),
            agent,
            is_killed: AtomicBool::new(false),
        };
        (process, site)
    }

    fn get(&self, path: &str, cookie: &str) -> Seen {
        let request = self.agent.get(format!("{}{path}", self.address));
        seen(request.header("cookie", cookie).call())
    }

    fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Seen {
        let request = self.agent.post(format!("{}{path}", self.address));
        let request = request
            .header("cookie", cookie)
            .header("origin", &self.address)
            .content_type("application/x-www-form-urlencoded");
        seen(request.send(form(fields)))
    }

    /// Whether a failure is what must not be.
    fn must_answer(&self) -> bool {
        !self.is_killed.load(Ordering::SeqCst)
    }
}

fn seen(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Seen {
    let mut answer = answer.map_err(|failed| failed.to_string())?;
    let place = answer.headers().get("location");
    let place = place.map(|place| place.to_str().unwrap().to_owned());
    let body = answer.body_mut().read_to_string();
    let body = body.map_err(|failed| failed.to_string())?;
    Ok((answer.status().as_u16(), place.unwrap_or_default(), body))
}

/// Somebody who signed in at one of the servers.
struct Somebody {
    name: String,
    id: PersonId,
    cookie: String,
    key: String,
}

impl Somebody {
    /// Made on the command line; signs in with the password.
    fn signs_in(program: &Program, site: &Site, name: &str) -> Self {
        let mut command = program.command();
        command.args(["account", "set", name, "--role", "security-team"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "{PASSWORD}").unwrap();
        drop(input);
        assert!(child.wait().unwrap().success());
        let fields = [("name", name), ("password", PASSWORD), ("back", "/")];
        let request = site.agent.post(format!("{}/sign-in", site.address));
        let answer = request
            .header("origin", &site.address)
            .content_type("application/x-www-form-urlencoded")
            .send(form(&fields))
            .unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = site.get("/account", &cookie).unwrap().2;
        let (_, rest) = page.split_once("name=\"form_key\" value=\"").unwrap();
        let people = program.db().people().unwrap();
        Self {
            name: name.to_owned(),
            id: people.iter().find(|one| one.name == name).unwrap().id,
            key: rest.split('"').next().unwrap().to_owned(),
            cookie,
        }
    }

    fn posts(&self, site: &Site, path: &str, fields: &[(&str, &str)]) -> Seen {
        let mut all = vec![("form_key", self.key.as_str())];
        all.extend(fields);
        site.post(path, &self.cookie, &all)
    }

    fn accepts(&self, site: &Site, advisory: &str) -> Seen {
        let fields = [("command", "accept"), ("revision", "0")];
        self.posts(site, &format!("/advisory/{advisory}/decide"), &fields)
    }
}

/// What all threads of the load share.
#[derive(Default)]
struct Load {
    has_ended: AtomicBool,
    /// Answers that must not have been.
    failures: Mutex<Vec<String>>,
    answers: AtomicUsize,
    decided: AtomicUsize,
    /// Who was told that a decision is stored.
    told: Mutex<BTreeMap<String, Vec<PersonId>>>,
    /// Issues that somebody was told are published.
    published: Mutex<Vec<String>>,
}

impl Load {
    fn fails(&self, what: String) {
        self.failures.lock().unwrap().push(what);
    }

    /// Reads pages until the end, or until the server is killed.
    fn reads(&self, site: &Site, cookie: &str) {
        let pages = [
            "/",
            "/queue",
            "/queue?q=product1&sort=newest",
            "/advisory/CVE-2024-00001",
            "/package/product1",
            "/search?q=product2",
            "/api/v1/queue?severity=high",
            "/account",
        ];
        for path in pages.iter().cycle() {
            if self.has_ended.load(Ordering::SeqCst) {
                return;
            }
            match site.get(path, cookie) {
                Ok((200, ..)) => drop(self.answers.fetch_add(1, Ordering::SeqCst)),
                _ if !site.must_answer() => return,
                other => self.fails(format!("{path}: {:?}", other.map(|seen| seen.0))),
            }
        }
    }

    /// Decides on each advisory. Others do the same at the same time: each is decided once.
    fn decides(&self, person: &Somebody, first: &Site, other: &Site, advisories: &[String]) {
        let mut site = first;
        for advisory in advisories {
            let seen = match person.accepts(site, advisory) {
                Err(_) if !site.must_answer() => {
                    // Nobody knows whether it was stored; the other server does.
                    site = other;
                    person.accepts(site, advisory)
                }
                seen => seen,
            };
            match seen {
                Ok((303, ..)) => {
                    let mut told = self.told.lock().unwrap();
                    told.entry(advisory.clone()).or_default().push(person.id);
                    self.decided.fetch_add(1, Ordering::SeqCst);
                }
                Ok((409, ..)) => {}
                other => self.fails(format!("{advisory}: {:?}", other.map(|seen| seen.0))),
            }
        }
    }

    /// Publishes an issue about an advisory.
    fn publishes(&self, person: &Somebody, site: &Site, advisory: &str) {
        let seen = person.accepts(site, advisory);
        assert_eq!(seen.unwrap().0, 303);
        let fields = [("title", "A flaw"), ("advisories", advisory)];
        let (status, place, _) = person.posts(site, "/issues", &fields).unwrap();
        assert_eq!(status, 303);
        let fields = [("action", "publish"), ("revision", "0")];
        assert_eq!(person.posts(site, &place, &fields).unwrap().0, 303);
        self.published.lock().unwrap().push(place);
    }
}

/// Three times: by mail and to one web hook, the same once more, and to another.
fn subscribe(db: &Db, number: usize, mail: &str, receiver: &Receiver) -> i64 {
    let now = Millis::new(jiff::Timestamp::now().as_millisecond());
    let number = i64::try_from(number).unwrap();
    let person = db.github_person(1000 + number, &format!("s{number}"), now);
    let person = person.unwrap().id;
    db.set_mail(person, Some(mail), &[7; 32]).unwrap();
    assert!(db.confirm_mail(person, &[7; 32]).unwrap());
    let subscription = Subscription {
        subject: Subject::Everything,
        severity: None,
        kev_at_once: false,
        cadence: Cadence::AtOnce,
        mail: true,
        hook: None,
        muted: false,
        feed: 0,
    };
    let [first, ..] = ["one", "one", "two"].map(|hook| {
        let hook = format!("http://{}/{number}/{hook}", receiver.address);
        let subscription = Subscription {
            hook: Some(hook),
            ..subscription.clone()
        };
        let secret = SigningSecret::random().unwrap();
        db.put_subscription(person, &subscription, secret.expose().as_bytes(), now)
            .unwrap()
    });
    first
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The job of a mail to the subscriber whose server takes long, and the process that works on it.
fn held(db: &Db, subscription: i64) -> Option<(JobState, u32)> {
    let name = format!("s{subscription}-n");
    let jobs = db.jobs(1).unwrap().into_iter();
    let mut held = jobs.filter(|job| job.kind == "mail" && job.name.starts_with(&name));
    let job = held.find(|job| job.worker.is_some())?;
    let (_, process) = job.worker.as_ref()?.rsplit_once(':')?;
    let process = process.parse().unwrap();
    Some((job, process))
}

#[test]
fn one_server_and_one_worker_are_killed_under_load_and_nothing_is_lost_or_done_twice() {
    let database = match testing::postgres() {
        Ok(database) => database,
        Err(why) => return eprintln!("LEFT OUT on PostgreSQL: {why}"),
    };
    let mails = match MailServer::start(Security::Plain) {
        Ok(server) => server,
        Err(why) => return eprintln!("LEFT OUT: {why}"),
    };
    mails.hold().unwrap();
    let receiver = Receiver::start(IpAddr::V4(Ipv4Addr::LOCALHOST), 0, None).unwrap();
    let program = Program::with_database(&database.url);
    let set = collection(&program, 200, 20, 0);
    let output = program.run(&["ingest", text(&set)]);
    assert!(output.status.success(), "{}", stderr(&output));
    program.write("serve.toml", "[limits]\nper-address = 1000000\n");
    let settings = format!(
        "public = 'https://tracker.example.org'\n[mail]\nhost = '127.0.0.1'\nport = {}\nencryption = 'plain'\nfrom = 'tracker@example.org'\n[webhooks]\nhttp = true\nany-port = true\nnetworks = ['127.0.0.0/8']\n",
        mails.port
    );
    let settings = program.write("work.toml", &settings);
    let (mut dying, one) = Site::serve(&program);
    let (_serving, two) = Site::serve(&program);
    let mut workers: Vec<Process> = (0..2)
        .map(|_| {
            let mut command = program.command();
            command.args(["work", "--lease", &LEASE.to_string(), "--settings"]);
            Process::start(command.arg(&settings).stdout(Stdio::null()))
        })
        .collect();
    // All sign in at the server that is going to die, or with it in mind.
    let people = ["ada", "bob", "eve", "publisher"];
    let people = people.map(|name| Somebody::signs_in(&program, &one, name));
    let [ada, bob, eve, publisher] = &people;
    let db = program.db();
    for number in 0..SUBSCRIBERS {
        subscribe(&db, number, &format!("s{number}@example.net"), &receiver);
    }
    let slow = subscribe(&db, SUBSCRIBERS, "slow@example.net", &receiver);
    let mut suggested: Vec<String> = (1..=200)
        .map(|number| format!("CVE-2024-{number:05}"))
        .filter(|id| db.suggestion(id).unwrap().is_some())
        .collect();
    let contested = suggested.split_off(ISSUES);
    assert!(contested.len() > 80, "{}", contested.len());
    let load = Load::default();
    std::thread::scope(|scope| {
        // Whatever fails below, the load ends: the test must not wait for it for ever.
        let _ends = Ends(&load.has_ended);
        for site in [&one, &two] {
            for person in [ada, bob] {
                let load = &load;
                scope.spawn(move || load.reads(site, &person.cookie));
            }
        }
        for (person, first, other) in [(ada, &one, &two), (bob, &two, &two), (eve, &one, &two)] {
            let (load, contested) = (&load, &contested);
            scope.spawn(move || load.decides(person, first, other, contested));
        }
        for advisory in &suggested[..BEFORE] {
            load.publishes(publisher, &two, advisory);
        }
        // A mail that takes longer than the lease stays its worker's: that one is alive, and says so.
        let begun = Instant::now();
        let (job, holder) = until("a mail is held", || held(&db, slow));
        while begun.elapsed() < Duration::from_secs(LEASE + 1) {
            assert_eq!(held(&db, slow).unwrap().1, holder, "another took it over");
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(job.attempts, 1);
        until("half is decided", || {
            (load.decided.load(Ordering::SeqCst) > contested.len() / 2).then_some(())
        });
        one.is_killed.store(true, Ordering::SeqCst);
        dying.kill();
        let holder = workers.iter_mut().find(|worker| worker.0.id() == holder);
        holder.unwrap().kill();
        mails.release().unwrap();
        let before = load.answers.load(Ordering::SeqCst);
        for advisory in &suggested[BEFORE..] {
            load.publishes(publisher, &two, advisory);
        }
        until("all is decided", || {
            let stored = |id: &String| db.suggestion(id).unwrap().unwrap().revision > 0;
            contested.iter().all(stored).then_some(())
        });
        until("all jobs are done", || {
            let open = db.jobs(0).unwrap();
            let mails = mails.mails().len();
            (mails > 0 && open.iter().all(|job| job.ended.is_some())).then_some(())
        });
        until("the other server goes on", || {
            (load.answers.load(Ordering::SeqCst) > before + 20).then_some(())
        });
    });
    assert_eq!(*load.failures.lock().unwrap(), Vec::<String>::new());
    decisions_are_stored_once(&db, &load, &contested);
    every_subscriber_has_all_news_once(&db, &load, &mails);
    every_web_hook_has_all_news_once(&load, &receiver);
    for somebody in &people {
        let (status, _, page) = two.get("/account", &somebody.cookie).unwrap();
        assert!(
            status == 200 && page.contains(&somebody.name),
            "{}",
            somebody.name
        );
    }
}

/// Ends the load when the scope is left.
struct Ends<'l>(&'l AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn decisions_are_stored_once(db: &Db, load: &Load, contested: &[String]) {
    let told = load.told.lock().unwrap();
    for advisory in contested {
        let subject = snowguard_tracker_db::Subject::Suggestion(advisory.clone());
        let log = db.activity_of(&subject, None, 100).unwrap();
        let makers: Vec<PersonId> = log.iter().filter_map(|entry| entry.person).collect();
        assert_eq!(makers.len(), 1, "{advisory}: {log:?}");
        assert_eq!(log.len(), 1, "{advisory}: {log:?}");
        // One whose answer was lost with its server was told by nobody, and is stored all the same.
        if let Some(told) = told.get(advisory) {
            assert_eq!(told, &makers, "{advisory}");
        }
    }
}

fn every_web_hook_has_all_news_once(load: &Load, receiver: &Receiver) {
    let published = load.published.lock().unwrap();
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for post in receiver.posts() {
        let id = post.header("webhook-id").unwrap().to_owned();
        assert!(ids.insert(id), "the same message twice");
        let signatures = post.header("webhook-signature").unwrap();
        let leads_there = if post.target.ends_with("one") { 2 } else { 1 };
        assert_eq!(signatures.split(' ').count(), leads_there, "{signatures}");
        let document: serde_json::Value = serde_json::from_slice(&post.body).unwrap();
        for news in document["news"].as_array().unwrap() {
            let url = news["url"].as_str().unwrap().to_owned();
            *told.entry((post.target.clone(), url)).or_default() += 1;
        }
    }
    assert_eq!(told.len(), (SUBSCRIBERS + 1) * 2 * published.len());
    assert!(told.values().all(|count| *count == 1), "{told:?}");
}

fn every_subscriber_has_all_news_once(db: &Db, load: &Load, mails: &MailServer) {
    let published = load.published.lock().unwrap();
    assert_eq!(published.len(), ISSUES);
    let mails = mails.mails();
    let mut told: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for mail in &mails {
        let id = mail
            .content
            .lines()
            .find(|line| line.starts_with("Message-ID:"));
        assert!(ids.insert(id.unwrap()), "the same message twice");
        let text = text_of(&mail.content);
        for place in published.iter() {
            let link = format!("https://tracker.example.org{place}");
            let count = text.lines().filter(|line| line.trim() == link).count();
            *told.entry((mail.to[0].clone(), place)).or_default() += count;
        }
    }
    assert_eq!(told.len(), (SUBSCRIBERS + 1) * ISSUES);
    assert!(told.values().all(|count| *count == 1), "{told:?}");
    let jobs = db.jobs(500).unwrap();
    assert!(jobs.iter().all(|job| job.failed.is_none()), "{jobs:?}");
    let jobs: Vec<u32> = jobs
        .iter()
        .filter(|job| job.kind == "mail")
        .map(|job| job.attempts)
        .collect();
    assert_eq!(jobs.len(), mails.len(), "a job, a mail");
    let begun_twice = jobs.iter().filter(|attempts| **attempts == 2).count();
    assert_eq!(begun_twice, 1, "only what the killed worker held: {jobs:?}");
    assert_eq!(jobs.iter().filter(|attempts| **attempts > 2).count(), 0);
}
