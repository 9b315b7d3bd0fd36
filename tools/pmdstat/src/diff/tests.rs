use super::*;

const REPORT: &str = include_str!("../../tests/golden/ovs-perf-show.txt");

fn boot(text: &str) -> Boot {
    Recording::read(text.as_bytes()).unwrap().boots.pop().unwrap()
}

fn lines(a: &str, b: &str) -> Vec<String> {
    let mut out = Vec::new();
    write(&boot(a), &boot(b), &mut out).unwrap();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    String::from_utf8(out).unwrap().lines().skip(1).map(words).collect()
}

#[test]
fn nothing_differs_from_itself() {
    assert_eq!(lines(REPORT, REPORT), [""; 0]);
}

#[test]
fn what_differs_is_told_with_its_change() {
    let slower =
        REPORT.replace("Rx packets:              9000000", "Rx packets:              4500000");
    assert_ne!(slower, REPORT);
    let lines = lines(REPORT, &slower);
    assert!(
        lines.contains(&"core 4 rx packets/s 3600000.00 1800000.00 -50.0 %".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines.contains(&"core 4 busy cycles/pkt 661.33 1322.67 +100.0 %".to_owned()),
        "{lines:?}"
    );
    assert!(lines.iter().all(|line| !line.contains("tx packets/s")), "{lines:?}");
}

#[test]
fn what_only_one_of_them_tells_has_no_change() {
    let other = REPORT.replace("core_id 4", "core_id 5");
    assert!(lines(REPORT, &other).contains(&"core 5 tx packets/s - 3600000.00 -".to_owned()));
}
