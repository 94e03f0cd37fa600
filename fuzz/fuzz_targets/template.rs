//! Any bytes as the input of `tiphys_inputs::template`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tiphys_inputs::template(data));
