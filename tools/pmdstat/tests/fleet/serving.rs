//! Many machines on one page.

use libtest_mimic::{Failed, Trial};

use crate::player::Player;
use crate::serve::{Serve, get};
use crate::tool::pmdstat;

pub(crate) fn trials() -> Vec<Trial> {
    let test = |name, run: fn() -> Result<(), Failed>| Trial::test(name, run);
    vec![
        test("twenty_machines_stand_on_a_page_and_one_that_breaks_comes_back", twenty),
        test("what_is_not_offered_is_not_there", not_offered),
        test("an_address_that_is_taken_is_an_error", taken),
    ]
}

fn has(page: &str, line: &str) -> bool {
    page.lines().any(|own| own == line)
}

fn twenty() -> Result<(), Failed> {
    let mut players: Vec<Player> = (0..20)
        .map(|number| match number % 2 {
            0 => Player::at_socket(&format!("own{number}")),
            _ => Player::at_port(&format!("own{number}")),
        })
        .collect();
    // Every fourth has a name that the user gave it.
    let source = |(number, player): (usize, &Player)| match number % 4 {
        0 => format!("given{number}={}", player.source()),
        _ => player.source(),
    };
    let sources: Vec<String> = players.iter().enumerate().map(source).collect();
    let serve = Serve::start(&sources);
    players.iter_mut().for_each(Player::attend);
    let host = |number: usize| match number % 4 {
        0 => format!("given{number}"),
        _ => format!("own{number}"),
    };
    let is_up = |page: &str, number: usize, up: u8| {
        has(page, &format!("barecore_up{{host=\"{}\"}} {up}", host(number)))
    };
    let hits = |number: usize, hits: u64| {
        format!("barecore_phwol_hits_total{{host=\"{}\",core=\"2\"}} {hits}", host(number))
    };
    let page = serve.page_with("all machines", |page| {
        (0..20).all(|number| is_up(page, number, 1) && has(page, &hits(number, 2000)))
    });
    is_well_formed(&page);

    players[7].hang_up();
    let page = serve.page_with("the break", |page| is_up(page, 7, 0));
    assert!(!page.contains(&hits(7, 2000)), "what is not up counts nothing");
    assert!((0..20).filter(|number| *number != 7).all(|number| is_up(&page, number, 1)));
    players[7].attend();
    players[8].go_on();
    let page = serve.page_with("the return", |page| {
        is_up(page, 7, 1) && has(page, &hits(7, 4000)) && has(page, &hits(8, 3000))
    });
    assert!(has(&page, "barecore_line_opened_total{host=\"own7\"} 2"), "{page}");
    assert!(has(&page, "barecore_starts_total{host=\"own7\"} 1"), "{page}");
    is_well_formed(&page);
    Ok(())
}

/// All samples of a metric follow its announcement, and none stands twice.
fn is_well_formed(page: &str) {
    let (mut announced, mut metric) = (std::collections::BTreeSet::new(), "");
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            metric = rest.split(' ').next().unwrap();
            assert!(announced.insert(metric), "{metric} is announced twice");
        } else if !line.starts_with('#') {
            let name = line.split('{').next().unwrap();
            let ending = name.strip_prefix(metric).unwrap_or_else(|| panic!("{line}"));
            assert!(["", "_bucket", "_sum", "_count"].contains(&ending), "{line}");
        }
    }
    let samples: Vec<_> = page.lines().filter_map(|line| line.rsplit_once(' ')).collect();
    let different: std::collections::BTreeSet<_> = samples.iter().map(|(id, _)| id).collect();
    assert!(different.len() > 1000 && page.ends_with('\n'));
}

fn not_offered() -> Result<(), Failed> {
    let serve = Serve::start(&["box=./is/not/there".to_owned()]);
    let overview = get(serve.address(), "/").unwrap();
    assert!(overview.contains("href=\"/metrics\"") && overview.contains("<td>closed</td>"));
    assert_eq!(get(serve.address(), "/-/healthy").unwrap(), "pmdstat is healthy\n");
    assert_eq!(get(serve.address(), "/metric"), None);
    assert!(get(serve.address(), "/metrics").unwrap().contains("barecore_up{host=\"box\"} 0\n"));
    Ok(())
}

fn taken() -> Result<(), Failed> {
    let serve = Serve::start(&["box=./is/not/there".to_owned()]);
    let run = pmdstat(&format!("serve --listen {} box=./is/not/there", serve.address()), "");
    assert_eq!(run.status, Some(1));
    assert!(run.talk.starts_with("error: cannot have 127.0.0.1:"), "{}", run.talk);
    Ok(())
}
