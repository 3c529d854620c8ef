//! The disks of the data, of the log and of exports fill and are emptied at random instants.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    rounds::{self, Callers, Counts, Deployment, Random, Site, check},
    support::{Program, request, shell, wait_until},
};

/// Keeps what `df` calls available at nothing.
const BALLAST: &str = "ballast";
const LOG: &str = "log";
/// In KiB. The data have enough for what a round makes.
const ROOM: [(&str, u64); 3] = [("data", 65_536), (LOG, 256), ("exports", 256)];

/// A small disk, in memory.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, kibibytes: u64) -> Result<Self, String> {
        fs::create_dir(at).map_err(|error| error.to_string())?;
        let size = format!("size={kibibytes}k,mode=700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "keydesk-chaos"]).arg(at).output();
        match mounted {
            Ok(output) if output.status.success() => Ok(Self(at.to_owned())),
            _ => Err("small disks can't be mounted here; run it as root".to_owned()),
        }
    }

    fn fill(&self) {
        let Ok(mut ballast) = File::options().append(true).create(true).open(self.0.join(BALLAST)) else { return };
        for chunk in [65_536, 4_096] {
            while ballast.write_all(&vec![0; chunk]).is_ok() {}
        }
    }

    fn empty(&self) {
        // It may not be filled.
        let _ = fs::remove_file(self.0.join(BALLAST));
        // The server's log may have filled it.
        if let Ok(log) = File::options().write(true).open(self.0.join(LOG)) {
            let _ = log.set_len(0);
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Why the rounds can't be made here.
pub(crate) fn possible() -> Result<(), String> {
    let folder = rounds::folder();
    Disk::mount(&folder.path().join("probe"), 64).map(drop)
}

/// Fills the disks this many times for a moment, and that of the data once for long.
pub(crate) async fn round(mut random: Random, times: usize) -> Counts {
    let folder = rounds::folder();
    let disks = ROOM.map(|(name, room)| Disk::mount(&folder.path().join(name), room).expect("a small disk"));
    let [data, log, exports] = &disks;
    let deployment = Deployment::in_folder(&data.0).await;
    let log = log.0.join(LOG);
    let mut command = shell(&format!("exec \"$0\" \"$@\" 2>>{}", log.display()));
    command.env("TMPDIR", &exports.0);
    let program = Program::launch(command, &data.0, &["--log-level", "debug"], Some(&log)).await.expect("a start");
    let site = Site::new(&deployment, &[&program.address], Duration::ZERO);
    let at_work = Callers::start(&site, &mut random, 3, 2);
    at_work.have_changed(6).await;
    for _ in 0..times {
        let full = random.below(1 << disks.len());
        let chosen = || disks.iter().enumerate().filter(|(number, _)| full >> number & 1 == 1).map(|(_, disk)| disk);
        chosen().for_each(Disk::fill);
        export(&deployment, &program).await;
        tokio::time::sleep(random.millis(0, 400)).await;
        chosen().for_each(Disk::empty);
        at_work.have_changed(4).await;
    }
    disks.iter().for_each(Disk::fill);
    let ready = async |words: &str| {
        let answer = request(&program.address, "GET", "/readyz", None, None).await;
        answer.is_ok_and(|(status, answer)| status == 200 && answer.contains(words))
    };
    assert!(wait_until(async || ready("failing").await).await, "/readyz does not say that nothing can be written");
    let before = site.ledger.counts().calls;
    assert!(wait_until(async || site.ledger.counts().calls > before + 20).await, "nothing is verified meanwhile");
    tokio::time::sleep(random.millis(200, 3_000)).await;
    disks.iter().for_each(Disk::empty);
    at_work.have_changed(6).await;
    assert!(wait_until(async || ready("\"ok\"").await).await, "/readyz does not say that writing works again");
    at_work.stop().await;
    site.ask_again(&mut random).await;
    check(&deployment, &site).await;
    program.kill().await;
    let program = deployment.serve().await;
    site.moves_to(&[&program.address]);
    check(&deployment, &site).await;
    site.ledger.counts()
}

/// All keys as a table: whole, or refused, or broken off so that it shows.
async fn export(deployment: &Deployment, program: &Program) {
    let answer = request(&program.address, "GET", "/api/v1/keys.csv", Some(&deployment.key), None).await;
    if let Ok((status, answer)) = answer {
        let whole = answer.ends_with("\r\n0\r\n\r\n") || answer.contains("content-length");
        assert!(status >= 500 || (status == 200 && answer.contains("client_name")), "{status}: {answer}");
        // A body that was broken off has no last chunk.
        assert!(whole || answer.contains("transfer-encoding: chunked"), "{answer}");
    }
}
