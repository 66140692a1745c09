// Training: what a target looks like, what the model said before it and after it, and the curves between.

import { chapter, redrawn } from "./article.js";
import { exact, h, percent, s, select, token } from "./dom.js";
import { plane } from "./trace.js";
import { bar } from "./view-attention.js";
import { best } from "./view-decoder.js";

const VOCABULARY = ["a", "am", "i", "thanks", "student", "⟨end⟩"];
const SENTENCE = ["i", "am", "a", "student", "⟨end⟩"];

export async function training(app) {
  const { words, told } = app;
  const parts = [h("section", { class: "card" }, h("h2", {}, words("training.toy")), toy(app))];
  if (told.untrained) parts.push(h("section", { class: "card" }, h("h2", {}, words("training.before")), await beforeAndAfter(app)));
  parts.push(h("section", { class: "card" }, h("h2", {}, words("training.curves")), curves(app)));
  return chapter(words, "training", parts);
}

/** One-hot targets, or smoothed: 1 − ε + ε/V for the right word and ε/V for each other. */
function toy(app) {
  const { words } = app;
  const table = h("div", { class: "scroll" });
  const told = h("output", { class: "place" });
  const slider = h("input", { type: "range", min: 0, max: 0.5, step: 0.05, value: 0, "aria-label": words("training.smoothing"), oninput: () => show(Number(slider.value)) });
  const show = (epsilon) => {
    told.textContent = `ε = ${epsilon.toFixed(2)}`;
    const share = (word, target) => (word === target ? 1 - epsilon : 0) + epsilon / VOCABULARY.length;
    const cell = (target) => (word) => h("td", { class: word === target ? "chosen" : null }, bar(share(word, target)), h("span", {}, share(word, target).toFixed(3).replace(/\.000$/, "")));
    const row = (target) => h("tr", {}, h("th", { scope: "row" }, target), VOCABULARY.map(cell(target)));
    table.replaceChildren(h("table", { class: "six" }, h("thead", {}, h("tr", {}, h("td", {}), VOCABULARY.map((word) => h("th", { scope: "col" }, word)))), h("tbody", {}, SENTENCE.map(row))));
  };
  show(0);
  return [h("p", { class: "why" }, words("training.toy_why")), h("label", { class: "field spaced" }, h("span", { class: "label" }, words("training.smoothing")), slider, told), table];
}

function beforeAndAfter(app) {
  const { words, trace, told } = app;
  app.position = Math.min(app.position ?? 0, trace.predicted.pieces.length - 1);
  return redrawn(async (draw) => {
    const position = select(words("output.position"), trace.predicted.pieces.map((piece, i) => [i, `${i + 1}: ${piece}`]), app.position, (chosen) => {
      app.position = chosen;
      draw();
    });
    const after = best(plane(await trace.tensor("output.probabilities")), app.position, 10).map(([id, share]) => [id, trace.piece(id), share]);
    const list = (title, rows) => h("div", {}, h("h3", {}, title), h("table", { class: "six" }, h("tbody", {}, rows.map(([id, piece, share]) => h("tr", { class: id === trace.predicted.ids[app.position] ? "chosen" : null }, h("td", { class: "left" }, token(piece)), h("td", {}, bar(share)), h("td", {}, percent(share)))))));
    return [h("p", { class: "why" }, words("training.before_why", { vocabulary: trace.config.target_vocabulary })), h("div", { class: "choices" }, position), h("div", { class: "inputs" }, list(words("training.untrained"), told.untrained[app.position]), list(words("training.trained"), after))];
  });
}

function curves(app) {
  const { words, told } = app;
  const of = (key) => told.history.filter((line) => Number.isFinite(line[key])).map((line) => [line.step, line[key]]);
  const drawn = [["training.loss", of("loss")], ["training.rate", of("learning_rate")]].filter(([, points]) => points.length > 1);
  if (!drawn.length) return h("p", {}, words("training.no_history"));
  return h("div", { class: "inputs" }, drawn.map(([key, points]) => curve(words(key), points, words("training.step"))));
}

function curve(title, points, across) {
  const [width, height, left, below] = [420, 200, 58, 26];
  const steps = points.map(([step]) => step);
  const [first, last, most] = [Math.min(...steps), Math.max(...steps), Math.max(...points.map(([, value]) => value))];
  const x = (step) => left + ((step - first) / Math.max(1, last - first)) * (width - left - 12);
  const y = (value) => 12 + (1 - value / most) * (height - 12 - below);
  const path = points.map(([step, value], i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join(" ");
  const text = (at, down, anchor, content) => s("text", { x: at, y: down, "text-anchor": anchor }, content);
  const axes = s("path", { class: "axis", d: `M${left} 12V${height - below}H${width - 12}` });
  const labels = [text(left - 6, 17, "end", exact(Number(most.toPrecision(3)))), text(left - 6, height - below, "end", "0"), text(left, height - 8, "start", first), text(width - 12, height - 8, "end", `${across} ${last}`)];
  const described = `${title}: ${exact(points[0][1])} → ${exact(points.at(-1)[1])}`;
  return h("figure", { class: "curve" }, h("figcaption", {}, described), s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": described }, axes, s("path", { class: "drawn", d: path }), labels));
}
