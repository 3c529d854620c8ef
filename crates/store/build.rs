//! Migrations are part of the program, and the compiler does not look at them by itself.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
