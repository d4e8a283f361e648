//! A page of the documentation, as Markdown reads it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A page.
pub struct Page {
    /// The path from the root of the source.
    pub name: String,
    pub blocks: Vec<Block>,
    pub links: Vec<Link>,
    /// The anchors that a link may name.
    pub anchors: BTreeSet<String>,
    /// The code in the first column of its tables.
    pub seen: Vec<Quoted>,
}

/// A block of code.
pub struct Block {
    /// The line its text begins after.
    pub line: usize,
    /// The first word after the fence.
    pub kind: String,
    pub text: String,
    /// The comment right before it, which readers do not see.
    pub note: Option<String>,
}

/// A link.
pub struct Link {
    pub line: usize,
    /// The target, as written.
    pub target: String,
}

/// Words of the program.
#[derive(Debug)]
pub struct Quoted {
    /// Their line.
    pub line: usize,
    /// The words.
    pub text: String,
}

impl Page {
    /// Reads it.
    pub fn read(root: &Path, name: &str) -> Self {
        let source = fs::read_to_string(root.join(name)).unwrap();
        let mut page = Self {
            name: name.to_owned(),
            blocks: Vec::new(),
            links: Vec::new(),
            anchors: BTreeSet::new(),
            seen: Vec::new(),
        };
        let mut note = None;
        let mut heading: Option<String> = None;
        let (mut column, mut in_body, mut in_code) = (0, false, false);
        for (event, at) in Parser::new_ext(&source, Options::ENABLE_TABLES).into_offset_iter() {
            let line = source.get(..at.start).unwrap().lines().count().max(1);
            if let Event::Start(tag) = &event
                && !matches!(tag, Tag::HtmlBlock | Tag::CodeBlock(_))
            {
                note = None;
            }
            match event {
                Event::Html(html) => {
                    let comment = html
                        .trim()
                        .strip_prefix("<!--")
                        .and_then(|html| html.strip_suffix("-->"));
                    note = comment.map(|comment| comment.trim().to_owned());
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let kind = match kind {
                        CodeBlockKind::Fenced(info) => info
                            .split_whitespace()
                            .next()
                            .unwrap_or_default()
                            .to_owned(),
                        CodeBlockKind::Indented => "indented".to_owned(),
                    };
                    page.blocks.push(Block {
                        line,
                        kind,
                        text: String::new(),
                        note: note.take(),
                    });
                    in_code = true;
                }
                Event::End(TagEnd::CodeBlock) => in_code = false,
                Event::Text(text) if in_code => {
                    page.blocks.last_mut().unwrap().text.push_str(&text);
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(Link {
                        line,
                        target: dest_url.to_string(),
                    });
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.head(&heading.take().unwrap()),
                Event::Start(Tag::TableRow) => (column, in_body) = (0, true),
                Event::Start(Tag::TableHead) | Event::End(TagEnd::Table) => in_body = false,
                Event::End(TagEnd::TableCell) => column += 1,
                Event::Text(text) if heading.is_some() => heading.as_mut().unwrap().push_str(&text),
                Event::Code(code) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&code);
                    } else if in_body && column == 0 {
                        page.seen.push(Quoted {
                            line,
                            text: code.to_string(),
                        });
                    }
                }
                _ => {}
            }
        }
        page
    }

    /// The name of what lies at a path relative to this page.
    pub fn beside(&self, path: &str) -> String {
        let mut names: Vec<&str> = self.name.split('/').collect();
        names.pop();
        for name in path.split('/') {
            match name {
                "." | "" => {}
                ".." => assert!(
                    names.pop().is_some(),
                    "{}: {path} leads out of the source",
                    self.name
                ),
                name => names.push(name),
            }
        }
        names.join("/")
    }

    /// Notes a heading under the name that pages on the web give it.
    fn head(&mut self, text: &str) {
        let kept = text
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .collect::<String>();
        let name = kept.replace(' ', "-");
        let again = (0..self.anchors.len())
            .map(|n| format!("{name}-{}", n + 1))
            .find(|name| !self.anchors.contains(name));
        let name = if self.anchors.contains(&name) {
            again.unwrap()
        } else {
            name
        };
        self.anchors.insert(name);
    }
}
