// Single keys for the whole work; off while typing, while a dialog is open, or when somebody switched them off.
const OFF = "ltc:keys-off";
const ROWS = "[data-keys] tbody tr, ul[data-keys] > li";
const SOON = 1500;
let pending = 0;

function typing(target) {
  return target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
}

function visible(element) {
  return element.offsetParent !== null;
}

function here() {
  return [...document.querySelectorAll(ROWS)].filter(visible);
}

function step(by) {
  const rows = here();
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
  row?.querySelector("a")?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

// g and then the letter that stands beside the page in the list of shortcuts.
function go(letter) {
  const link = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
  if (link) location.assign(link.href);
}

// The pages of the menu that have a letter, named as the menu names them.
function help() {
  const list = document.querySelector("[data-shortcuts]");
  for (const link of document.querySelectorAll("#nav [data-go]")) {
    const row = document.createElement("div");
    const [keys, name] = [document.createElement("dt"), document.createElement("dd")];
    for (const letter of ["g", link.dataset.go]) {
      const key = document.createElement("kbd");
      key.textContent = letter;
      keys.append(key, " ");
    }
    name.textContent = link.textContent.trim();
    row.append(keys, name);
    list.append(row);
  }
}

const KEYS = {
  "/": () => [...document.querySelectorAll('[data-key="/"]')].filter(visible).at(-1)?.focus(),
  j: () => step(1),
  k: () => step(-1),
  x: () => here().find((row) => row.contains(document.activeElement))?.querySelector("[data-pick]")?.click(),
  n: () => document.querySelector('[data-key="n"]')?.click(),
  "?": () => document.getElementById("shortcuts")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.querySelector("dialog[open]") || localStorage.getItem(OFF)) return;
  if (event.key === "Shift") return;
  const after = Date.now() - pending < SOON;
  pending = 0;
  if (after) go(event.key);
  else if (event.key === "g") pending = Date.now();
  else if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

help();
document.addEventListener("change", (event) => {
  if (event.target.id !== "keys-on") return;
  if (event.target.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
});
const box = document.getElementById("keys-on");
if (box) box.checked = !localStorage.getItem(OFF);
