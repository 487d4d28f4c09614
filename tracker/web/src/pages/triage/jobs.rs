//! `/jobs`

use askama::Template;
use snowguard_tracker_db::{JobState, Run};

use crate::pages::shell::Shell;
use crate::show::time::{Millis, When};

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/triage/jobs.html")]
pub struct Page {
    shell: Shell,
    jobs: Vec<Row>,
    runs: Vec<Loaded>,
}

#[derive(Debug)]
struct Row {
    what: String,
    name: String,
    state: &'static str,
    is_given_up: bool,
    /// When it ended, or when it is due.
    at: When,
    attempts: u32,
    worker: String,
    why: String,
}

#[derive(Debug)]
struct Loaded {
    feed: String,
    started: When,
    state: &'static str,
    why: String,
}

impl Page {
    /// Builds it as seen at `now`.
    pub fn new(shell: Shell, jobs: Vec<JobState>, runs: Vec<Run>, now: Millis) -> Self {
        let jobs = jobs.into_iter().map(|job| Row {
            state: state(&job, now),
            is_given_up: job.ended.is_some() && job.failed.is_some(),
            at: When::new(job.ended.unwrap_or(job.due).get(), now),
            what: job.kind,
            name: job.name,
            attempts: job.attempts,
            worker: job.worker.unwrap_or_default(),
            why: job.failed.unwrap_or_default(),
        });
        let runs = runs.into_iter().map(|run| Loaded {
            state: match (&run.error, run.finished) {
                (Some(_), _) => "failed",
                (None, Some(_)) => "done",
                (None, None) => "not finished",
            },
            feed: run.feed,
            started: When::new(run.started.get(), now),
            why: run.error.unwrap_or_default(),
        });
        Self {
            shell,
            jobs: jobs.collect(),
            runs: runs.collect(),
        }
    }
}

fn state(job: &JobState, now: Millis) -> &'static str {
    match (job.ended, &job.failed, &job.worker) {
        (Some(_), Some(_), _) => "given up",
        (Some(_), None, _) => "done",
        (None, _, Some(_)) => "at work",
        (None, Some(_), None) => "failed, tried again",
        (None, None, None) if job.due.get() > now => "later",
        (None, None, None) => "waits",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use snowguard_tracker_db::Millis as At;

    #[test]
    fn the_state_of_a_job_in_words() {
        let job = JobState {
            id: 1,
            kind: "mail".to_owned(),
            name: "s1-n1".to_owned(),
            due: At::new(5),
            attempts: 0,
            worker: None,
            failed: None,
            ended: None,
        };
        assert_eq!((state(&job, 4), state(&job, 5)), ("later", "waits"));
        let worker = Some("w".to_owned());
        let held = JobState {
            worker,
            ..job.clone()
        };
        assert_eq!(state(&held, 5), "at work");
        let failed = JobState {
            failed: Some("no answer".to_owned()),
            ..job
        };
        assert_eq!(state(&failed, 5), "failed, tried again");
        let ended = Some(At::new(9));
        let given_up = JobState { ended, ..failed };
        assert_eq!(state(&given_up, 9), "given up");
        let done = JobState {
            failed: None,
            ..given_up
        };
        assert_eq!(state(&done, 9), "done");
    }
}
