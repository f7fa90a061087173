// Pictures of numbers, only on pages that show some. The numbers come as JSON, the same ones stand in a table beside.
//
// spec = {kind: "bar" | "line" | "stack" | "funnel" | "waterfall", categories: [...], series: [{name, data: [...]}],
//         unit: "money" | "percent" | "days" | "count", horizontal: bool, links: [url per category]}
// A waterfall has one series of steps; its first and last entry are totals.
import { BarChart, FunnelChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { bars, funnel, lines, waterfall } from "./charts/kinds.js";

use([BarChart, FunnelChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

const KINDS = { bar: bars, stack: bars, line: lines, funnel, waterfall };
const dark = matchMedia("(prefers-color-scheme: dark)");

function draw(canvas) {
  const spec = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
  // Nothing but zeros has no picture: the table beside says it.
  canvas.hidden = !spec.series.some(({ data }) => data.some(Number));
  if (canvas.hidden) return;
  const chart = init(canvas, null, { renderer: "svg" });
  const paint = () => chart.setOption(KINDS[spec.kind](spec, dark.matches), true);
  paint();
  dark.addEventListener("change", paint);
  new ResizeObserver(() => chart.resize()).observe(canvas);
  if (spec.links) chart.on("click", ({ dataIndex }) => spec.links[dataIndex] && location.assign(spec.links[dataIndex]));
}

function drawAll() {
  for (const canvas of document.querySelectorAll("[data-chart]:not([data-drawn])")) {
    canvas.dataset.drawn = "";
    draw(canvas);
  }
}
drawAll();
document.addEventListener("htmx:afterSettle", drawAll);
document.addEventListener("record-changed", () => setTimeout(drawAll, 500));
