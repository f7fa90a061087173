// Rewrites assets/icons.svg from assets/icons.txt. Only needed when an icon is added:
//   npm install --no-save @tabler/icons@~3.51 && node assets/icons.mjs
// The sprite is committed because the package weighs 51 MB and 11,500 files, and we use two hundred of its drawings.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const root = new URL("../", import.meta.url);
const source = new URL("node_modules/@tabler/icons/icons/outline/", root);
const names = readFileSync(new URL("icons.txt", import.meta.url), "utf8").split("\n").filter(Boolean);
const symbols = [];
for (const name of names) {
  const file = new URL(`${name}.svg`, source);
  if (!existsSync(file)) {
    console.error(`no such icon: ${name}`);
    continue;
  }
  const drawing = readFileSync(file, "utf8").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
  const paths = drawing.replace(/<path stroke="none"[^>]*\/>/, "").replace(/\s*\n\s*/g, "");
  symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${paths}</symbol>`);
}
const licence = "<!-- Tabler Icons, MIT licence, Copyright (c) 2020-2026 Paweł Kuna, https://tabler.io/icons -->";
writeFileSync(
  new URL("icons.svg", import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg">\n${licence}\n${symbols.join("\n")}\n</svg>\n`,
);
console.log(`${symbols.length} icons`);
