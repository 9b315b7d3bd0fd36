#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hosted::hostile::stream(bytes));
