"""picture.py PAGE.html EPOCH PICTURE.png: the page at an epoch, once all its losses are there, as Chromium shows
it. Needs Debian's chromium-driver and python3-selenium."""

import os
import sys
import time
from urllib.parse import quote

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

WIDTH, SECONDS = 1400, 60


def main():
    page, epoch, picture = sys.argv[1:]
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service("chromedriver"))
    try:
        driver.get(f"file://{quote(os.path.abspath(page))}#epoch={epoch}")
        end = time.time() + SECONDS
        while not driver.find_elements(By.CSS_SELECTOR, "[data-row=whole] td[title]"):
            if time.time() > end:
                sys.exit(f"{page}: no losses after {SECONDS} seconds")
            time.sleep(0.1)
        height = driver.execute_script("return document.querySelector('main').getBoundingClientRect().bottom")
        metrics = {"width": WIDTH, "height": int(height) + 16, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        time.sleep(0.5)
        height = driver.execute_script("return document.querySelector('main').getBoundingClientRect().bottom")
        metrics["height"] = int(height) + 16
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        driver.save_screenshot(picture)
    finally:
        driver.quit()


main()
