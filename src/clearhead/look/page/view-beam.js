// The tree of a beam search: every hypothesis that was looked at, and what became of it.

import { chapter } from "./article.js";
import { exact, h, percent, s, token, visible } from "./dom.js";
import { best } from "./view-decoder.js";
import { plane } from "./trace.js";

const WIDTH = 138;
const HEIGHT = 36;

export async function beam(app, part) {
  const { words, trace } = app;
  const size = trace.settings.beam_size;
  if (!trace.tree.length) return chapter(words, "beam", h("p", { class: "spaced" }, words(size === 1 ? "beam.greedy" : "beam.forced")), await path(app));
  const details = h("section", { class: "card", "aria-live": "polite" }, h("p", { class: "note" }, words("beam.hint")));
  const show = (node) => details.replaceChildren(...explained(app, node));
  const fates = ["won", "live", "finished", "dropped", "stopped"].map((fate) => h("li", {}, h("span", { class: `node ${fate}` }, "…"), ` ${words(`fate.${fate}`)}`));
  if (part !== null && trace.tree[part]) show(trace.tree[part]);
  return chapter(words, "beam", h("ul", { class: "fates" }, fates), tree(app, show), details);
}

/** Greedy search has no rivals: each word is the likeliest. */
async function path(app) {
  const { trace, words } = app;
  const probabilities = plane(await trace.tensor("output.probabilities"));
  const row = (piece, time) => {
    const rivals = best(probabilities, time, 3).map(([id, share]) => [token(trace.piece(id)), ` ${percent(share)}  `]);
    return h("tr", {}, h("td", {}, h("button", { type: "button", class: "link", onclick: () => app.go("decoder", String(time)) }, time + 1)), h("td", { class: "left" }, token(piece)), h("td", { class: "left" }, rivals));
  };
  return h("div", { class: "scroll tall", tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "#"), h("th", {}, words("words.token")), h("th", {}, words("decoder.likely")))), h("tbody", {}, trace.predicted.pieces.map(row))));
}

function tree(app, show) {
  const { trace, words } = app;
  const columns = [];
  for (const node of trace.tree) (columns[node.length] ??= []).push(node);
  const place = new Map();
  for (const nodes of columns) nodes.toSorted((a, b) => (b.fate === "won") - (a.fate === "won") || b.score - a.score).forEach((node, i) => place.set(node.number, [node.length * WIDTH, i * HEIGHT]));
  const [width, height] = [columns.length * WIDTH, Math.max(...columns.map((one) => one.length)) * HEIGHT];
  const lines = trace.tree.slice(1).map((node) => {
    const [[x, y], [fromX, fromY]] = [place.get(node.number), place.get(node.parent)];
    const [a, b] = [fromY + 15, y + 15];
    return s("path", { class: `edge ${node.fate}`, d: `M${fromX + 110} ${a} C${fromX + 124} ${a} ${x - 14} ${b} ${x} ${b}` });
  });
  const button = (node) => {
    const [x, y] = place.get(node.number);
    const choose = (event) => {
      box.querySelector("[aria-pressed=true]")?.setAttribute("aria-pressed", "false");
      event.currentTarget.setAttribute("aria-pressed", "true");
      show(node);
    };
    const label = `${node.piece}, ${words("beam.score")} ${node.score?.toFixed(3)}, ${words(`fate.${node.fate}`)}`;
    return h("button", { type: "button", class: `node ${node.fate}`, "aria-label": label, "aria-pressed": "false", "data-number": node.number, style: { left: `${x}px`, top: `${y}px` }, onclick: choose }, h("bdi", {}, visible(node.piece)), h("small", {}, (node.score ?? -Infinity).toFixed(2).replace("-", "−")));
  };
  const box = h("div", { class: "tree", style: { width: `${width}px`, height: `${height}px` } }, s("svg", { width, height, "aria-hidden": "true" }, lines), trace.tree.map(button));
  return h("div", { class: "tree-box", tabindex: 0, role: "region", "aria-label": words("chapter.beam") }, box);
}

function explained(app, node) {
  const { trace, words } = app;
  const way = [];
  for (let one = node; one; one = trace.tree[one.parent]) way.unshift(one);
  const facts = [["beam.log_probability", node.log_probability], ["beam.total", node.total], ["beam.score", node.score]];
  const rivals = node.candidates.map(([id, value]) => h("li", {}, token(trace.piece(id)), ` ${percent(Math.exp(value))}`));
  const open = node.fate === "won" && node.length > 0 && h("button", { type: "button", onclick: () => app.go("decoder", String(node.length - 1)) }, words("beam.open"));
  return [
    h("p", { class: "tokens" }, way.map((one) => token(one.piece))),
    h("dl", { class: "facts spaced" }, facts.map(([key, value]) => h("div", {}, h("dt", {}, words(key)), h("dd", {}, exact(value ?? -Infinity))))),
    h("p", {}, reason(app, node)),
    rivals.length > 0 && [h("h2", {}, words("beam.next")), h("ol", { class: "likely" }, rivals)],
    open,
  ].flat().filter(Boolean);
}

/** Why a node's fate is what it is, with the numbers that decided. */
function reason(app, node) {
  const { trace, words } = app;
  const kept = trace.tree.filter((one) => one.length === node.length && !["dropped", "finished"].includes(one.fate) && one !== node);
  const last = kept.length ? Math.min(...kept.map((one) => one.total)) : null;
  if (node.fate === "dropped" && last !== null) return words("why.dropped", { total: exact(node.total), least: exact(last), beam: trace.settings.beam_size });
  if (node.fate !== "finished") return words(`why.fate.${node.fate}`);
  const winner = trace.tree.findLast((one) => one.fate === "won");
  return words("why.finished", { score: exact(node.score), best: exact(winner.score) });
}
