"""The page in a real browser: a reader sorts, filters, listens, and needs no mouse."""

import pickle
import shutil
import warnings
from dataclasses import replace

import numpy as np
import pytest

from skxai.comparison.page.sounds import CODECS, encode

from .conftest import HOSTILE

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs chromium and chromedriver (make browser)")


@pytest.fixture(scope="module")
def browser():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the driver's own dependencies
        pytest.importorskip("selenium")
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "mute-audio", "hide-scrollbars",
                     "autoplay-policy=no-user-gesture-required"):  # fmt: skip
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def path(compared, tmp_path_factory):
    return compared.to_html(tmp_path_factory.mktemp("page") / "page.html", title="In a browser")


@pytest.fixture
def page(browser, path):
    """The page, newly opened, on a light system; afterwards nothing may have gone wrong or out."""
    browser.get_log("browser")
    browser.get_log("performance")
    look(browser, width=1280, scheme="light")
    browser.get(path.as_uri())
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []
    requests = [entry["message"] for entry in browser.get_log("performance") if "Network.requestWillBeSent" in entry["message"]]
    outside = [message for message in requests if '"url":"file:' not in message and '"url":"data:' not in message]
    assert outside == []
    browser.execute_script("localStorage.clear()")


def look(browser, *, width, scheme="light"):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    # Where scrolling takes time, a click would not find what it was meant for.
    features = [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def find(page, selector):
    return page.find_elements("css selector", selector)


def js(page, code, *arguments):
    return page.execute_script(f"return {code}", *arguments)


def column(page, number):
    """Return a column of the table as it is shown, None where there is no value."""
    code = '[...document.querySelectorAll(".scores tbody tr")].map(row => row.cells[arguments[0]].dataset.value)'
    return [float(value) if value else None for value in js(page, code, number)]


def shown(page, selector):
    return [element for element in find(page, selector) if element.is_displayed()]


def wait(page, condition):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(page, 5, poll_frequency=0.02).until(lambda _: condition())


def test_a_column_is_sorted_by_its_button_the_best_first(page, compared):
    for number, header in enumerate(find(page, ".scores thead tr:last-child th")[1:], start=1):
        greater = header.get_attribute("data-greater") == "true"
        button = header.find_element("tag name", "button")
        if number > 1:  # the first one is sorted already
            button.click()
        assert header.get_attribute("aria-sort") == ("descending" if greater else "ascending")
        assert column(page, number) == sorted(column(page, number), reverse=greater)
        button.click()
        assert column(page, number) == sorted(column(page, number), reverse=not greater)
        assert len(find(page, "th[aria-sort]")) == 1
    assert number == len(compared.table.columns) + 1


def test_what_has_no_value_comes_last_either_way(page):
    js(page, 'document.querySelector(".scores tbody tr").cells[2].dataset.value = ""')
    for reverse in (True, False):
        find(page, ".scores thead tr:last-child th")[2].find_element("tag name", "button").click()
        *values, last = column(page, 2)
        assert last is None
        assert values == sorted(values, reverse=reverse)


def test_examples_are_filtered_by_class_method_and_correctness(page, compared):
    evidence = compared.evidence
    classes, right = evidence.labels, evidence.labels == evidence.examples["saliency"][0].predicted[evidence.clips]
    told = {label for sentences in evidence.sentences.values() for label in sentences}
    assert len(shown(page, ".card")) == 8

    def choose(label, correctness):
        js(page, 'document.querySelector("#filter-class").focus()')
        for option in find(page, "#filter-class option"):
            if option.get_attribute("value") == label:
                option.click()
        find(page, f'input[name="right"][value="{correctness}"] + span')[0].click()
        return len(shown(page, ".card"))

    for label in ("alarm", HOSTILE):
        assert choose(label, "") == (classes == label).sum()
        assert choose(label, "right") == ((classes == label) & right).sum()
        assert choose(label, "wrong") == ((classes == label) & ~right).sum()
        assert [article.get_attribute("data-class") for article in shown(page, ".class")] == [label] * (label in told)
        assert len(shown(page, "#where-empty")) == (label not in told)
    assert find(page, "#count")[0].text == f"{((classes == HOSTILE) & ~right).sum()} of 8 examples"
    assert find(page, "#empty")[0].is_displayed() == (((classes == HOSTILE) & ~right).sum() == 0)
    assert choose("", "") == 8
    toggle = find(page, "[data-filter-method]")[0]
    toggle.click()
    assert toggle.get_attribute("aria-pressed") == "false"
    assert not shown(page, '#examples [data-method="0"]')
    assert len(shown(page, '#examples [data-method="1"]')) == 8
    toggle.click()
    assert len(shown(page, '#examples [data-method="0"]')) == 8


def test_an_empty_choice_can_be_undone(page):
    js(page, '(() => { const classes = document.querySelector("#filter-class"); classes.append(new Option("nobody")); '
             'classes.value = "nobody"; classes.dispatchEvent(new Event("change")); })()')  # fmt: skip
    assert not shown(page, ".card, .class")
    assert [note.text for note in shown(page, ".empty")] == [
        "This class is explained for no clip.",
        "No example is like that. Show all",
    ]
    find(page, "#reset")[0].click()
    assert not shown(page, ".empty")
    js(page, 'document.querySelectorAll(".card").forEach(card => { card.dataset.right = "right"; })')
    find(page, 'input[name="right"][value="wrong"] + span')[0].click()
    assert not shown(page, ".card")
    find(page, "#reset")[0].click()
    assert len(shown(page, ".card")) == 8
    assert js(page, "document.activeElement.id") == "filter-class"


def test_an_empty_choice_of_one_class_can_be_undone(page, compared, tmp_path):
    table = pickle.loads(pickle.dumps(compared))
    table.evidence = replace(table.evidence, sentences={}, labels=np.repeat("alarm", 8))
    page.get(table.to_html(tmp_path / "page.html").as_uri())
    assert not find(page, "#filter-class")
    js(page, 'document.querySelectorAll(".card").forEach(card => { card.dataset.right = "right"; })')
    find(page, 'input[name="right"][value="wrong"] + span')[0].click()
    find(page, "#reset")[0].click()
    assert len(shown(page, ".card")) == 8


def test_classes_that_are_numbers_are_offered_in_their_order(page, compared, tmp_path):
    table = pickle.loads(pickle.dumps(compared))
    table.evidence = replace(table.evidence, sentences={}, labels=np.repeat([10, 2, 1, 20], 2))
    page.get(table.to_html(tmp_path / "page.html").as_uri())
    assert [option.get_attribute("value") for option in find(page, "#filter-class option")] == ["", "1", "2", "10", "20"]


def test_examples_are_put_in_order(page):
    def sure():
        return [float(card.get_attribute("data-sure")) for card in find(page, ".card")]

    by_class = sure()
    for how, expected in (("surest", sorted(by_class, reverse=True)), ("unsure", sorted(by_class)), ("class", by_class)):
        find(page, f'#order option[value="{how}"]')[0].click()
        assert sure() == expected


def test_a_sound_plays_its_place_is_shown_and_it_stops(page):
    button = shown(page, "button.play")[1]
    button.click()
    wait(page, lambda: js(page, "player.currentTime") > 0.02)
    head = 'document.querySelector(".play[aria-pressed=true]").closest(".panel").querySelector(".playhead")'
    first = wait(page, lambda: float(js(page, f"{head}.style.left").removesuffix("%") or 0))
    wait(page, lambda: float(js(page, f"{head}.style.left").removesuffix("%")) > first)
    assert js(page, "player.error") is None
    assert js(page, "player.duration") == pytest.approx(0.5, abs=0.01)
    other = shown(page, "button.play")[0]
    other.click()  # one at a time
    wait(page, lambda: other.get_attribute("aria-pressed") == "true")
    assert button.get_attribute("aria-pressed") == "false"
    other.click()
    assert js(page, "player.paused")
    button.click()
    wait(page, lambda: button.get_attribute("aria-pressed") == "false")  # at its end
    assert not shown(page, ".playhead")


def test_dark_is_the_system_s_or_chosen_and_remembered(page, path):
    def is_dark():
        colour = js(page, "getComputedStyle(document.body).backgroundColor")
        return sum(int(channel) for channel in colour[4:-1].split(",")) < 200

    button = find(page, "#theme")[0]
    assert not is_dark()
    button.click()
    assert is_dark()
    assert button.get_attribute("aria-pressed") == "true"
    page.get(path.as_uri())
    assert is_dark()
    find(page, "#theme")[0].click()
    assert not is_dark()
    js(page, "localStorage.clear()")
    look(page, width=1280, scheme="dark")
    page.get(path.as_uri())
    assert is_dark()
    assert "dark-unsigned" in js(page, 'getComputedStyle(document.querySelector(".over")).filter')


def test_everything_is_done_by_keyboard(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(*keys):
        ActionChains(page).send_keys(*keys).perform()

    # The ring of a radio, which is hidden, is around its label.
    focused = "document.activeElement"
    ring = f'getComputedStyle({focused}.type === "radio" ? {focused}.nextElementSibling : {focused}).outlineStyle'

    def reach(selector):
        for _ in range(60):
            press(Keys.TAB)
            if js(page, "document.activeElement.matches(arguments[0])", selector):
                assert js(page, ring) != "none"
                return
        raise AssertionError(f"the Tab key does not reach {selector}")

    press(Keys.TAB)
    assert js(page, "document.activeElement.className") == "skip"
    press(Keys.ENTER)
    assert js(page, "document.activeElement.id") == "content"
    reach(".scores thead th:nth-child(3) .sort")
    assert shown(page, "#tip")[0].text.startswith("Area under the")
    press(Keys.ENTER)
    assert find(page, ".scores thead tr:last-child th")[2].get_attribute("aria-sort") == "descending"
    reach('input[name="by"]')
    press(Keys.ARROW_RIGHT)
    assert js(page, "by()") == "accuracy"
    reach("#fraction")
    press(*[Keys.ARROW_RIGHT] * 5)
    assert find(page, "#fraction-out")[0].text == "15 %"
    reach("#readings button")
    press(Keys.SPACE)
    assert find(page, "#readings button")[0].get_attribute("aria-pressed") == "false"
    reach("[data-filter-method]")
    press(Keys.SPACE)
    assert not shown(page, '#examples [data-method="0"]')
    reach("button.play")
    press(Keys.ENTER)
    wait(page, lambda: js(page, "player.currentTime") > 0)
    press(Keys.ESCAPE)
    assert js(page, "player.paused")


def test_curves_show_what_the_table_says(page, compared):
    wait(page, lambda: find(page, ".curve"))  # they are drawn when their size is known
    texts = [row.text for row in find(page, "#readings tr")]
    for method, text in zip(("saliency", "Grad-CAM", "noise"), texts):
        values = [float(word) for word in text.replace(method, "").split()]
        assert values[::2] == pytest.approx(compared.table.loc[method, ["insertion_auc", "deletion_auc"]].tolist(), abs=1e-3)
    assert len(find(page, '[data-kind="insertion"] .curve')) == 3
    find(page, "#readings button")[1].click()
    assert len(find(page, '[data-kind="insertion"] .curve')) == 2
    find(page, '#curve-class option[value="alarm"]')[0].click()
    assert texts != [row.text for row in find(page, "#readings tr")]


def test_it_fits_a_telephone(page):
    look(page, width=400)
    assert js(page, "document.documentElement.scrollWidth") <= 400
    assert js(page, 'document.querySelector(".scores").scrollWidth') > 400  # which scrolls by itself
    assert {card.size["width"] for card in shown(page, ".card")} == {368}


def test_the_overlay_fades_and_a_label_alerts_nobody(page):
    js(page, '(() => { const input = document.querySelector("#overlay"); input.value = 40; '
             'input.dispatchEvent(new Event("input")); })()')  # fmt: skip
    assert float(js(page, 'getComputedStyle(document.querySelector("#examples .panel .over")).opacity')) == 0.4
    assert any(heading.text == HOSTILE for heading in find(page, ".card h3"))


@pytest.mark.parametrize("rate", [6000, 22050])
def test_a_browser_hears_every_codec_in_time(page, rate):
    """A click is where it was: what MP3 puts before the sound is cut off again."""
    click = np.zeros(rate, dtype=np.float32)
    click[rate // 4 : rate // 4 + 20] = 0.8
    code = """
        const [uri, rate, done] = arguments;
        const bytes = Uint8Array.from(atob(uri.split(",")[1]), character => character.charCodeAt(0));
        new OfflineAudioContext(1, rate, rate).decodeAudioData(bytes.buffer).then(sound => {
            const samples = sound.getChannelData(0).map(Math.abs);
            done([sound.duration, samples.indexOf(Math.max(...samples)) / rate]);
        }, error => done(String(error)));
    """
    for words, codec in CODECS:
        duration, loudest = page.execute_async_script(code, encode(click, rate, codec), rate)
        assert duration == pytest.approx(1, abs=0.002), words
        assert loudest == pytest.approx(0.25, abs=0.005), words
