// The session of this browser: lost while somebody works, ended in another tab, or a page taken out of the browser's memory.
import { forgetDrafts, saveDraft } from "./drafts.js";
import { me, text } from "./texts.js";

// What was typed waits in this tab until the page is here again.
export function keep(source) {
  const form = source?.closest?.("form[data-guard]") || document.querySelector("form[data-dirty]");
  if (form) saveDraft(form);
  for (const open of document.querySelectorAll("form[data-dirty]")) delete open.dataset.dirty;
}

export function signInAgain(source) {
  keep(source);
  location.assign(`${text("loginUrl") || "/login/"}?next=${encodeURIComponent(location.pathname + location.search)}`);
}

export function isSignIn(status, answer) {
  return status === 401 || (status === 200 && /<form[^>]*data-sign-in/.test(answer));
}

// Whoever signs out in one tab leaves nothing on the screen of another.
const tabs = new BroadcastChannel("ltc:session");
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-sign-out]")) return;
  forgetDrafts();
  for (const open of document.querySelectorAll("form[data-dirty]")) delete open.dataset.dirty;
  tabs.postMessage("signed-out");
});
tabs.addEventListener("message", ({ data }) => {
  // The other tab has only just sent its form: ask for the next page when it is through.
  if (data === "signed-out" && me()) setTimeout(() => signInAgain(), 700);
});

// A page out of the browser's memory shows what was true when it was left.
addEventListener("pageshow", (event) => {
  if (event.persisted && me() && !document.querySelector("form[data-dirty]")) location.reload();
});
