"""explorer.py PAGE RUN HOSTILE TOOLS OTHER: tries a page of a run, and of the same run under a hostile name, in
Chromium. What it shows has to be what the tables say. Of the page OTHER, if it is there, the size is looked at."""

import os
import subprocess
import sys
import time
from urllib.parse import quote

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

PAGE, RUN, HOSTILE, TOOLS, OTHER = sys.argv[1:]
LOSS_TOLERANCE = 0.002  # what the page says of its weights of fourteen bits
PHONE, DESK = (390, 844), (1400, 1000)


def read_table(path):
    """The rows of a table as dictionaries of texts."""
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return [dict(zip(lines[0], row)) for row in lines[1:]]


def tables_at(tool, epoch):
    """The folder with the tables that a tool writes for an epoch."""
    folder = f"{tool}-{epoch}"
    if not os.path.exists(folder):
        trajectory = os.path.join(RUN, "trajectory.safetensors")
        command = [os.path.join(TOOLS, tool), "-o", folder, "--epoch", str(epoch), trajectory]
        subprocess.run(command, check=True)
    return folder


class Browser:
    def __init__(self):
        options = Options()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("chromedriver"))
        self.size(DESK)

    def size(self, size):
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def scheme(self, name):
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, link=""):
        self.driver.get("about:blank")
        self.driver.get("file://" + quote(os.path.abspath(PAGE)) + link)
        self.wait(lambda: self.all("section.run") and self.text("#epoch"))
        self.settle()

    def script(self, text, *arguments):
        return self.driver.execute_script("return " + text, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.one(selector).text

    def value(self, selector):
        return self.one(selector).get_property("value")

    def link(self):
        return self.script("location.hash")

    def wait(self, condition, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            if condition():
                return
            time.sleep(0.05)
        raise AssertionError("waited in vain")

    def settle(self):
        """Until links are written, and all losses are there."""
        time.sleep(0.5)
        self.wait(lambda: not self.all("table.pending"))

    def press(self, key, settles=True):
        self.script("document.activeElement.blur()")
        ActionChains(self.driver).send_keys(key).perform()
        if settles:
            self.settle()

    def click(self, x, y):
        """At a place in the window, not in whole pixels alone."""
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def epoch(self):
        return int(self.text("#epoch").replace("Epoch", "").replace(",", ""))


def equal(found, expected, what):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"


def shows(shown, cell, what):
    """A number as the page shows it, of three digits, is that of the cell."""
    value = float(cell)
    digits = shown.lower().split("e")[0].replace("-", "").replace(".", "").lstrip("0")
    assert len(digits) >= 3 or float(shown) in (0, value), f"{what}: {shown} has too few digits"
    unit = 10 ** (-len(shown.lower().split("e")[0].partition(".")[2]))
    unit *= 10 ** int(shown.lower().partition("e")[2] or 0)
    assert abs(float(shown) - value) <= 0.5001 * unit, f"{what}: shown {shown}, the table has {cell}"


ERRORS = []  # of losses


def close(found, expected, what):
    ERRORS.append(abs(found / expected - 1))
    assert ERRORS[-1] <= LOSS_TOLERANCE, f"{what}: found {found}, expected {expected}"


def run_at(epoch, rest=""):
    return f"#runs=mainline&epoch={epoch}{rest}"


MEASURES = read_table(os.path.join(RUN, "progress-measures.tsv"))
KEYS = [int(row["frequency"]) for row in read_table(os.path.join(RUN, "key-frequencies.tsv"))]
LAST = int(MEASURES[-1]["epoch"])


def epochs_of(browser):
    """The epochs on the slider, and those of the networks."""
    frames = browser.script("data.runs[0].epochs")
    return frames, [frames[network["frame"]] for network in browser.script("data.runs[0].networks")]


# ---- the tests, in their order ----


def values_are_those_of_the_tables(browser):
    browser.open()
    frames, _ = epochs_of(browser)
    for epoch in (frames[0], frames[len(frames) // 3], frames[len(frames) // 2], frames[-1]):
        browser.open(run_at(epoch))
        equal(browser.epoch(), epoch, "epoch")
        row = next(row for row in MEASURES if int(row["epoch"]) == epoch)
        for column in ("train_loss", "test_loss", "excluded_loss", "restricted_loss", "test_accuracy",
                       "gini_W_E", "gini_W_L", "squared_weights"):
            shows(browser.text(f"[data-value={column}]"), row[column], f"{column} at {epoch}")
        spectrum = read_table(os.path.join(tables_at("checkpoint-to-spectrum", epoch), "spectrum.tsv"))
        for matrix in ("W_E", "W_L"):
            for key in KEYS:
                shown = browser.text(f"[data-panel={matrix}] [data-key='{key}']").split(", ")
                for part, text in zip(("cos", "sin"), shown):
                    shows(text, spectrum[key][f"{matrix}_{part}"], f"{matrix}_{part} of {key} at {epoch}")


def maps_are_those_of_the_tables(browser):
    rows = read_table(os.path.join(tables_at("checkpoint-to-spectrum", LAST), "activations.tsv"))
    p = int(rows[-1]["a"]) + 1
    for a, b, head, neuron in ((0, 0, 0, 0), (7, 11, 1, 1), (p - 1, 2, 3, 3)):
        browser.open(run_at(LAST, f"&a={a}&b={b}&head={head}&neuron={neuron}"))
        row = rows[p * a + b]
        shown = browser.text("[data-panel=attention] p").split(": ")[1]
        shows(shown.split(" to a")[0], row[f"attention_{head}"], f"attention of head {head} to a at {a}, {b}")
        shows(shown.split(", ")[1].split(" to b")[0], row[f"attention_b_{head}"], "attention to b")
        shown = float(browser.text("[data-panel=neuron] p").split(" for")[0])
        largest = max(float(row[f"neuron_{neuron}"]) for row in rows)
        error = abs(shown - float(row[f"neuron_{neuron}"]))
        assert error < 0.01 * largest, f"neuron {neuron} at {a}, {b}: off by {error} of {largest}"


def logits_are_a_sum_of_cosines(browser):
    alpha = [float(row["alpha"]) for row in read_table(os.path.join(RUN, "logit-fit.tsv"))]
    p = browser.script("data.runs[0].p")
    browser.open(run_at(LAST, "&a=4&b=9"))
    panel = "[data-panel=logits] [data-value={}]"
    equal(browser.text(panel.format("answer")), f"c = {13 % p}", "answer")
    equal(browser.text(panel.format("largest")).split(" (")[0], f"c = {13 % p}", "largest logit")
    shows(browser.text(panel.format("cosines")).split("(")[1].rstrip(")"), sum(alpha), "sum of cosines")


def losses_of(browser, row="losses"):
    cells = browser.all(f"[data-panel=ablation] [data-row={row}] td")
    return {cell.get_attribute("data-loss"): float(cell.get_attribute("title")) for cell in cells}


def ablated_losses_are_those_of_ablate(browser):
    browser.open()
    _, networks = epochs_of(browser)
    for epoch in (networks[len(networks) // 4], networks[len(networks) // 2], LAST):
        rows = read_table(os.path.join(tables_at("ablate", epoch), "ablations.tsv"))
        for key in KEYS:
            browser.open(run_at(epoch, f"&off={key}"))
            found, row = losses_of(browser), rows[key - 1]
            for subset, column in (("all", "loss"), ("train", "train_loss"), ("test", "test_loss")):
                close(found[subset], float(row[column]), f"{column} without {key} at {epoch}")
            close(losses_of(browser, "whole")["all"], float(row["unablated_loss"]), f"loss at {epoch}")
        browser.open(run_at(epoch, "&off=" + ",".join(map(str, KEYS))))
        close(losses_of(browser)["train"], float(rows[0]["excluded_loss"]), f"excluded loss at {epoch}")
    print(f"  {len(ERRORS)} losses, off by at most {100 * max(ERRORS):.2g} %")


def switches_change_losses_and_logits(browser):
    browser.open(run_at(LAST))
    dots = browser.one("[data-panel=logits] .dots").get_attribute("d")
    browser.one(f"input[data-key='{KEYS[0]}']").click()
    browser.settle()
    rows = read_table(os.path.join(tables_at("ablate", LAST), "ablations.tsv"))
    close(losses_of(browser)["all"], float(rows[KEYS[0] - 1]["loss"]), "loss after a click")
    assert browser.one("[data-panel=logits] .dots").get_attribute("d") != dots, "the logits stay"
    assert browser.link().endswith(f"off={KEYS[0]}"), browser.link()
    browser.press("0")
    equal(browser.one("[data-panel=logits] .dots").get_attribute("d"), dots, "logits with all on")


def slider_moves_everything(browser):
    browser.open(run_at(0))
    frames, networks = epochs_of(browser)
    moving = (".cursor", "[data-panel=W_E] path[fill]", "[data-panel=W_L] path[fill]", ".tokens", ".dots")
    before = [browser.one(selector).get_attribute("outerHTML") for selector in moving]
    pictures = "Array.from(document.querySelectorAll('canvas'), (canvas) => canvas.toDataURL())"
    maps = browser.script(pictures)
    equal(len(maps), 4, "maps")
    browser.script("document.getElementById('slider').focus()")
    ActionChains(browser.driver).send_keys(Keys.ARROW_RIGHT).perform()
    browser.settle()
    equal(browser.epoch(), frames[1], "epoch after a key on the slider")
    ActionChains(browser.driver).send_keys(Keys.END).perform()
    browser.settle()
    equal(browser.epoch(), frames[-1], "epoch at the end of the slider")
    equal(browser.one("#slider").get_attribute("aria-valuetext"), f"epoch {frames[-1]}", "what is read out")
    for selector, old in zip(moving, before):
        assert browser.one(selector).get_attribute("outerHTML") != old, f"{selector} stays"
    for old, new in zip(maps, browser.script(pictures)):
        assert old != new, "a map stays"


def keys_work(browser):
    browser.open(run_at(0))
    frames, _ = epochs_of(browser)
    browser.press(Keys.ARROW_RIGHT)
    equal(browser.epoch(), frames[1], "right")
    browser.press(Keys.ARROW_LEFT)
    equal(browser.epoch(), frames[0], "left")
    browser.press(Keys.END)
    equal(browser.epoch(), frames[-1], "end")
    browser.press(Keys.HOME)
    equal(browser.epoch(), frames[0], "home")
    for key, expected in (("h", "head=1"), ("H", "head=0"), ("n", "neuron=1"), ("N", "neuron=0"),
                          ("1", f"off={KEYS[0]}")):
        browser.press(key)
        assert expected in browser.link().replace("#", "&").split("&"), f"{key}: {browser.link()}"
    browser.press("?")
    assert browser.one("#help").get_attribute("open"), "? shows no help"


def playing_is_the_film(browser):
    browser.open(run_at(LAST))
    browser.press(" ", settles=False)
    equal(browser.text("#play"), "Pause", "button while it plays")
    browser.wait(lambda: 0 < browser.epoch() < LAST)
    browser.press(" ")
    stopped = browser.epoch()
    time.sleep(0.5)
    equal(browser.epoch(), stopped, "epoch while it pauses")
    browser.one("#play").click()
    browser.wait(lambda: browser.text("#play") == "Play", 60)
    equal(browser.epoch(), LAST, "epoch at the end of the film")


def clicking_chooses_a_pair(browser):
    browser.open(run_at(LAST))
    p = browser.script("data.runs[0].p")
    for panel, a, b in (("pairs", 3, 17), ("attention", p - 1, 0), ("neuron", 20, 30)):
        canvas = browser.one(f"[data-panel={panel}] canvas")
        browser.script("arguments[0].scrollIntoView({block: 'center'})", canvas)
        box = browser.script("arguments[0].getBoundingClientRect().toJSON()", canvas)
        side = box["width"] / p
        browser.click(box["x"] + (a + 0.5) * side, box["y"] + (p - b - 0.5) * side)
        browser.settle()
        found = [int(field.get_property("value")) for field in browser.all("[data-panel=logits] input")]
        equal(found, [a, b], f"pair clicked in {panel}")
        assert f"&a={a}&b={b}" in browser.link(), browser.link()
        equal(browser.text("[data-panel=logits] [data-value=answer]"), f"c = {(a + b) % p}", "answer")
    canvas = browser.one("[data-panel=pairs] canvas")
    canvas.send_keys(Keys.ARROW_UP)
    canvas.send_keys(Keys.ARROW_RIGHT)
    browser.settle()
    assert f"&a=21&b={31 % p}" in browser.link(), f"arrow keys on the grid: {browser.link()}"


def links_hold_the_state(browser):
    frames, _ = epochs_of(browser)
    link = f"#runs=mainline&epoch={frames[5]}&head=2&neuron=9&a=1&b=2&off={KEYS[-1]}"
    browser.open(link)
    equal(browser.link(), link, "link")
    assert not browser.one("#notice").is_displayed(), browser.text("#notice")
    for broken, told in (("#runs=nobody", "nobody"), ("#epoch=soon", "soon"), ("#a=99999", "99999"),
                         ("#off=1000", "1000"), ("#colour=red", "colour"), ("#runs=<img src=x>", "<img src=x>"),
                         ("#%", ""), ("#epoch=999999999", "")):
        browser.open(broken)
        equal(len(browser.all("section.run")), 1, f"runs of {broken}")
        equal(browser.epoch(), LAST, f"epoch of {broken}")
        assert told in browser.text("#notice"), f"{broken}: {browser.text('#notice')!r}"
    browser.script("location.hash = arguments[0]", link)
    browser.settle()
    equal(browser.epoch(), frames[5], "epoch of a link that is changed by hand")


def runs_stand_side_by_side(browser):
    browser.open(run_at(LAST))
    browser.one("#beside").send_keys(HOSTILE)
    browser.wait(lambda: len(browser.all("section.run")) == 2)
    browser.settle()
    tops = [section.rect["y"] for section in browser.all("section.run")]
    equal(tops[0], tops[1], "tops of the runs")
    ticks = [[tick.text for tick in figure.find_elements(By.CSS_SELECTOR, ".tick")]
             for figure in browser.all("[data-panel=losses]")]
    equal(ticks[0], ticks[1], "ticks of the axes")
    browser.press(Keys.HOME)
    values = [element.text for element in browser.all("[data-value=train_loss]")]
    equal(values[0], values[1], "train loss of the same run")
    shows(values[0], MEASURES[0]["train_loss"], "train loss side by side")


def a_hostile_name_is_text(browser):
    browser.open("#runs=" + quote(HOSTILE, safe=""))
    equal(browser.text("h2"), HOSTILE, "heading")
    equal([option.text for option in browser.all("#run option")], ["mainline", HOSTILE], "choices")
    equal(browser.all("img"), [], "pictures")
    with open(PAGE, encoding="utf-8") as file:
        assert HOSTILE not in file.read(), "the name stands in the page as it is"
    assert "runs=" + quote(HOSTILE, safe="'()*!") in browser.link(), browser.link()


def both_widths_and_schemes(browser):
    papers = set()
    for size in (PHONE, DESK):
        for scheme in ("light", "dark"):
            browser.size(size)
            browser.scheme(scheme)
            browser.open(run_at(LAST))
            equal(browser.script("document.documentElement.scrollWidth"), size[0], f"width at {size}")
            for figure in browser.all("figure"):
                rect = figure.rect
                assert rect["x"] >= 0 and rect["x"] + rect["width"] <= size[0], "a panel sticks out"
                assert rect["width"] >= 280, "a panel is narrow"
            lightness = "getComputedStyle(document.body)[arguments[0]].match(/\\d+/g).map(Number)[1]"
            paper, ink = (browser.script(lightness, name) for name in ("backgroundColor", "color"))
            assert abs(paper - ink) > 150, f"{scheme}: ink and paper are alike"
            papers.add((scheme, paper > 128))
    equal(papers, {("light", True), ("dark", False)}, "schemes")
    browser.size(DESK)
    browser.scheme("light")


def readers_get_words(browser):
    browser.open(run_at(LAST))
    for element in browser.all("svg, canvas"):
        assert element.get_attribute("aria-label"), "a picture without words"
    for element in browser.all("input, select, button"):
        assert element.accessible_name, f"no name: {element.get_attribute('outerHTML')}"
    spoken = browser.one("#spoken").get_attribute("textContent")
    assert f"epoch {LAST}" in spoken and "test loss" in spoken, spoken
    browser.open(run_at(LAST, f"&a=1&b=2&off={KEYS[0]}"))
    spoken = browser.one("#spoken").get_attribute("textContent")
    assert "1 + 2 = 3" in spoken and f"without {KEYS[0]} the loss is" in spoken, spoken


def it_is_one_small_page(browser):
    browser.open()
    paint = browser.script("performance.getEntriesByType('paint').map((entry) => entry.startTime)")
    print(f"  first paint after {paint[0]:.0f} ms, {os.path.getsize(PAGE)} bytes")
    assert paint[0] < 2000, "first paint takes two seconds"
    asked = browser.script("performance.getEntriesByType('resource').map((entry) => entry.name)")
    equal([name for name in asked if not name.startswith("blob:")], [], "what is asked for")
    for page in (PAGE, OTHER):
        assert not os.path.exists(page) or os.path.getsize(page) < 8e6, f"{page}: 8 MB"


TESTS = (values_are_those_of_the_tables, maps_are_those_of_the_tables, logits_are_a_sum_of_cosines,
         ablated_losses_are_those_of_ablate, switches_change_losses_and_logits, slider_moves_everything,
         keys_work, playing_is_the_film, clicking_chooses_a_pair, links_hold_the_state,
         runs_stand_side_by_side, a_hostile_name_is_text, both_widths_and_schemes, readers_get_words,
         it_is_one_small_page)


def main():
    browser, failed = Browser(), 0
    for test in TESTS:
        name = test.__name__.replace("_", " ")
        try:
            test(browser)
            said = [entry["message"] for entry in browser.driver.get_log("browser")]
            equal(said, [], "what the console says")
            print(f"ok      {name}")
        except Exception as error:  # a test that cannot go on has failed
            failed += 1
            print(f"FAILED  {name}: {error}")
    browser.driver.quit()
    sys.exit(failed > 0)


main()
