// Attention as lines between words: one head, two heads or all; encoder, decoder and encoder-decoder.

import { chapter, redrawn } from "./article.js";
import { h, percent, s, visible } from "./dom.js";
import { plane } from "./trace.js";
import { attentionChoice } from "./view-steps.js";

const ROW = 28;
const LEAST = 0.02; // Thinner lines could not be seen.

export async function lines(app) {
  const { words, trace } = app;
  app.lineHeads ??= new Set([0]);
  const body = await redrawn(async (draw) => {
    const attention = attentionChoice(app, draw);
    const weights = await trace.tensor(`${app.attention}.weights`);
    const toggle = (head) => {
      if (!app.lineHeads.delete(head)) app.lineHeads.add(head);
      draw();
    };
    const all = () => {
      app.lineHeads = new Set(app.lineHeads.size === trace.heads.length ? [0] : trace.heads);
      draw();
    };
    const button = (head) => h("button", { "aria-pressed": String(app.lineHeads.has(head)), onclick: () => toggle(head) }, h("span", { class: `swatch hue-${head % 8}`, "aria-hidden": "true" }), head + 1);
    const choices = h("div.choice", { role: "group", "aria-label": words("head.choose") }, h("span.label", words("head.choose")), trace.heads.map(button), h("button", { onclick: all }, words("lines.all")));
    return [h("div.choices", attention, choices), drawing(app, weights)];
  });
  return chapter(words, "lines", body);
}

function drawing(app, weights) {
  const { words, trace } = app;
  const name = `${app.attention}.weights`;
  const [from, to] = [trace.rowSide(name).pieces, trace.columnSide(name).pieces];
  const height = Math.max(from.length, to.length) * ROW;
  const svg = s("svg.lines", { viewBox: `0 0 100 ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.style.height = `${height}px`;
  const told = h("p.told-step", { "aria-live": "polite" }, words("lines.hint"));
  let chosen = null;
  const draw = (row) => {
    const strokes = [];
    for (const head of app.lineHeads) {
      const flat = plane(weights, head);
      for (let i = 0; i < flat.rows; i += 1) {
        if (row !== null && row !== i) continue;
        for (let j = 0; j < flat.columns; j += 1) if (flat.at(i, j) >= LEAST) strokes.push({ head, i, j, weight: flat.at(i, j) });
      }
    }
    strokes.sort((a, b) => a.weight - b.weight);
    svg.replaceChildren(...strokes.slice(-4000).map(({ head, i, j, weight }) => s("line", { class: `hue-${head % 8}`, x1: 0, y1: (i + 0.5) * ROW, x2: 100, y2: (j + 0.5) * ROW, "stroke-opacity": weight.toFixed(3), "stroke-width": (1 + 4 * weight).toFixed(2) })));
    if (row !== null) told.textContent = said(app, weights, row, from, to);
  };
  const word = (piece, i) => {
    const look = () => draw(i);
    const pick = () => {
      chosen = chosen === i ? null : i;
      draw(chosen);
    };
    return h("button.line-word", { onpointerenter: look, onpointerleave: () => draw(chosen), onfocus: look, onblur: () => draw(chosen), onclick: pick }, h("bdi", visible(piece)));
  };
  draw(null);
  const left = h("div.line-words", from.map(word));
  const right = h("div.line-words", to.map((piece) => h("span.line-word", h("bdi", visible(piece)))));
  return h("section.card", told, h("div.line-drawing", left, svg, right));
}

/** "it → animal 52 % (head 3), …": the greatest weights of a row. */
function said(app, weights, row, from, to) {
  const found = [];
  for (const head of app.lineHeads) {
    const flat = plane(weights, head);
    for (let j = 0; j < flat.columns; j += 1) found.push({ head, j, weight: flat.at(row, j) });
  }
  found.sort((a, b) => b.weight - a.weight);
  const one = ({ head, j, weight }) => `${visible(to[j])} ${percent(weight)} (${app.words("head.one", { number: head + 1 })})`;
  return `${visible(from[row])} → ${found.slice(0, 3).map(one).join(", ")}`;
}
