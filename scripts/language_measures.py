"""The numbers by which the language and the form of the source are judged: scripts/check-language --measures prints them.

Each row of MEASURES has a sentence, the bound that the value must keep, and the value's function. Comments, words, types and
imports are those of crates/*/src; tests are those of all crates and of fuzz.
"""

import re
from collections import defaultdict
from statistics import median

from import_cycles import Crate

QUESTION = re.compile(r"(What|Who|Whose|How|Where|When|Whether)\b")
PRONOUN = re.compile(r"(It|Its|This|That|These|Those|They|Their|Nobody|Somebody)\b")
FUNCTION = re.compile(r"^( *)(?:pub(?:\([\w: ]+\))? )?(?:const )?(?:async )?(?:unsafe )?fn (\w+)", re.MULTILINE)
# The folders whose functions answer a request, and the file that starts and ends the service.
HANDLERS = [
    "crates/registration/src/handlers",
    "crates/registration/src/wso2",
    "crates/oidc-discovery/src",
    "crates/webfinger/src/handler.rs",
    "crates/server/src/management.rs",
    "crates/server/src/serve.rs",
]


class Source:
    """The files of the project, and the parts of them that several measures need."""

    def __init__(self, root, crates, token, test, types):
        self.root, self.token = root, token
        self.files = {path: path.read_text(encoding="utf-8") for folder in crates.values() for path in sorted(folder.rglob("*.rs"))}
        self.of_crates = {path: text for path, text in self.files.items() if "src" in path.parts and "fuzz" not in path.relative_to(root).parts}
        self.code = {path: token.sub(lambda match: "\n" * match.group().count("\n") or " ", text) for path, text in self.of_crates.items()}
        self.test_names = [name for text in self.files.values() for name in test.findall(text)]
        self.types, self.folders = types, [folder for folder in crates.values() if (folder / "src").is_dir() and folder.name != "fuzz"]
        self.docs, self.words = self.comments()

    def comments(self):
        """Returns the doc comments, each as its lines, and the words of all comments."""
        docs, words = [], []
        for text in self.of_crates.values():
            before = None
            for token in self.token.finditer(text):
                if not (comment := token.group("comment")):
                    continue
                marker, line = re.match(r"//[/!]?|/\*\*?", comment).group(), text.count("\n", 0, token.start())
                prose = comment[len(marker) :].strip()
                if marker in ("///", "//!"):
                    if before == (marker, line - 1):
                        docs[-1].append(prose)
                    else:
                        docs.append([prose])
                    before = (marker, line)
                words += re.findall(r"[a-z]+", re.sub(r"`[^`]*`", "", prose).lower())
        return docs, words

    def share(self, condition):
        """Returns the percentage of doc comments that meet a condition."""
        return 100 * sum(map(bool, map(condition, self.docs))) / len(self.docs)

    def rate(self, *words):
        """Returns how many of a thousand words of comments are one of these."""
        return 1000 * sum(map(self.words.count, words)) / len(self.words)

    def count(self, pattern, *crates):
        """Returns how often a pattern occurs in the code of these crates, or of all."""
        folders = [f"crates/{crate}/" for crate in crates] or ["crates/"]
        code = (text for path, text in self.code.items() if path.relative_to(self.root).as_posix().startswith(tuple(folders)))
        return sum(len(re.findall(pattern, text)) for text in code)

    def longest_handler(self):
        """Returns the lines of the longest function in HANDLERS, without its blank lines and comments."""
        longest = 0
        for path, text in self.code.items():
            if not path.relative_to(self.root).as_posix().startswith(tuple(HANDLERS)):
                continue
            for function in FUNCTION.finditer(text.split("#[cfg(test)]")[0]):
                body = re.match(rf".*?^{function.group(1)}}}", text[function.start() :], re.MULTILINE | re.DOTALL)
                longest = max(longest, sum(bool(line.strip()) for line in body.group().splitlines()) if body else 0)
        return longest

    def repeated_types(self):
        """Returns the number of type names that are declared more than once."""
        places = defaultdict(int)
        for path in self.of_crates:
            for _, name in self.types(path):
                places[name] += 1
        return sum(count > 1 for count in places.values())

    def own_words(self):
        """Returns the number of rows of the glossary, without the two lines of its head."""
        rows = (self.root / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
        return sum(row.startswith("| ") for row in rows) - 1

    def cycles(self):
        """Returns the sets of files of one crate that depend on each other."""
        found = []
        for folder in self.folders:
            found += [f"{folder.name}: {', '.join(cycle)}" for cycle in Crate(folder, self.code.__getitem__).cycles()]
        return found


MEASURES = [
    ("doc comments that open with a question word, %", 5, lambda source: source.share(lambda lines: QUESTION.match(lines[0]))),
    ("doc comments that open with a bare pronoun, %", 1, lambda source: source.share(lambda lines: PRONOUN.match(lines[0]))),
    (
        "doc comments of one line with five words or fewer, %",
        15,
        lambda source: source.share(lambda lines: len(lines) == 1 and len(lines[0].split()) <= 5),
    ),
    ("whoever, somebody, nobody, whose, of 1 000 comment words", 1, lambda source: source.rate("whoever", "somebody", "nobody", "whose")),
    ("what, who, one, such, those, of 1 000 comment words", 8, lambda source: source.rate("what", "who", "one", "such", "those")),
    ("the longest name of a test, characters", 50, lambda source: max(map(len, source.test_names))),
    ("the median name of a test, characters", 35, lambda source: median(map(len, source.test_names))),
    ("own words in the glossary", 20, Source.own_words),
    ("type names declared twice", 0, Source.repeated_types),
    ("Result<_, String> in server, probe and telemetry", 10, lambda source: source.count(r"Result<[^;={]*?, String>", "server", "probe", "telemetry")),
    ("PoisonError::into_inner", 3, lambda source: source.count(r"PoisonError::into_inner")),
    ("builders of an HTTP agent", 1, lambda source: source.count(r"\bconfig_builder\(\)|\bAgent::new_with\w+|\bureq::(?:agent|get|post|put)\(")),
    ("import cycles among the files of a crate", 3, lambda source: len(source.cycles())),
    ("the longest source file, lines", 500, lambda source: max(text.count("\n") for text in source.of_crates.values())),
    ("the longest function of a handler, lines", 40, Source.longest_handler),
]


def measured(source):
    """Yields each measure's sentence, value and bound."""
    for sentence, bound, value in MEASURES:
        yield sentence, value(source), bound
