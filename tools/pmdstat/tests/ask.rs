//! Commands and files for many machines at once, which the test plays.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod player;
mod tool;

use std::fs;

use player::Player;
use tool::pmdstat;

/// The names of so many machines, and their lines as words of a command.
fn lab(players: &[Player]) -> String {
    let word = |(number, player): (usize, &Player)| format!("lab{number}={}", player.path());
    players.iter().enumerate().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_threshold_is_set_on_twenty_machines_by_one_command() {
    let players: Vec<Player> = (0..20).map(|_| Player::start()).collect();
    let run = pmdstat(&format!("exec {} -- pmd-perf-log-set -us 123", lab(&players)), "");
    assert_eq!((run.status, &*run.talk), (Some(0), "20 of 20 did it\n"));
    assert!(players.iter().all(|player| player.threshold() == 123));
    let mut lines: Vec<&str> = run.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines[0], "lab0: pmd-perf-log-set: 123");
    assert_eq!(lines.len(), 20);
}

#[test]
fn a_machine_that_fails_or_is_silent_is_named_and_is_the_status() {
    let players = [Player::start(), Player::silent(), Player::start()];
    let sources = format!("{} gone=./not/there", lab(&players));
    let run = pmdstat(&format!("exec {sources} --timeout 2 -- pmd-perf-log-set -us 7"), "");
    assert_eq!(run.status, Some(1));
    let mut talk: Vec<&str> = run.talk.lines().collect();
    talk.sort_unstable();
    assert_eq!(talk[0], "2 of 4 did it");
    assert!(talk[1].starts_with("error: gone: cannot open the socket ./not/there: "), "{talk:?}");
    assert_eq!(talk[2], "error: lab1: there is no answer: nothing came for 2 s");
    assert_eq!([players[0].threshold(), players[2].threshold()], [7, 7]);
    let run = pmdstat(&format!("exec {} -- nonsense", players[0].path()), "");
    assert_eq!((run.status, &*run.out), (Some(1), "error: no command\n"));
}

#[test]
fn sources_may_stand_in_a_file() {
    let players = [Player::start(), Player::start()];
    let file = std::env::temp_dir().join(format!("pmdstat-lab-{}", std::process::id()));
    let lines = players.iter().map(|player| format!("{}  # one of them\n", player.path()));
    fs::write(&file, format!("# the lab\n\n{}", lines.collect::<String>())).unwrap();
    let run = pmdstat(&format!("exec @{} -- pmd-perf-log-set -us 9", file.display()), "");
    fs::remove_file(file).unwrap();
    assert_eq!(run.status, Some(0), "{}", run.talk);
    assert_eq!([players[0].threshold(), players[1].threshold()], [9, 9]);
}

#[test]
fn a_file_arrives_whole_over_lines_that_lose_keys() {
    let players = [Player::start(), Player::losing()];
    let text: String = (0..99).map(|port| format!("in_port={port},actions=drop\n")).collect();
    let file = std::env::temp_dir().join(format!("pmdstat-rules-{}", std::process::id()));
    fs::write(&file, &text).unwrap();
    let run = pmdstat(&format!("put {} {} --timeout 2", lab(&players), file.display()), "");
    fs::remove_file(file).unwrap();
    assert_eq!((run.status, &*run.talk), (Some(0), "2 of 2 did it\n"));
    assert!(players.iter().all(|player| player.file() == text));
}
