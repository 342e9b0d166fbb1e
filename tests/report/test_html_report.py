"""The HTML page of `snakemake --report`: made without network, every figure with its caption."""

import base64
import html
import json
import re
import shutil
import subprocess

import pytest
from workflow import command, without_network

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium (apt-get install chromium)")


@pytest.fixture(scope="module")
def page(built, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    line = [*without_network(), *command("--report", str(path))]
    run = subprocess.run(line, cwd=built, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return path


@pytest.fixture(scope="module")
def results(page):
    """path → what the page holds of it."""
    text = page.read_text(encoding="utf-8")
    start = re.search(r'<script id="results">\s*var results = ', text).end()
    return json.JSONDecoder().raw_decode(text, start)[0]


def words(text):
    """The words of HTML or plain text, without tags."""
    return html.unescape(re.sub(r"<[^>]+>", " ", text)).split()


def captions(built):
    """figure → its caption, for every figure of the build."""
    text = (built / "report/captions.rst").read_text(encoding="utf-8")
    found = dict(re.findall(r'^  "(\w+)": "(.*)",$', text, re.MULTILINE))
    names = sorted(path.stem for path in built.glob("figures/*.pdf"))
    return {f"figures/{name}.pdf": found[name] for name in names}


def test_every_figure_is_in_the_page_with_its_caption(built, results):
    shown = {path: words(entry["caption"]) for path, entry in results.items()}
    assert shown == {path: text.split() for path, text in captions(built).items()}
    assert len(shown) >= 7


def test_the_page_says_which_keys_are_not_the_shipped_ones(page):
    text = page.read_text(encoding="utf-8")
    (start,) = re.findall(r"<strong>Not the shipped configuration.*?</p>", text, re.DOTALL)
    assert "training.batch_size" in start
    assert "hypotheses.delta" not in start


def test_the_page_holds_the_figures_themselves(built, results):
    for path, entry in results.items():
        _, _, data = entry["data_uri"].partition(";base64,")
        assert base64.b64decode(data) == (built / path).read_bytes()


def test_the_page_loads_nothing(page):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"<script[^>]*\ssrc=|<link[^>]*\shref=|@import\s", text[:5000]) == []
    assert re.findall(r"<script[^>]*\ssrc=['\"]?http", text) == []


def opened(path, folder):
    """The page as Chromium shows it, and what its console says."""
    line = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    line += [
        f"--user-data-dir={folder}",
        "--virtual-time-budget=20000",
        "--dump-dom",
        path.as_uri(),
    ]
    run = subprocess.run(line, capture_output=True, text=True, errors="replace", timeout=300)
    return run.stdout, re.findall(r":CONSOLE.*Uncaught.*", run.stderr)


# Asks for what is known of one figure after the other, and notes what the page then says.
READ = """
<pre id="seen"></pre><script>
const paths = Object.keys(results);
const step = k => {
  if (k > 0) document.querySelector("#seen").append(document.querySelector("#app").innerText);
  if (k < paths.length) { app.showResultInfo(paths[k]); setTimeout(() => step(k + 1), 500); }
};
setTimeout(() => step(0), 500);
</script>
"""


@browser
@pytest.mark.slow
def test_a_browser_shows_every_caption(built, page, tmp_path):
    copy = tmp_path / "page.html"
    copy.write_text(page.read_text(encoding="utf-8") + READ, encoding="utf-8")
    shown, failures = opened(copy, tmp_path / "profile")
    assert failures == []
    seen = words(re.search(r'<pre id="seen">(.*?)</pre>', shown, re.DOTALL)[1])
    for path, text in captions(built).items():
        assert path in seen
        assert " ".join(text.split()) in " ".join(seen)


@browser
@pytest.mark.slow
def test_an_error_of_a_page_is_found(tmp_path):
    (tmp_path / "page.html").write_text("<p>text</p><script>missing()</script>")
    shown, failures = opened(tmp_path / "page.html", tmp_path / "profile")
    assert "text" in shown
    assert "missing is not defined" in failures[0]
