//! Links the image: no start files, no libraries, our own layout.

use std::env;

fn main() {
    let here = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    // The compiler driver of a Linux target is gcc, which wants linker options wrapped; bare
    // targets call the linker itself.
    let hosted = env::var("TARGET").is_ok_and(|target| target.contains("linux"));
    let for_driver = ["-nostartfiles", "-nostdlib", "-static", "-no-pie"];
    let for_linker = [
        "--build-id=sha1",
        "-zmax-page-size=0x1000",
        "-znorelro",
        &format!("-T{here}/link.ld"),
        "-Tdefmt.x",
    ];
    for option in for_driver.iter().filter(|_| hosted) {
        println!("cargo:rustc-link-arg-bins={option}");
    }
    for option in for_linker {
        let wrap = if hosted { "-Wl," } else { "" };
        println!("cargo:rustc-link-arg-bins={wrap}{option}");
    }
    println!("cargo:rerun-if-changed=link.ld");
    println!("cargo:rerun-if-changed=build.rs");
}
