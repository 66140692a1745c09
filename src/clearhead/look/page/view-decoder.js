// The decoder's time steps, one after the other: what it may see, what it takes from memory, what it says.

import { article, redrawn } from "./article.js";
import { colour, css, inkOn, shade } from "./colours.js";
import { h, percent, player, token, visible } from "./dom.js";
import { plane } from "./trace.js";
import { playerWords } from "./view-attention.js";
import { headChoice } from "./view-steps.js";

export async function decoder(app, part) {
  const { words, trace } = app;
  const start = Math.max(0, Math.min(trace.writing.pieces.length - 1, Number(part) || 0));
  const body = await redrawn(async (draw) => {
    const blocks = trace.blocks("decoder");
    const load = (last) => Promise.all(blocks.map((one) => trace.tensor(`${one}.${last}`)));
    const [self, cross, [probabilities]] = await Promise.all([load("self_attention.weights"), load("cross_attention.weights"), Promise.all([trace.tensor("output.probabilities")])]);
    const scene = h("div", { class: "scene", "aria-live": "polite" });
    const show = (time) => scene.replaceChildren(...moment(app, { self, cross, probabilities }, app.moment = time));
    const controls = player(trace.writing.pieces.length, playerWords(words), show, { start: app.moment ?? start });
    return [headChoice(app, draw), controls, scene];
  });
  app.moment = null;
  return article(words, words("chapter.decoder"), words("why.chapter_decoder"), words("like.chapter_decoder"), body);
}

function moment(app, { self, cross, probabilities }, time) {
  const { words, trace } = app;
  const row = (pieces, weights, hidden = () => false) => h("div", { class: "tokens weights" }, pieces.map((piece, i) => weighed(piece, hidden(i) ? null : weights(i))));
  const layer = (tensors, pieces, hidden) =>
    tensors.map((tensor, number) => h("div", { class: "moment-row" }, h("span", { class: "label" }, words("part.decoder_layer", { number: number + 1 })), row(pieces, (i) => plane(tensor, app.head).at(time, i), hidden)));
  const likely = best(plane(probabilities), time).map(([id, share]) => h("li", {}, token(trace.piece(id)), ` ${percent(share)}`));
  const head = words("head.one", { number: app.head + 1 });
  return [
    h("section", { class: "card" }, h("h2", {}, words("decoder.step", { number: time + 1 })), h("p", { class: "tokens" }, trace.writing.pieces.slice(0, time + 1).map(token), h("span", {}, "→"), h("b", {}, token(trace.predicted.pieces[time])))),
    h("section", { class: "card" }, h("h2", {}, `${words("decoder.self")} · ${head}`), h("p", { class: "why" }, words("decoder.mask")), layer(self, trace.writing.pieces, (i) => i > time)),
    h("section", { class: "card" }, h("h2", {}, `${words("decoder.cross")} · ${head}`), h("p", { class: "why" }, words("decoder.memory", { layers: cross.length })), layer(cross, trace.reading.pieces)),
    h("section", { class: "card" }, h("h2", {}, words("decoder.likely")), h("ol", { class: "likely" }, likely)),
  ];
}

/** A word on the colour of its weight; a hidden one hatched. */
function weighed(piece, weight) {
  if (weight === null) return h("span", { class: "weighed hidden-word" }, h("bdi", {}, visible(piece)), h("small", {}, "−∞"));
  const rgb = shade(weight, "probability", 1);
  return h("span", { class: "weighed", style: { "background-color": css(rgb), color: weight > 0.02 ? inkOn(rgb) : colour("ink") } }, h("bdi", {}, visible(piece)), h("small", {}, weight.toFixed(2)));
}

/** The likeliest ids of a row, with their shares. */
export function best(flat, row, count = 5) {
  const ids = Array.from({ length: flat.columns }, (_, id) => id);
  ids.sort((a, b) => flat.at(row, b) - flat.at(row, a));
  return ids.slice(0, count).map((id) => [id, flat.at(row, id)]);
}
