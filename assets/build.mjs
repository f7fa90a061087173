// Builds static/dist: app.js, app.css, charts.js and the icons. Run by `npm run build`; needs nothing but esbuild.
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { lighten } from "./lighten.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = fileURLToPath(new URL("../static/dist/", import.meta.url));
const require = createRequire(import.meta.url);

// `@import "tabler"` in app.css brings the parts of Tabler that we use.
const tabler = {
  name: "tabler",
  setup(context) {
    context.onResolve({ filter: /^tabler$/ }, () => ({ path: "tabler", namespace: "tabler" }));
    context.onLoad({ filter: /.*/, namespace: "tabler" }, () => ({
      contents: lighten(readFileSync(require.resolve("@tabler/core/dist/css/tabler.css"), "utf8")),
      loader: "css",
    }));
  },
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const options = { bundle: true, minify: true, outdir: dist, logLevel: "warning", legalComments: "eof", target: "es2022" };
await build({ ...options, entryPoints: [`${here}js/app.js`, `${here}js/charts.js`], format: "iife" });
// Newer targets keep light-dark() and nesting as written, so that dark mode follows the system.
await build({ ...options, entryPoints: [`${here}css/app.css`], plugins: [tabler], target: "chrome125", loader: { ".svg": "dataurl" } });
copyFileSync(`${here}icons.svg`, `${dist}icons.svg`);
