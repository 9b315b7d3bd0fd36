//! Logs as they come.

use std::io;

use crate::console::screen::Screen;
use crate::logs::{BuildId, Image, Images};
use crate::recording::Boot;

/// Logs that wait for a greeting, which says which image wrote them, at most.
const WAITING: usize = 64;

/// What is known of the image that logs.
pub(super) struct Logs {
    images: Images,
    /// The build of the machine, and its image if that was found.
    known: Option<(BuildId, Option<Image>)>,
}

impl Logs {
    /// Nothing so far; the image is one of `images`.
    pub(super) fn new(images: Images) -> Self {
        Self { images, known: None }
    }

    /// Tells the logs of `boot` on `screen`, and forgets them.
    ///
    /// # Errors
    ///
    /// Those of standard output.
    pub(super) fn tell(&mut self, boot: &mut Boot, screen: &mut Screen) -> io::Result<()> {
        let Some(build) = boot.build() else {
            let surplus = boot.logs.len().saturating_sub(WAITING);
            boot.logs.drain(..surplus);
            return Ok(());
        };
        if boot.logs.is_empty() {
            return Ok(());
        }
        self.know(build, screen);
        let image = self.known.as_ref().and_then(|(_, image)| image.as_ref());
        for frame in boot.logs.drain(..) {
            if let Some(image) = image {
                screen.above(&format!("log: {}\n", image.text(&frame)))?;
            }
        }
        Ok(())
    }

    /// Looks for the image of `build`, once.
    fn know(&mut self, build: BuildId, screen: &mut Screen) {
        if self.known.as_ref().is_some_and(|(known, _)| *known == build) {
            return;
        }
        let image = self.images.image(build);
        if let Err(reason) = &image {
            screen.remark(format_args!("logs are not shown: {reason:#}"));
        }
        self.known = Some((build, image.ok()));
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::recording::Recording;
    use crate::recording::made::{greeting, line};

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        images: Images,
    }

    fn logs() -> Logs {
        Logs::new(Words::parse_from(["pmdstat", "--elf-dir", "/not/there"]).images)
    }

    #[test]
    fn logs_wait_for_a_greeting_but_not_for_ever() {
        let (mut boot, mut screen) = (Boot::default(), Screen::new(false));
        boot.logs = (0..100).map(|number| vec![number]).collect();
        logs().tell(&mut boot, &mut screen).unwrap();
        assert_eq!((boot.logs.len(), &boot.logs[0]), (WAITING, &vec![36]));
    }

    #[test]
    fn an_image_that_is_not_there_is_looked_for_once() {
        let (mut logs, mut screen) = (logs(), Screen::new(false));
        let mut boot = Recording::read(&*line(0, &[greeting(0, 1)])).unwrap().boots.remove(0);
        for _ in 0..2 {
            boot.logs.push(vec![1]);
            logs.tell(&mut boot, &mut screen).unwrap();
            assert!(boot.logs.is_empty());
            assert!(matches!(logs.known, Some((BuildId([1, ..]), None))));
        }
    }
}
