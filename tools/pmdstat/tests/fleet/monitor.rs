//! Prometheus itself: its tool judges what is written for it, and its server scrapes and answers.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;

use crate::player::Player;
use crate::serve::{Running, Serve, eventually, get};
use crate::shipped::{self, expressions};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/prometheus");

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name, program: &'static str, run: fn() -> Result<(), Failed>| {
        Trial::ignorable_test(name, move || run_with(program, run))
    };
    vec![
        test("promtool_finds_nothing_wrong_with_the_page", "promtool", metrics),
        test("promtool_finds_nothing_wrong_with_alerts_and_example", "promtool", files),
        test("alerts_are_raised_when_they_should_be", "promtool", rules),
        test("a_server_scrapes_the_page_and_answers_the_dashboard", "prometheus", server),
    ]
}

/// Runs a test if `program` is there.
fn run_with(program: &str, run: fn() -> Result<(), Failed>) -> Result<Completion, Failed> {
    let mut command = Command::new(program);
    if command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        return run().map(|()| Completion::Completed);
    }
    let reason = format!("SKIPPED: no {program} (apt-get install prometheus; it starts a service)");
    eprintln!("\n{reason}");
    Ok(Completion::ignored_with(reason))
}

/// What `promtool` says of `input`; it must be content.
fn promtool(words: &[&str], input: &str) -> String {
    let mut command = Command::new("promtool");
    command.args(words).current_dir(FOLDER).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(output.status.success(), "promtool {words:?}: {said}");
    said
}

fn metrics() -> Result<(), Failed> {
    assert_eq!(promtool(&["check", "metrics"], &shipped::page()), "");
    Ok(())
}

fn files() -> Result<(), Failed> {
    promtool(&["check", "rules", "alerts.yml"], "");
    promtool(&["check", "config", "prometheus.yml"], "");
    Ok(())
}

fn rules() -> Result<(), Failed> {
    promtool(&["test", "rules", "alerts_test.yml"], "");
    let tested = fs::read_to_string(Path::new(FOLDER).join("alerts_test.yml")).unwrap();
    for alert in shipped::ALERTS.split("- alert: ").skip(1) {
        let name = alert.lines().next().unwrap();
        let raised = format!("alertname: {name}\n        exp_alerts:");
        assert!(tested.contains(&raised), "nothing raises {name}");
    }
    Ok(())
}

fn server() -> Result<(), Failed> {
    let mut players = [Player::at_port("lab1"), Player::at_socket("lab2")];
    let serve = Serve::start(&players.iter().map(Player::source).collect::<Vec<_>>());
    players.iter_mut().for_each(Player::attend);
    let server = Server::start(serve.address());
    let [panels, annotations] = expressions();
    for (expression, _) in panels {
        eventually(&format!("an answer to {expression}"), || {
            players.iter_mut().for_each(Player::go_on);
            (!server.ask(&expression).is_empty()).then_some(())
        });
    }
    // Nothing happened that these would show, but they are understood.
    annotations.iter().for_each(|(expression, _)| drop(server.ask(expression)));
    let up = server.ask("barecore_up");
    let hosts: Vec<&str> = up.iter().filter_map(|it| it["metric"]["host"].as_str()).collect();
    assert_eq!(hosts, ["lab1", "lab2"]);
    assert!(up.iter().all(|it| it["value"][1] == "1"), "{up:?}");
    eventually("the health of all alerts", || server.are_alerts_healthy().then_some(()));
    Ok(())
}

/// A Prometheus of our own, with a folder of its own.
struct Server {
    _running: Running,
    address: String,
    folder: PathBuf,
}

impl Server {
    /// One that scrapes `target`.
    fn start(target: &str) -> Self {
        let name = format!("prometheus-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        let config = folder.join("prometheus.yml");
        fs::write(&config, config_for(target)).unwrap();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
        command.arg("--web.listen-address=127.0.0.1:0");
        let address = |line: &str| {
            let (_, rest) = line.split_once("msg=\"Listening on\" address=")?;
            Some(rest.split(' ').next()?.to_owned())
        };
        let (running, address) = Running::start(&mut command, address);
        Self { _running: running, address, folder }
    }

    /// What it answers, which may be nothing.
    fn ask(&self, expression: &str) -> Vec<Value> {
        let expression = expression.replace("$__rate_interval", "1m");
        let expression = expression.replace("$host", ".*").replace("$core", ".*");
        let coded: String = expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let path = format!("/api/v1/query?query={coded}");
        let answer = eventually("an answer", || get(&self.address, &path));
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        match answer["data"]["result"].take() {
            Value::Array(results) => results,
            other => panic!("{expression}: {other}"),
        }
    }

    fn are_alerts_healthy(&self) -> bool {
        let answer = eventually("an answer", || get(&self.address, "/api/v1/rules"));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let rules = answer["data"]["groups"][0]["rules"].as_array().unwrap();
        rules.len() >= 10 && rules.iter().all(|rule| rule["health"] == "ok")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may still write there; what is left is in a folder for such things.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What is shipped, but for the address and the pace.
fn config_for(target: &str) -> String {
    let shipped = fs::read_to_string(Path::new(FOLDER).join("prometheus.yml")).unwrap();
    let quick = shipped.replace("127.0.0.1:19878", target).replace("15s", "250ms");
    quick.replace("- alerts.yml", &format!("- {FOLDER}/alerts.yml"))
}
