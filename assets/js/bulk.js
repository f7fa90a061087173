// Rows that are marked for one verb on many: the bar counts them, offers what fits their states, and opens the dialog.
import htmx from "htmx.org";

// All of the list, also what is not on this page.
let whole = false;
let last = null;

const boxes = () => [...document.querySelectorAll("#list [data-pick]")];
const marked = () => boxes().filter((box) => box.checked);

function show() {
  const bar = document.querySelector("[data-bulk]");
  if (!bar) return;
  const [all, found] = [boxes(), marked()];
  if (found.length < all.length) whole = false;
  const everything = bar.querySelector("[data-bulk-all]");
  bar.hidden = !found.length;
  bar.querySelector("[data-bulk-count]").textContent = whole ? document.querySelector("#list .pager-count")?.textContent.replace(/[^0-9+]/g, "") : found.length;
  everything.hidden = whole || found.length < all.length || !document.querySelector("#list .pager .btn");
  const states = new Set(found.map((box) => box.dataset.state));
  for (const verb of bar.querySelectorAll("[data-bulk-url]")) verb.hidden = !whole && !verb.dataset.sources.split(" ").some((state) => states.has(state));
  const head = document.querySelector("#list [data-pick-all]");
  if (head) [head.checked, head.indeterminate] = [found.length === all.length, found.length > 0 && found.length < all.length];
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-pick-all]")) for (const box of boxes()) box.checked = target.checked;
  if (target.matches("[data-pick-all], [data-pick]")) show();
});

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-pick]");
  if (box) {
    const all = boxes();
    if (event.shiftKey && last?.isConnected) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
      for (const between of all.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
    show();
    return;
  }
  const bar = event.target.closest("[data-bulk]");
  if (!bar) return;
  if (event.target.closest("[data-bulk-all]")) whole = true;
  if (event.target.closest("[data-bulk-none]")) for (const one of boxes()) one.checked = false;
  const verb = event.target.closest("[data-bulk-url]");
  if (verb) {
    const query = whole ? `all=1&${bar.querySelector("[data-bulk-all]").dataset.query}` : `ids=${marked().map((one) => one.dataset.pick)}`;
    htmx.ajax("get", `${verb.dataset.bulkUrl}?${query}`, { target: "#modal-body", swap: "innerHTML" });
  }
  show();
});

htmx.onLoad((content) => {
  if (!content.querySelector?.("[data-pick]") && content.id !== "list") return;
  whole = false;
  show();
});
