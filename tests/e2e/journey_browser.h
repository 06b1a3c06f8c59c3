#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <authplane/base/form.h>

#include "stack.h"

namespace authplane::e2e {

// A person who signs in with a password.
struct Person {
  std::string id, email, password;
};

// A form of a page, and what a browser sends when it is left as it is.
struct PageForm {
  std::string action;
  Form fields;                       // in the order of the page; boxes that are not ticked are left out
  std::vector<std::string> buttons;  // values of the buttons named `action`

  bool has(std::string_view name) const { return fields.count(name) != 0; }
};

// Where a browser has come to.
struct Page {
  Reply reply;
  std::string url;    // of the page that is shown, or of the other server it is sent to
  bool left = false;  // sent to another server; nothing was asked of that one
  std::string path;   // "" after it has left
  std::vector<PageForm> forms;

  // What it carries away in its address.
  Form parameters() const;
  std::string parameter(std::string_view name) const;
  // The form that is posted there; a failed test and an empty form when there is none.
  PageForm form(const std::string& path_of_action) const;
};

// What a person answers when asked for consent.
struct Decision {
  std::string action = "allow";
  std::vector<std::string> without = {};  // scopes whose boxes are cleared
};

// A browser without a window: keeps cookies, follows redirects within the server (302, 303), reads forms and
// posts them.
// Not thread-safe.
class ScriptedBrowser {
 public:
  explicit ScriptedBrowser(std::string origin) : origin_(std::move(origin)) {}

  Page open(const std::string& url);
  Page submit(const Page& from, const PageForm& form);
  Page sign_in(const Page& from, const Person& person);
  Page decide(const Page& from, const Decision& decision);
  // From the link of an application until the browser is sent back to it, whatever is asked on the way.
  Page authorize(const std::string& url, const Person& person, const Decision& decision = {});
  // One request of a script on the server's own page: cookies go along, nothing is followed.
  Reply fetch(const std::string& method, const std::string& url) const;

  const std::vector<std::string>& pages() const { return pages_; }  // paths of all that were shown
  // Every value a cookie or a form token ever had.
  const std::vector<std::string>& secrets() const { return secrets_; }

 private:
  Page send(std::string method, std::string url, std::string body);
  void keep_cookies(const Headers& headers);
  Headers with_cookies() const;

  std::string origin_;
  std::map<std::string, std::string> cookies_;
  std::vector<std::string> pages_, secrets_;
};

}  // namespace authplane::e2e
