"""The import cycles among the files of a crate.

A file depends on another if it names an item that the other declares: in `use`, or by a path that begins with crate, super, self
or the name of a module. A re-export (`pub use`) that the file does not use itself is no dependency; a name that passes through it
belongs to the file that declares it. Test modules and comments do not count.
"""

import re

ITEM = re.compile(r"\b(?:fn|struct|enum|union|trait|type|const|static|macro_rules!)\s+(?:mut\s+)?(\w+)")
MODULE = re.compile(r"\bmod\s+(\w+)\s*;")
USE = re.compile(r"(\bpub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);")
PATH = re.compile(r"\b([a-z_]\w*(?:::\w+)+)")
TESTS = re.compile(r"#\[cfg\(test\)\]\s*mod\s+\w+\s*\{")


def without_tests(source):
    """Returns a source whose test modules are cut out. Strings and comments are blank already."""
    while found := TESTS.search(source):
        depth, end = 1, found.end()
        while depth and end < len(source):
            depth += {"{": 1, "}": -1}.get(source[end], 0)
            end += 1
        source = source[: found.start()] + source[end:]
    return source


def leaves(tree):
    """Yields the paths and names of a use tree."""
    tree = re.sub(r"\s+", " ", tree).strip()
    if not (group := re.match(r"([^{}]*)\{(.*)\}$", tree)):
        path, _, name = tree.partition(" as ")
        yield path.split("::"), name or path.split("::")[-1]
        return
    depth, start, inner = 0, 0, group.group(2) + ","
    for at, letter in enumerate(inner):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and not depth:
            if branch := inner[start:at].strip():
                for path, name in leaves(group.group(1) + branch):
                    if path[-1] == "self":
                        path = path[:-1]
                        name = path[-1] if name == "self" else name
                    yield path, name
            start = at + 1


class Crate:
    """The modules of a crate, each a tuple of names, with the items they declare and the names they pass on."""

    def __init__(self, folder, read):
        self.sources = {}
        for path in sorted((folder / "src").rglob("*.rs")):
            names = path.relative_to(folder / "src").with_suffix("").parts
            if names in (("main",), ("lib",)):
                names = () if names == ("lib",) or not (folder / "src/lib.rs").exists() else ("main",)
            if names and names[-1] == "mod":
                names = names[:-1]
            self.sources[names] = without_tests(read(path))
        self.items, self.exports, self.imports = {}, {}, {}
        for module, source in self.sources.items():
            self.items[module] = set(ITEM.findall(source))
            uses = [(bool(public), leaf) for public, tree in USE.findall(source) for leaf in leaves(tree)]
            self.exports[module] = [leaf for public, leaf in uses if public]
            self.imports[module] = [leaf for public, leaf in uses if not public]

    def start(self, module, path):
        """Returns the absolute path of a relative one, or None if it leaves the crate."""
        if path[0] == "crate":
            return tuple(path[1:])
        base, rest = module, list(path)
        if rest[0] == "self":
            return base + tuple(rest[1:])
        if rest[0] == "super":
            while rest and rest[0] == "super":
                base, rest = base[:-1], rest[1:]
            return base + tuple(rest)
        return base + tuple(rest) if base + (rest[0],) in self.sources else None

    def owner(self, path, seen=()):
        """Returns the module that declares the item of an absolute path."""
        module = path
        while module not in self.sources:
            module = module[:-1]
        rest = path[len(module) :]
        if not rest or rest[0] in self.items[module] or (module, rest[0]) in seen:
            return module
        for target, name in self.exports[module]:
            if name in (rest[0], "*") and (absolute := self.start(module, target[:-1] if name == "*" else target)) is not None:
                found = self.owner(absolute + (rest[:1] if name == "*" else ()), (*seen, (module, rest[0])))
                if name != "*" or rest[0] in self.items[found]:
                    return found
        return module

    def edges(self, module):
        """Returns the modules on which a module depends."""
        body = USE.sub("", self.sources[module])
        paths = [path for path, _ in self.imports[module]]
        paths += [path for path, name in self.exports[module] if re.search(rf"\b{re.escape(name)}\b", body)]
        paths += [path.split("::") for path in PATH.findall(body)]
        targets = (self.start(module, path) for path in paths)
        return {self.owner(target) for target in targets if target is not None} - {module}

    def cycles(self):
        """Returns the sets of modules that depend on each other."""
        edges = {module: self.edges(module) for module in self.sources}
        reached = {}
        for module in edges:
            found, waiting = set(), [module]
            while waiting:
                for target in edges[waiting.pop()] - found:
                    found.add(target)
                    waiting.append(target)
            reached[module] = found
        cycles = {
            frozenset(other for other in reached[module] if module in reached[other])
            for module in edges
            if module in reached[module]
        }
        return sorted(sorted("::".join(name) or "lib" for name in cycle) for cycle in cycles)
