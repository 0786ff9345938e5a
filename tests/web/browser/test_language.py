"""All text of the page stands in en.js and de.js, with the same keys; the language can be chosen."""

import re

from byhand.recipes import RECIPES
from byhand.web.settings import RECIPE_CHOICES
from tests.web.browser.conftest import ROOT, rest
from tests.web.browser.test_learning import ENDED, choose
from tests.web.sentences import server_sentences

STATIC = ROOT / "src" / "byhand" / "web" / "static"
MESSAGE = re.compile(r'^  "?([\w.]+)"?: "((?:[^"\\]|\\.)*)",$', re.MULTILINE)


def messages(language):
    files = [STATIC / f"{language}.js", STATIC / f"{language}-families.js"]
    return [message for file in files for message in MESSAGE.findall(file.read_text(encoding="utf-8"))]


def test_both_languages_have_the_same_messages_and_all_are_used():
    english, german = dict(messages("en")), dict(messages("de"))
    assert len(english) == len(messages("en")) > 200  # none is there twice
    assert list(english) == list(german)
    for key, text in english.items():
        assert text and german[key], key
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", german[key])), key
    files = [
        path
        for path in STATIC.iterdir()
        if path.suffix in (".js", ".html") and path.stem[:3] not in ("en", "de", "en-", "de-")
    ]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    named = set(re.findall(r"[\"'`]([a-z]\w*(?:\.\w+)?)[\"'`]", source))
    made = tuple(re.findall(r"`(\w+)\.\$\{", source))  # t(`plane.${kind}`)
    unused = [key for key in english if key not in named and key.partition(".")[0] not in made]
    assert unused == []
    wanted = set(re.findall(r"\bt\(\"([\w.]+)\"", source)) | set(
        re.findall(r"data-(?:t|label|alt)=\"([\w.]+)\"", source)
    )
    assert wanted - set(english) == set()


PAIR = re.compile(r"""^  (?:"(.*)"|'(.*)'): (?:"(.*)"|'(.*)'),$""", re.MULTILINE)
IN_THE_TERMINAL = ("listen on", "--keep", "holds no review", "repair it")  # said before there is a page


def test_what_the_server_says_is_there_in_german():
    """Every refusal in the server's source, and the recipes' descriptions, with the same values on both sides."""
    text = (STATIC / "de-server.js").read_text(encoding="utf-8")
    pairs = {a or b: c or d for a, b, c, d in PAIR.findall(text)}
    assert len(pairs) == text.count("\n  ") > 100
    for english, german in pairs.items():
        values = re.findall(r"\{\d\}", german)
        assert len(set(values)) == len(values) and set(values) <= set(re.findall(r"\{\d\}", english)), english
    wanted = [s for s in server_sentences() if not any(part in s for part in IN_THE_TERMINAL)]
    wanted += [RECIPES[name].takes for name in RECIPE_CHOICES]
    assert [sentence for sentence in wanted if sentence not in pairs] == []


PSEUDO = (
    'import en from "./en.js?"; export default Object.fromEntries(Object.entries(en).map(([k, v]) => [k, `⟦${v}⟧`]));'
)
TEXTS = """() => {
  const found = [];
  const own = (element) => element && !element.closest("[translate=no], .equation, option, script, style, noscript");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (own(walker.currentNode.parentElement)) found.push(walker.currentNode.textContent);
  for (const name of ["aria-label", "title", "alt", "aria-valuetext"])
    for (const it of document.querySelectorAll(`[${name}]`)) if (own(it)) found.push(it.getAttribute(name));
  return found;
}"""
NAMES = "byhand gradient descent sigmoid tanh relu adam Dense Conv ReLU softmax convolutional MaxPool Flatten"


def test_the_page_has_no_text_outside_of_its_messages(open_page):
    """In a language whose messages stand in brackets, nothing readable stands outside of brackets but names."""
    page = open_page("draw")
    page.route("**/static/de.js", lambda route: route.fulfill(body=PSEUDO, content_type="text/javascript"))
    page.evaluate("() => localStorage.setItem('byhand-language', '\"de\"')")
    page.reload()
    page.wait_for_selector("#main[aria-busy=false]")
    rest(page)
    page.click("nav a[href='#/learn']")
    choose(page, hidden="4", epochs=1, images=100)
    page.locator("[name='by-step']").click()
    page.wait_for_selector("#step:not([disabled])")
    page.click("#step")
    page.wait_for_selector("#batch-chain b")
    page.click("#pause")
    page.wait_for_function(ENDED.replace("Finished|Stopped", "Finished"))
    page.click("nav a[href='#/inside']")
    page.dispatch_event("input[name=model][value=small-conv]", "click")
    page.wait_for_selector("#kernel:not([hidden])")
    wrong = set()
    for text in page.evaluate(TEXTS):
        while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
            text = shorter
        words = set(re.findall(r"[A-Za-z]{3,}", text))
        if words - set(NAMES.split()):
            wrong.add(text.strip())
    assert sorted(wrong) == [], wrong


def test_german_is_chosen_and_stays(open_page):
    page = open_page("plane")
    page.select_option("#language", label="Deutsch")
    page.wait_for_selector("h1:has-text('Spielfeld')")
    page.wait_for_selector("#main[aria-busy=false]")
    assert page.get_attribute("html", "lang") == "de" and "Schritt 0" in page.inner_text("#plane-words")
    page.reload()
    page.wait_for_selector("h1:has-text('Spielfeld')")
    for size in ({"width": 1440, "height": 900}, {"width": 390, "height": 844}):
        page.set_viewport_size(size)
        for view in ("draw", "inside", "learn", "plane", "own", "class"):
            page.evaluate("view => { location.hash = `#/${view}`; }", view)
            page.wait_for_selector(f"#{view}:not([hidden])")
            assert page.evaluate("document.documentElement.scrollWidth") == size["width"], view
    german = open_page("draw", locale="de-AT")
    assert german.inner_text("h1:visible") == "Zeichne eine Ziffer"


def test_a_refusal_is_in_german_where_the_page_is(open_page):
    page = open_page("plane", locale="de-AT")
    page.fill("#plane-settings [name=hidden]", "99")
    page.press("#plane-settings [name=hidden]", "Tab")
    page.wait_for_selector("#trouble:not([hidden])")
    assert "hidden" not in page.inner_text("#trouble") and "Größen von 1 bis 8" in page.inner_text("#trouble")
    open_page.wrong.clear()  # the browser notes the refusal, too
    page.goto(f"{page.url.split('#')[0]}#/learn")
    page.select_option("[name=recipe]", "nielsen")
    page.wait_for_selector("#recipe-words:has-text('Aus der Quelle: alles.')")
    page.goto(f"{page.url.split('#')[0]}#/inside")
    page.dispatch_event("input[name=model][value=small-conv]", "click")
    page.wait_for_selector("#kernel:not([hidden])")
    page.locator("#network .maps canvas").nth(1).focus()
    page.wait_for_selector("#equation:has-text('max des Fensters bei')")
