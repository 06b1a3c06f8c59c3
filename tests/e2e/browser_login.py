#!/usr/bin/env python3
"""Signs in, narrows what is asked for and approves it in a real Chromium, on a phone and a desktop, in light and dark.

browser_login.py CHROMIUM ISSUER RESOURCE SCOPE_KEPT SCOPE_CLEARED PICTURES

The person comes from USER_EMAIL and USER_PASSWORD. Pictures of every page go to the folder PICTURES. Needs nothing but
the standard library: Chromium is driven over its debugging pipe (messages of JSON, each ended by a NUL byte).
"""
import base64
import fcntl
import hashlib
import http.server
import json
import os
import queue
import secrets
import select
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

LIMIT = 60  # seconds for whatever is waited for; far more than it takes
LOOKS = {
    "phone-light": (390, 844, True, "light"),
    "phone-dark": (390, 844, True, "dark"),
    "desktop-light": (1280, 900, False, "light"),
    "desktop-dark": (1280, 900, False, "dark"),
}


def check(holds, what):
    if not holds:
        raise AssertionError(what)


class Chromium:
    """A Chromium without a window."""

    def __init__(self, binary, profile):
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        # Out of the way of the two numbers Chromium expects.
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (to_read, to_write)]
        os.close(to_read)
        os.close(to_write)

        def place_ends():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        options = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--no-first-run",
                   "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", "--hide-scrollbars"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # which Chromium refuses to do without as root
        self._log = open(os.path.join(profile, "chromium.log"), "wb+")
        self._process = subprocess.Popen([binary, *options, "about:blank"], stdin=subprocess.DEVNULL,
                                         stdout=self._log, stderr=self._log, preexec_fn=place_ends, close_fds=False)
        for fd in ends:
            os.close(fd)
        self._number = 0
        self._bytes = b""
        self.events = []

    def call(self, method, session=None, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                check("error" not in answer, f"{method}: {answer.get('error')}")
                return answer["result"]

    def wait_for(self, holds, what):
        """The first event that holds, of those that came and those to come."""
        seen = 0
        while True:
            for event in self.events[seen:]:
                if holds(event):
                    return event
            seen = len(self.events)
            self._read(what)

    def _read(self, what="an answer"):
        deadline = time.monotonic() + LIMIT
        while b"\0" not in self._bytes:
            ready, _, _ = select.select([self._from], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self._from, 1 << 20) if ready else b""
            if not chunk:
                self._log.seek(0)
                raise AssertionError(f"chromium: no {what}\n" + self._log.read().decode(errors="replace")[-3000:])
            self._bytes += chunk
        text, self._bytes = self._bytes.split(b"\0", 1)
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message

    def close(self):
        try:
            self.call("Browser.close")
            self._process.wait(LIMIT)
        finally:
            self._process.kill()
            self._process.wait()


class Tab:
    """One page in a profile of its own."""

    def __init__(self, chromium, look):
        width, height, mobile, scheme = LOOKS[look]
        self.chromium = chromium
        self._context = chromium.call("Target.createBrowserContext")["browserContextId"]
        target = chromium.call("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        self.session = chromium.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if mobile else 1,
                  mobile=mobile)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def call(self, method, **parameters):
        return self.chromium.call(method, session=self.session, **parameters)

    def loads(self, action, what):
        """Does something that leads to another page, and waits until that is there."""
        before = len(self._events("Page.loadEventFired"))
        action()
        self.chromium.wait_for(lambda _: len(self._events("Page.loadEventFired")) > before, f"{what} to load")

    def open(self, url):
        self.loads(lambda: self.call("Page.navigate", url=url), url)

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        check("exceptionDetails" not in result, f"{expression}: {result.get('exceptionDetails')}")
        return result["result"].get("value")

    def focused(self):
        """The id of the element that has the cursor, which a page gets when it is first drawn, not when it is loaded."""
        return self.value("new Promise(tell => { const look = () => document.activeElement.id ?"
                          " tell(document.activeElement.id) : requestAnimationFrame(look); look(); })")

    def path(self):
        return self.value("location.pathname")

    def click(self, selector):
        """With the pointer, where the middle of it is: what lies on top of it would be hit instead."""
        quoted = json.dumps(selector)
        x, y = self.value(f"(() => {{ const e = document.querySelector({quoted}); e.scrollIntoView({{block: 'center'}});"
                          "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def write(self, text):
        """As from the keyboard, where the cursor is."""
        self.call("Input.insertText", text=text)

    def press(self, key, code):
        text = {"Enter": "\r"}.get(key, "")
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def picture(self, path):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """What the browser has to say against the pages: blocked content, errors, broken markup."""
        found = [e["params"]["entry"]["text"] for e in self._events("Log.entryAdded")]
        found += [str(e["params"]["exceptionDetails"]) for e in self._events("Runtime.exceptionThrown")]
        return found

    def _events(self, method):
        return [e for e in self.chromium.events if e["method"] == method and e.get("sessionId") == self.session]

    def close(self):
        self.chromium.call("Target.disposeBrowserContext", browserContextId=self._context)


class App:
    """A native application: registers itself and waits for its code on a port of its own."""

    def __init__(self, issuer):
        self.answers = queue.Queue()
        self.frame = ""  # what a hostile page of it shows in a frame
        app = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path.startswith("/callback?"):
                    app.answers.put(dict(urllib.parse.parse_qsl(self.path.split("?", 1)[1])))
                page = f'<!doctype html><title>App</title><link rel="icon" href="data:,"><p>Done</p>{app.frame}'.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.redirect_uri = self.origin + "/callback"
        self.issuer = issuer
        self.metadata = self._ask(issuer + "/.well-known/oauth-authorization-server")
        self.client_id = self._ask(self.metadata["registration_endpoint"], json.dumps({
            "client_name": "Example Notebook", "redirect_uris": [self.redirect_uri],
            "token_endpoint_auth_method": "none"}), "application/json")["client_id"]

    def start(self, scope, resource):
        """The link to open."""
        self.verifier, self.state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        return self.metadata["authorization_endpoint"] + "?" + urllib.parse.urlencode({
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri, "scope": scope,
            "resource": resource, "state": self.state, "code_challenge": challenge, "code_challenge_method": "S256"})

    def answer(self):
        """What the browser brought, with the checks a client owes."""
        answer = self.answers.get(timeout=LIMIT)
        check(answer.get("state") == self.state, f"state: {answer}")
        check(answer.get("iss") == self.issuer, f"iss: {answer}")
        return answer

    def redeem(self, code):
        return self._ask(self.metadata["token_endpoint"], urllib.parse.urlencode({
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "client_id": self.client_id, "code_verifier": self.verifier}), "application/x-www-form-urlencoded")

    @staticmethod
    def _ask(url, body=None, content_type=None):
        request = urllib.request.Request(url, body.encode() if body else None)
        if content_type:
            request.add_header("Content-Type", content_type)
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return json.load(answer)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Visit:
    """What one person does in one look."""

    def __init__(self, chromium, look, issuer, pictures):
        self.tab, self.app = Tab(chromium, look), App(issuer)
        self._look, self._pictures = look, pictures

    def shown(self, name):
        """A page as it should be: nothing the browser dislikes, nothing wider than the window; with a picture."""
        check(self.tab.value("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is wider than the window")
        self.tab.picture(os.path.join(self._pictures, f"{self._look}-{name}.png"))

    def sign_in(self, email, password):
        """With the keyboard alone: the cursor is where it should be, Tab and Enter do the rest."""
        if self.tab.focused() == "email":
            self.tab.write(email)
            self.tab.press("Tab", 9)
        check(self.tab.focused() == "password", f"the cursor is in '{self.tab.focused()}'")
        self.tab.write(password)
        self.tab.loads(lambda: self.tab.press("Enter", 13), "the page after the login")

    def first_time(self, kept, cleared, resource):
        tab, app = self.tab, self.app
        tab.open(app.start(f"{kept} {cleared}", resource))
        check(tab.path() == "/login", f"asked to sign in at {tab.path()}")
        self.shown("login")
        self.sign_in(os.environ["USER_EMAIL"], "mistyped")
        check(tab.path() == "/login" and tab.value("!!document.querySelector('[role=alert]')"), "a wrong password is told")
        self.shown("login-refused")
        self.sign_in(os.environ["USER_EMAIL"], os.environ["USER_PASSWORD"])
        check(tab.path() == "/consent", f"asked for consent at {tab.path()}")
        check("127.0.0.1" in tab.value("document.querySelector('.host').textContent"), "where the answer goes is shown")
        self.shown("consent")
        tab.click(f"input[value='{cleared}']")
        check(tab.value(f"!document.querySelector(\"input[value='{cleared}']\").checked"), "the box is cleared")
        tab.loads(lambda: tab.click("button[value=allow]"), "the application's page")
        check(tab.value("location.origin") == app.origin, f"sent back to the application, not to {tab.value('location.href')}")
        tokens = app.redeem(app.answer()["code"])
        check(tokens["scope"] == kept, f"the scope is what was left ticked: {tokens['scope']}")

    def another_time(self, kept, resource):
        """Signed in already and allowed before: nothing is asked."""
        self.tab.open(self.app.start(kept, resource))
        check("code" in self.app.answer(), "a code without a question")

    def after_forgetting(self, kept, resource):
        """Signed out, allowed before: from the login straight back to the application."""
        self.tab.call("Network.clearBrowserCookies")
        self.tab.open(self.app.start(kept, resource))
        self.sign_in(os.environ["USER_EMAIL"], os.environ["USER_PASSWORD"])
        check(self.tab.value("location.origin") == self.app.origin, f"sent back from {self.tab.value('location.href')}")
        check("code" in self.app.answer(), "a code after the login")

    def deny(self, cleared, resource):
        """With the Enter key in the form: what stands for no is chosen."""
        self.tab.open(self.app.start(cleared, resource))
        check(self.tab.path() == "/consent", f"asked for what was not allowed at {self.tab.path()}")
        self.tab.value("document.querySelector('input[type=checkbox]').focus()")
        self.tab.loads(lambda: self.tab.press("Enter", 13), "the application's page")
        check(self.app.answer().get("error") == "access_denied", "the application hears of it")

    def error_page(self):
        self.tab.open(self.app.metadata["authorization_endpoint"] + "?client_id=nobody&redirect_uri=https://x.example/")
        check(self.tab.value("location.origin") == self.app.issuer, "an unknown client is not sent anywhere")
        self.shown("error")

    def framed(self, path):
        """In a frame of another site the pages do not appear."""
        self.app.frame = f'<iframe src="{self.app.issuer}{path}"></iframe>'
        self.tab.open(self.app.origin + "/framing")
        self.tab.chromium.wait_for(
            lambda e: e["method"] == "Network.loadingFailed" and e.get("sessionId") == self.tab.session
            and e["params"]["errorText"] == "net::ERR_BLOCKED_BY_RESPONSE", f"refusal to frame {path}")

    def close(self):
        self.app.close()
        self.tab.close()


def visit(chromium, look, issuer, resource, kept, cleared, pictures):
    person = Visit(chromium, look, issuer, pictures)
    person.first_time(kept, cleared, resource)
    person.another_time(kept, resource)
    person.deny(cleared, resource)
    person.after_forgetting(kept, resource)
    # Chromium itself reports the status of a page as an error.
    complaints = [text for text in person.tab.complaints() if "the server responded with a status of 422" not in text]
    check(not complaints, f"the browser complains: {complaints}")
    person.error_page()
    person.framed("/login")
    person.close()
    print(f"ok   {look}: login, consent, repeat, refusal, frame", flush=True)


def main():
    binary, issuer, resource, kept, cleared, pictures = sys.argv[1:]
    os.makedirs(pictures, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="authplane-browser-", ignore_cleanup_errors=True) as profile:
        chromium = Chromium(binary, profile)
        try:
            for look in LOOKS:
                visit(chromium, look, issuer, resource, kept, cleared, pictures)
        finally:
            chromium.close()
    print(f"pictures are in {pictures}")


main()
