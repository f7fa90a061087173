// What happens around every htmx request: CSRF, tidy addresses, refusals, a lost session, a lost line, a changed record.
import htmx from "htmx.org";
import { isSignIn, keep, signInAgain } from "./session.js";
import { text } from "./texts.js";
import { toast } from "./toasts.js";

const SHOWN_IN_DIALOG = [400, 403, 404, 409, 412, 413, 422];

document.addEventListener("htmx:configRequest", (event) => {
  const { verb, headers, parameters, elt } = event.detail;
  // A list changes its address while it is searched; what asks about the list asks about it as it is now.
  if (elt.matches?.("[data-with-query]")) event.detail.path = event.detail.path.split("?")[0] + location.search;
  if (verb !== "get") headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]")?.content || "";
  else for (const [name, value] of Object.entries(parameters)) if (value === "") delete parameters[name];
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (isSignIn(xhr.status, xhr.responseText)) {
    event.detail.shouldSwap = false;
    event.detail.isError = false;
    signInAgain(requestConfig.elt);
    return;
  }
  // Signed in anew in another tab: this page's token is void, a fresh page has a good one.
  if (xhr.getResponseHeader("X-Form-Outdated")) {
    event.detail.shouldSwap = false;
    keep(requestConfig.elt);
    location.reload();
    return;
  }
  if (!SHOWN_IN_DIALOG.includes(xhr.status)) {
    const moved = xhr.responseURL && new URL(xhr.responseURL).pathname !== new URL(requestConfig.path, location.href).pathname;
    // A form that was saved and redirected: the answer is another page, so go there.
    if (moved && requestConfig.verb === "post") {
      event.detail.shouldSwap = false;
      location.assign(xhr.responseURL);
    }
    return;
  }
  const answer = xhr.responseText;
  const toDialog = answer.includes('id="error"') || answer.includes('id="verb"');
  if (answer.includes('id="error"')) event.detail.selectOverride = "#error";
  else if (answer.includes('id="verb"')) event.detail.selectOverride = "unset";
  else if (answer.trimStart().startsWith("{") || !answer.trim()) {
    event.detail.shouldSwap = false;
    toast(text("failed"), "error");
    return;
  }
  if (toDialog) {
    event.detail.target = document.getElementById("modal-body");
    event.detail.swapOverride = "innerHTML";
  }
  event.detail.shouldSwap = true;
});

for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, () => toast(text("offline"), "error"));
// 503 says what is away; the form stands as it was typed, and its key makes a second try harmless.
function sentence(xhr) {
  if (xhr.status !== 503) return text("failed");
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  return page.querySelector(`#error [lang="${document.documentElement.lang}"] p`)?.textContent || text("offline");
}
document.addEventListener("htmx:responseError", (event) => toast(sentence(event.detail.xhr), "error"));

let waiting = 0;
let timer;
document.addEventListener("htmx:beforeRequest", () => {
  waiting += 1;
  timer ||= setTimeout(() => document.documentElement.classList.add("busy"), 150);
});
document.addEventListener("htmx:afterRequest", () => {
  waiting = Math.max(0, waiting - 1);
  if (waiting) return;
  clearTimeout(timer);
  timer = 0;
  document.documentElement.classList.remove("busy");
});

// A verb fired from the dialog answers with the record's address. Whoever fired it stays where they are, on the board or the
// parent's page, and sees it renewed; only when this page is gone for them they follow the address.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, elt } = event.detail;
  const address = xhr.getResponseHeader("HX-Redirect");
  const dialog = elt.closest?.("#verb")?.closest("dialog");
  if (!address || !(dialog || elt.matches?.(".board-card"))) return;
  event.preventDefault();
  if (elt.matches("[data-follow]")) {
    location.assign(address);
    return;
  }
  dialog?.close();
  refresh(address).catch(() => location.assign(address));
});

// HX-Trigger "record-changed": fetch this page again and exchange what shows, without a reload or a lost scroll position.
async function refresh(otherwise = location.href) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.redirected || !answer.ok) {
    location.assign(otherwise);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["main", "nav"]) {
    const fresh = page.getElementById(id);
    const shown = document.getElementById(id);
    if (!fresh || !shown) continue;
    shown.replaceWith(fresh);
    htmx.process(fresh);
    htmx.trigger(fresh, "htmx:load", { elt: fresh });
  }
  document.title = page.title;
  for (const note of page.querySelectorAll("#toasts .toast-note")) toast(note.querySelector("p").textContent, note.dataset.level);
  document.querySelector("[data-primary]")?.focus({ preventScroll: true });
}
document.addEventListener("record-changed", () => refresh().catch(() => toast(text("offline"), "error")));

// Ctrl, Cmd and Shift open a link in a new tab or window, also where a plain click opens the dialog.
document.addEventListener(
  "click",
  (event) => {
    if ((event.ctrlKey || event.metaKey || event.shiftKey) && event.target.closest("a[hx-get]")) event.stopImmediatePropagation();
  },
  true,
);
