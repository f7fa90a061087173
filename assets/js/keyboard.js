// Single keys for the whole work; off while typing, while a dialog is open, or when somebody switched them off.
const OFF = "ltc:keys-off";
let pending = "";

function typing(target) {
  return target.closest?.("input, textarea, select, [contenteditable]");
}

function visible(element) {
  return element.offsetParent !== null;
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-keys] tbody tr")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
  row?.querySelector("a")?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  "/": () => [...document.querySelectorAll('[data-key="/"]')].filter(visible).at(-1)?.focus(),
  j: () => step(1),
  k: () => step(-1),
  n: () => document.querySelector('[data-key="n"]')?.click(),
  "?": () => document.getElementById("shortcuts")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.querySelector("dialog[open]") || localStorage.getItem(OFF)) return;
  if (pending === "g" && event.key === "h") location.assign("/");
  else if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
  pending = event.key === "g" ? "g" : "";
});

document.addEventListener("change", (event) => {
  if (event.target.id !== "keys-on") return;
  if (event.target.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
});
const box = document.getElementById("keys-on");
if (box) box.checked = !localStorage.getItem(OFF);
