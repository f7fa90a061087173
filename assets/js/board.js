// A card is moved by verb: dropping it opens the verb's dialog. It stays where it was until the server has moved it.
import htmx from "htmx.org";
import Sortable from "sortablejs";
import { text } from "./texts.js";
import { toast } from "./toasts.js";

function verbsOf(card) {
  return JSON.parse(card.dataset.verbs || "{}");
}

function act(card, state) {
  const url = verbsOf(card)[state];
  if (url) htmx.ajax("get", url, { target: "#modal-body", swap: "innerHTML" });
  else toast(text("noMove"), "warning");
}

function columns(card) {
  return [...card.closest("[data-board]").querySelectorAll("[data-state]")];
}

function show(card, on) {
  const verbs = verbsOf(card);
  for (const column of columns(card)) {
    column.classList.toggle("can-drop", on && Boolean(verbs[column.dataset.state]));
    column.classList.toggle("cannot-drop", on && !verbs[column.dataset.state] && !column.contains(card));
  }
}

// The same moves without dragging, for keyboards and shaky hands.
function menu(card) {
  const targets = columns(card).filter((column) => verbsOf(card)[column.dataset.state]);
  if (!targets.length || card.querySelector("details")) return;
  const details = document.createElement("details");
  details.className = "menu";
  details.dataset.menu = "";
  const summary = document.createElement("summary");
  summary.textContent = "⋯";
  summary.setAttribute("aria-label", `${text("moveTo")}: ${card.querySelector("a")?.textContent.trim()}`);
  const list = document.createElement("div");
  list.className = "menu-list";
  for (const column of targets) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${text("moveTo")}: ${column.dataset.label}`;
    button.addEventListener("click", () => act(card, column.dataset.state));
    list.append(button);
  }
  details.append(summary, list);
  card.append(details);
}

function start(column) {
  Sortable.create(column, {
    group: "board",
    draggable: ".board-card",
    sort: false,
    delay: 200,
    delayOnTouchOnly: true,
    animation: 120,
    onStart: ({ item }) => show(item, true),
    onEnd: ({ item, from, to, oldIndex }) => {
      show(item, false);
      if (from === to) return;
      const state = to.dataset.state;
      from.insertBefore(item, from.children[oldIndex] || null);
      act(item, state);
    },
  });
}

htmx.onLoad((content) => {
  for (const column of content.querySelectorAll("[data-board] [data-state]")) start(column);
  const scope = content.matches?.(".board-card") ? [content] : content.querySelectorAll("[data-board] .board-card");
  for (const card of scope) if (card.closest("[data-board]")) menu(card);
});
