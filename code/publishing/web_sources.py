"""Files of the project as pages of the web edition, with line anchors; where things stand there."""

import html
import re
from typing import NamedTuple

from publishing import coq_source, web_template

RULES = "code/pipeline/studies.py"


class Sources(NamedTuple):
    """The files that the pages link to: path → text."""

    texts: dict

    def link(self, path, line=None):
        """Address of a file's page, or of a line in it.

        Raises:
            ValueError: the file is not among the sources.
        """
        if path not in self.texts:
            raise ValueError(f"{path}, which the report names, is not among the sources")
        return f"source/{path}.html" + (f"#L{line}" if line else "")

    def line(self, path, pattern, what):
        """Number of the line that a pattern matches; ValueError names `what` is not there."""
        self.link(path)
        found = re.search(pattern, self.texts[path], re.MULTILINE)
        if not found:
            raise ValueError(f"{path} has no {what}, which the report names")
        return coq_source.line_of(self.texts[path], found.start())

    def test(self, name):
        """Address of a test `file::name`."""
        path, _, function = name.partition("::")
        return self.link(path, self.line(path, rf"^def {re.escape(function)}\(", function))

    def figure(self, module):
        """Address of the function that draws a study's figure."""
        return self.link(module, self.line(module, r"^def figure\(", "function figure"))

    def study(self, name):
        """Address of a study in the table from which its rules are made."""
        return self.link(RULES, self.line(RULES, rf'^ +"{re.escape(name)}": {{$', f"study {name}"))

    def theorem(self, name):
        """(path, line) of a statement in the Coq files."""
        for path in (path for path in self.texts if path.endswith(".v")):
            for found in coq_source.statements(self.texts[path]):
                if found.name == name:
                    return path, found.line
        raise ValueError(f"no Coq file has the theorem {name}, which the report names")


def pages(sources, linked):
    """(path in the folder, HTML) of each file whose address is among those linked."""
    for path, text in sources.texts.items():
        if sources.link(path) not in linked:
            continue
        lines = [
            f'<span id="L{number}">{html.escape(line, quote=False)}\n</span>'
            for number, line in enumerate(text.splitlines(), start=1)
        ]
        root = "../" * (path.count("/") + 1)
        body = f'<h1>{path}</h1>\n<pre class="source" tabindex="0">{"".join(lines)}</pre>'
        yield f"source/{path}.html", web_template.page(path, body, root=root)
