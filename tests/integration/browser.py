"""Chromium, for the pages that heloscope writes."""
from selenium import webdriver
from selenium.webdriver.chrome.service import Service


def start_browser(folder):
    """A browser that keeps what it keeps in `folder`; its quit() ends it."""
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
