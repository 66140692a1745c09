// Words to vectors, and their places.

import { wave } from "./arithmetic.js";
import { chapter, redrawn } from "./article.js";
import { Board } from "./board.js";
import { picture } from "./colours.js";
import { card, choice, fixed, h, link, select, short, table, token } from "./dom.js";
import { Matrix, greatest } from "./matrix.js";
import { below, flatOf, plane, rowsOf, some } from "./trace.js";
import { partName } from "./words.js";

const LANE = 26; // A row's height, as in the style sheet.
const LANES = 96;
const HEAT = 20; // Positions of the heatmaps.

/** Source or target. */
function sideChoice(app, draw) {
	const { words, trace } = app;
	app.side ??= "source";
	if (trace.reading === trace.writing) return null;
	const options = [["source", words("words.source")], ["target", words("words.target")]];
	return choice(words("words.sentence"), options, app.side, (side) => {
		app.word = 0;
		app.chosen("side", draw)(side);
	});
}

const sideOf = (app) => (app.side === "source" ? app.trace.reading : app.trace.writing);

export function wordChoice(app, side, draw) {
	// "it" has most to find in others; the first may be a tag.
	app.word ??= Math.max(1, side.pieces.indexOf("▁it"));
	app.word = Math.min(app.word, side.pieces.length - 1);
	return select(app.words("words.word"), side.pieces.map((piece, i) => [i, `${i}: ${piece}`]), app.word, app.chosen("word", draw));
}

export async function wordsToVectors(app) {
	const { words, trace } = app;
	const body = await redrawn(async (draw) => {
		const side = sideChoice(app, draw);
		const { ids, pieces } = sideOf(app);
		const name = `${trace.embedding(app.side)}.tokens`;
		const [{ data }, lanes, matrix] = await Promise.all([trace.tensor(name), paths(app), new Board(app).tensor(name)]);
		const first = (i) => [0, 1, 2].map((column) => short(data[i * trace.width + column])).join(", ");
		const row = (piece, i) => h("tr", h("td", i), h("td.left", token(piece)), h("td", ids[i]), h("td.left", `→ [${first(i)}, …]`));
		const head = ["#", words("words.token"), words("words.id"), words("words.vector", { width: trace.width })];
		return [side, table("", head, pieces.map(row)), card(null, null, matrix), card(words("words.paths"), words("words.paths_why"), lanes)];
	});
	return chapter(words, "words", body);
}

async function paths(app) {
	const { words, trace } = app;
	const stack = app.side === "source" ? trace.stacks[0] : "decoder";
	const leaving = (part) => trace.operationsOf(part).at(-1).name;
	const all = [trace.embedding(app.side), ...trace.blocks(stack).map((block) => `${block}.feed_forward`)];
	const stops = some(all);
	const stages = await Promise.all(stops.map((part) => trace.plane(leaving(part))));
	const most = stages.map(greatest);
	const head = stops.map((part, i) => link(i ? partName(words, part.replace(".feed_forward", "")) : words("step.embedding_sum"), () => app.go("step", leaving(part))));
	const pieces = sideOf(app).pieces.slice(0, LANES);
	const lanes = (flat, stage) => h("td", { rowspan: pieces.length }, laneOf(flat, most[stage]));
	const row = (piece, i) => h("tr", h("th", { scope: "row" }, token(piece)), i === 0 && stages.map(lanes));
	return table(".lanes", ["", ...head], pieces.map(row));
}

/** The first numbers of every word's vector as one picture. */
function laneOf({ rows, columns, at }, most) {
	const shown = { rows: 2 * Math.min(rows, LANES), columns: Math.min(24, columns), at: (row, column) => (row % 2 ? at((row - 1) / 2, column) : -Infinity) };
	const canvas = picture(shown, "signed", most);
	canvas.className = "lane";
	canvas.style.height = `${LANE * Math.min(rows, LANES)}px`;
	return canvas;
}

function sinusoids(rows, width, interleaved) {
	return flatOf(Float32Array.from({ length: rows * width }, (_, i) => {
		const { angle, of } = wave(Math.floor(i / width), i % width, width, interleaved);
		return Math[of](angle);
	}), width);
}

export async function positions(app) {
	const { words, trace } = app;
	const formula = (column) => `${column % 2 ? "cos" : "sin"}(pos${column < 2 ? "" : " / 100"})`;
	const four = sinusoids(5, 4, true);
	const toyRow = (row) => h("tr", h("th", `pos ${row}`), [0, 1, 2, 3].map((column) => h("td", fixed(four.at(row, column), 4))));
	const toy = table("", ["", ...[0, 1, 2, 3].map(formula)], [0, 1, 2, 3, 4].map(toyRow));
	const heat = (key, kind, flat) => new Matrix({ title: words(key) + (trace.config.positions === kind ? ` · ${words("positions.own")}` : ""), flat, words }).element;
	const heats = [await learned(app, heat)];
	if (trace.width % 2 === 0) heats.push(heat("positions.interleaved", "sinusoidal", sinusoids(HEAT, trace.width, true)), heat("positions.concatenated", "sinusoidal-concatenated", sinusoids(HEAT, trace.width, false)));
	return chapter(
		words, "positions",
		card(words("positions.toy"), null, toy),
		card(words("positions.heat", { count: HEAT, width: trace.width }), null, h("div.inputs.wide", heats)),
		card(words("positions.added"), null, await added(app)),
	);
}

/** The table that a model with learned positions looks them up in. */
async function learned(app, heat) {
	const { byName, door, config } = app.trace;
	const name = byName.get(`${app.trace.embedding("source")}.positions`)?.parameters[0];
	return name && door.holds(name) ? heat("positions.learned", "learned", plane(await door.rows(name, 0, Math.min(HEAT, config.max_length)))) : null;
}

async function added(app) {
	const { words, trace } = app;
	if (!trace.byName.has(`${trace.embedding("source")}.positions`)) return h("p", words(`positions.${trace.config.positions}`));
	return redrawn(async (draw) => {
		const chosen = [sideChoice(app, draw), wordChoice(app, sideOf(app), draw)];
		const names = ["tokens", "positions", "sum"].map((last) => `${trace.embedding(app.side)}.${last}`);
		const flat = below(await Promise.all(names.map(async (name) => rowsOf(await trace.plane(name), app.word))));
		const labels = { rows: [words("positions.word"), `+ ${words("positions.place")}`, "="], columns: null };
		const onpick = (row, column) => app.picked(names[row], { head: 0, row: app.word, column });
		const matrix = new Matrix({ title: words("positions.sum", { word: sideOf(app).pieces[app.word] }), flat, labels, words, onpick, least: 46 });
		return [h("div.choices", chosen), matrix.element];
	});
}
