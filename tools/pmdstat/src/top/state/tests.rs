use super::*;
use crate::top::moment::Span;

const NANOS: u64 = 1_000_000_000;

fn at(seconds: u64) -> Moment {
    Moment { start: 0, nanos: seconds * NANOS }
}

/// Two minutes.
fn tape() -> Tape {
    Tape(vec![Span { first: at(10), last: at(130) }])
}

/// What comes of `inputs`, one after the other.
fn after(mut state: State, inputs: &[Input]) -> State {
    for input in inputs {
        state = state.after(*input, &World { tape: &tape(), events: &[9, 8, 5] });
    }
    state
}

fn replay(inputs: &[Input]) -> State {
    after(State::new(false, 2, &tape()), inputs)
}

fn live(inputs: &[Input]) -> State {
    after(State::new(true, 1, &tape()), inputs)
}

const SECOND: Input = Input::Passed(Duration::from_secs(1));

#[test]
fn a_recording_plays_at_its_speed_to_its_end() {
    assert_eq!(replay(&[SECOND]).moment, at(12));
    assert_eq!(replay(&[Input::Faster, SECOND]).moment, at(14));
    assert_eq!(replay(&[Input::Slower, Input::Slower, SECOND]).moment, at(11));
    assert_eq!(replay(&[Input::Pause, SECOND]).moment, at(10));
    assert_eq!(replay(&[Input::Pause, SECOND, Input::Pause, SECOND]).moment, at(12));
    let ended = replay(&[Input::Passed(Duration::from_secs(100))]);
    assert_eq!((ended.moment, ended.pace), (at(130), Pace::Paused));
}

#[test]
fn a_recording_is_sought_in_both_ways() {
    let there = [Input::LeapForth, Input::LeapForth, Input::Forth, Input::LeapBack, Input::Back];
    assert_eq!(replay(&there).moment, at(20));
    assert_eq!(replay(&[Input::Last]).moment, at(130));
    assert_eq!(replay(&[Input::Last, Input::First, Input::Back]).moment, at(10));
    assert_eq!(replay(&[Input::Last]).pace, Pace::Playing);
}

#[test]
fn a_machine_that_runs_is_followed_until_somebody_looks_back() {
    let silent = live(&[SECOND]);
    assert_eq!((silent.moment, silent.pace), (at(131), Pace::Following), "its clock goes on");
    assert_eq!(live(&[SECOND, Input::Heard]).moment, at(130));
    let back = live(&[Input::Back, SECOND, Input::Heard]);
    assert_eq!((back.moment, back.pace), (at(129), Pace::Paused));
    assert_eq!(live(&[Input::Back, Input::Forth]).pace, Pace::Following);
    assert_eq!(live(&[Input::Pause, Input::Pause]).pace, Pace::Following);
}

#[test]
fn arrows_choose_events_and_enter_opens_one() {
    let chosen = |inputs: &[Input]| replay(inputs).chosen;
    assert_eq!(chosen(&[Input::Down]), Some(9));
    assert_eq!(chosen(&[Input::Down, Input::Down]), Some(8));
    assert_eq!(chosen(&[Input::Down, Input::Down, Input::Up, Input::Up]), Some(9));
    assert_eq!(chosen(&[Input::Down, Input::Close]), None);
    let page = |number, row| Page::Event { start: 0, number, row };
    assert_eq!(replay(&[Input::Open]).page, page(9, 0));
    assert_eq!(replay(&[Input::Open, Input::Back]).page, page(8, 0));
    assert_eq!(replay(&[Input::Open, Input::Back, Input::Back, Input::Back]).page, page(5, 0));
    assert_eq!(replay(&[Input::Open, Input::Down, Input::Down, Input::Up]).page, page(9, 1));
    assert_eq!(replay(&[Input::Open, Input::Close]).page, Page::Overview);
}

#[test]
fn without_events_there_is_none_to_open() {
    let none = World { tape: &tape(), events: &[] };
    let state = State::new(false, 1, &tape());
    let state = state.after(Input::Down, &none).after(Input::Open, &none);
    assert_eq!((state.page, state.chosen), (Page::Overview, None));
}

#[test]
fn help_goes_with_any_key() {
    assert_eq!(replay(&[Input::Help]).page, Page::Help);
    assert_eq!(replay(&[Input::Help, Input::Help]).page, Page::Overview);
    assert_eq!(replay(&[Input::Help, Input::Down]).page, Page::Overview);
    assert!(replay(&[Input::Quit]).is_over);
}
