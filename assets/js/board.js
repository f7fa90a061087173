// A card is moved by verb. One that asks for something opens its dialog, and the card waits where it was; any other is fired by
// the drop. What the server refuses lies in the old column again, with every reason in the dialog.
import htmx from "htmx.org";
import Sortable from "sortablejs";
import { text } from "./texts.js";
import { toast } from "./toasts.js";

// The card that was touched last, so that the focus finds it again, and how far the board was scrolled.
let moved = "";
let scrolled = 0;

function movesOf(card) {
  return JSON.parse(card.dataset.verbs || "{}");
}

function columns(card) {
  return [...card.closest("[data-board]").querySelectorAll("[data-state]")];
}

function nowhere(card) {
  const names = columns(card).filter((column) => movesOf(card)[column.dataset.state]).map((column) => column.dataset.label);
  toast([text("noMove"), names.length ? `${text("canGo")} ${names.join(" · ")}` : text("staysHere")].join("\n"), "warning");
}

// `back` puts the card where it came from; a card that is fired by the drop lies in its new column until the answer is here.
function act(card, state, back) {
  const move = movesOf(card)[state];
  moved = card.dataset.id;
  if (!move || move.ask) back();
  if (!move) nowhere(card);
  else if (move.ask) htmx.ajax("get", move.url, { target: "#modal-body", swap: "innerHTML" });
  else fire(card, move.url, back);
}

async function fire(card, url, back) {
  card.classList.add("waiting");
  const values = { idempotency_key: crypto.randomUUID().replaceAll("-", ""), version: card.dataset.version };
  try {
    await htmx.ajax("post", url, { source: card, target: "#modal-body", swap: "innerHTML", values });
  } finally {
    // Moved: the page is renewed, and this card is no longer part of it. Else it goes back.
    card.classList.remove("waiting");
    if (!card.dataset.done) back();
  }
}

document.addEventListener("htmx:beforeOnLoad", ({ detail }) => {
  if (detail.elt.matches?.(".board-card") && detail.xhr.getResponseHeader("HX-Redirect")) detail.elt.dataset.done = "1";
});

function show(card, on) {
  const moves = movesOf(card);
  for (const column of columns(card)) {
    column.classList.toggle("can-drop", on && Boolean(moves[column.dataset.state]));
    column.classList.toggle("cannot-drop", on && !moves[column.dataset.state] && !column.contains(card));
  }
}

// The same moves without dragging, for keyboards and shaky hands.
function menu(card) {
  const targets = columns(card).filter((column) => movesOf(card)[column.dataset.state]);
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
    button.addEventListener("click", () => act(card, column.dataset.state, () => {}));
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
      act(item, to.dataset.state, () => from.insertBefore(item, from.children[oldIndex] || null));
    },
  });
}

// The page renewed itself: the board stands where it stood, and the keyboard goes on from the card.
function resume(board) {
  board.scrollLeft = scrolled;
  const link = moved && board.querySelector(`[data-id="${CSS.escape(moved)}"] > a`);
  moved = "";
  link?.focus({ preventScroll: true });
}

document.addEventListener("scroll", ({ target }) => (scrolled = target.matches?.("[data-board]") ? target.scrollLeft : scrolled), true);

htmx.onLoad((content) => {
  for (const column of content.querySelectorAll("[data-board] [data-state]")) start(column);
  const scope = content.matches?.(".board-card") ? [content] : content.querySelectorAll("[data-board] .board-card");
  for (const card of scope) if (card.closest("[data-board]")) menu(card);
  const board = content.id === "main" && content.querySelector("[data-board]");
  if (board) resume(board);
});
