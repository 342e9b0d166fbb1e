"""What every page of the web edition has around its text."""

import html
from string import Template

PAGE = Template("""\
<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<link rel="stylesheet" href="${root}style.css">
<link rel="icon" href="data:,">
</head>
<body>
<a class="skip" href="#text">Skip to the text</a>
<header>
<nav aria-label="Pages">$links</nav>
</header>
<main id="text">
$body
</main>
<footer>
<nav aria-label="Pages, again">$links</nav>
</footer>
</body>
</html>
""")
CONTENTS = "Contents"


def page(title, body, root="", before=None, after=None):
    """HTML of a page.

    title: text; body: HTML; root: the way to the folder's root; before, after: (address, text) of
    its neighbours, where it has any.
    """
    links = [link(*before, "prev", "Before: ")] if before else []
    links += [link(f"{root}index.html", CONTENTS, "up")]
    links += [link(*after, "next", "Next: ")] if after else []
    return PAGE.substitute(title=html.escape(title), body=body, root=root, links="\n".join(links))


def link(href, text, kind, word=""):
    """HTML of a link to another page."""
    return f'<a href="{href}" rel="{kind}">{word}{html.escape(text)}</a>'
