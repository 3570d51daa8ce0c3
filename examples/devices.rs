//! Lists what can compute here: the backends of this build and the graphics adapters.
//!
//! ```text
//! cargo run --release --features wgpu --example devices
//! ```

use clap::Parser;

/// Lists the devices that foveate can use on this machine, with the names that --device and
/// FOVEATE_DEVICE take.
#[derive(Parser)]
struct Args {}

fn main() {
    Args::parse();
    println!("compiled in: {}", foveate::compiled().join(", "));
    for name in foveate::compiled() {
        match foveate::device(name) {
            Ok(chosen) => println!("{name:8}  {chosen}"),
            Err(error) => println!("{name:8}  {error}"),
        }
    }
    #[cfg(feature = "wgpu")]
    for (i, adapter) in foveate::adapters::adapters().iter().enumerate() {
        println!("wgpu:{i:<3}  {adapter}");
    }
    match foveate::device("auto") {
        Ok(chosen) => println!("auto      {chosen}"),
        Err(error) => println!("auto      {error}"),
    }
}
