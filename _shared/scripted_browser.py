#!/usr/bin/env python3
"""A person at a browser, for runs nobody watches: signs in, allows what is asked for, and is sent back.

scripted_browser.py URL            BROWSER=.../scripted_browser.py makes an agent open its login page with it
  BROWSER_EMAIL, BROWSER_PASSWORD  who signs in
  BROWSER_ANSWER                   allow (default) or deny
  BROWSER_ATTACK                   what happens to the answer on its way back: state, iss or no-iss changes that
                                   parameter; path or host first sends it where it does not belong, then as it is
  BROWSER_LOG                      file that the steps are appended to
  BROWSER_STOP=1                   prints the redirect instead of following it
Reads the forms as a browser does, sends their hidden fields back, keeps cookies, runs no script. Exit code 1 when it gets
lost. Standard library only.
"""
import html.parser
import http.client
import os
import sys
import urllib.parse


class Forms(html.parser.HTMLParser):
    """Every form of a page: where it goes, its fields, and the names of its buttons."""

    def __init__(self, text):
        super().__init__()
        self.forms = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.forms.append({"action": given.get("action", ""), "fields": [], "buttons": []})
        elif tag in ("input", "button") and self.forms and given.get("name"):
            form = self.forms[-1]
            if tag == "button":
                form["buttons"].append((given["name"], given.get("value", "")))
            elif given.get("type") != "checkbox" or "checked" in given:
                form["fields"].append((given["name"], given.get("value", "")))


class Browser:
    def __init__(self):
        self.cookies = {}

    def send(self, method, url, fields=None, host=None):
        """One request; returns (status, headers, body). Redirects are left to the caller."""
        parts = urllib.parse.urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=30)
        headers = {"Accept": "text/html"}
        jar = self.cookies.setdefault(parts.netloc, {})
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        if host:
            headers["Host"] = host
        body = None
        if method == "POST":
            body = urllib.parse.urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        for line in response.headers.get_all("Set-Cookie", []):
            name, _, value = line.split(";", 1)[0].partition("=")
            jar[name.strip()] = value.strip()
        connection.close()
        return response.status, response.headers, text


def log(line):
    path = os.environ.get("BROWSER_LOG")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")


def lost(why):
    log("lost: " + why)
    sys.exit("scripted browser: " + why)


def fill_in(form):
    """The fields of a login or consent form as this person sends them."""
    fields = dict(form["fields"]) if "password" in dict(form["fields"]) else form["fields"]
    if isinstance(fields, dict):
        fields["email"] = os.environ.get("BROWSER_EMAIL", "")
        fields["password"] = os.environ.get("BROWSER_PASSWORD", "")
        return list(fields.items())
    return fields + [("action", os.environ.get("BROWSER_ANSWER", "allow"))]


def next_form(page):
    for form in Forms(page).forms:
        names = [name for name, _ in form["fields"]]
        if "password" in names or ("action", "allow") in form["buttons"]:
            return form
    return None


def walk(browser, url):
    """From the login page to the redirect that leaves the authorization server."""
    origin = urllib.parse.urlsplit(url)[:2]
    method, fields, tries = "GET", None, 0
    for _ in range(20):
        status, headers, page = browser.send(method, url, fields)
        log(f"{method} {urllib.parse.urlsplit(url).path} {status}")
        if status in (301, 302, 303, 307):
            url, method, fields = urllib.parse.urljoin(url, headers["Location"]), "GET", None
            if urllib.parse.urlsplit(url)[:2] != origin:
                return url
            continue
        form = next_form(page)
        if form is None:
            lost(f"HTTP {status} without a form to fill in")
        tries += 1
        if tries > 2:
            lost(f"HTTP {status}, the same form again: are BROWSER_EMAIL and BROWSER_PASSWORD right?")
        url, method, fields = urllib.parse.urljoin(url, form["action"]), "POST", fill_in(form)
    lost("too many redirects")


def on_its_way(url, attack):
    """The requests that arrive instead of the answer: URL and Host."""
    parts = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    if attack == "state":
        query = [(name, value + "x" if name == "state" else value) for name, value in query]
    elif attack == "iss":
        query = [(name, "https://evil.example" if name == "iss" else value) for name, value in query]
    elif attack == "no-iss":
        query = [(name, value) for name, value in query if name != "iss"]
    requests = [(urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query))), None)]
    if attack == "path":
        requests.insert(0, (urllib.parse.urlunsplit(parts._replace(path=parts.path + "/other")), None))
    elif attack == "host":
        requests.insert(0, (url, "evil.example"))
    return requests


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    browser = Browser()
    answer = walk(browser, sys.argv[1])
    if os.environ.get("BROWSER_STOP") == "1":
        print(answer)
        return
    for url, host in on_its_way(answer, os.environ.get("BROWSER_ATTACK", "")):
        status, _, _ = browser.send("GET", url, host=host)
        log(f"back {status}")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        lost(str(error))
