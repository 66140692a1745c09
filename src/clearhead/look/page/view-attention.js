// Queries, keys and values; the six steps of self-attention; many heads.

import { chapter, redrawn } from "./article.js";
import { Board } from "./board.js";
import { picture } from "./colours.js";
import { card, h, link, player, short, token } from "./dom.js";
import { Matrix, greatest } from "./matrix.js";
import { below, leastOf, plane, rowsOf } from "./trace.js";
import { attentionChoice, headChoice } from "./view-steps.js";
import { wordChoice } from "./view-words.js";

/** Of each word in one head, and of one word in every head. */
export async function vectors(app) {
	const { words, trace } = app;
	const body = await redrawn(async (draw) => {
		const attention = attentionChoice(app, draw);
		const board = new Board(app);
		const names = ["query", "key", "value"].map((last) => `${app.attention}.${last}`);
		const word = wordChoice(app, trace.rowSide(names[0]), draw);
		const every = await Promise.all(names.map((name, i) => board.tensor(name, { head: app.head, note: words(`why.step.${["query", "key", "value"][i]}`) })));
		const own = await Promise.all(names.map((name) => ofOneWord(app, name)));
		return [
			h("div.choices", attention, headChoice(app, draw)),
			h("div.cards", every.map((one) => card(null, null, one))),
			h("h2", words("vectors.every_head")), h("div.choices", word), h("div.inputs", own),
		];
	});
	return chapter(words, "vectors", body);
}

async function ofOneWord(app, name) {
	const { words, trace } = app;
	const tensor = await trace.tensor(name);
	const { pieces } = trace.rowSide(name);
	const row = Math.min(app.word, pieces.length - 1);
	const flat = below(trace.heads.map((head) => rowsOf(plane(tensor, head), row)));
	const labels = { rows: trace.heads.map((head) => words("head.one", { number: head + 1 })), columns: null };
	const onpick = (head, column) => app.picked(name, { head, row, column });
	return new Matrix({ title: `${words(`step.${name.split(".").at(-1)}`)} · ${pieces[row]}`, flat, labels, words, onpick }).element;
}

/** A vector, or the beginning of one, as a strip of colours. */
export function strip(values, most) {
	const shown = values.subarray(0, 64);
	const canvas = picture({ rows: 1, columns: shown.length, at: (_, column) => shown[column] }, "signed", most);
	canvas.className = "strip";
	canvas.style.width = `${4 * shown.length}px`;
	return canvas;
}

/** The six steps of self-attention for one word, one after the other. */
export async function sixSteps(app) {
	const { words, trace } = app;
	const body = await redrawn(async (draw) => {
		const attention = attentionChoice(app, draw);
		const word = wordChoice(app, trace.rowSide(`${app.attention}.scores`), draw);
		const names = ["query", "key", "value", "scores", "scaled", "masked", "weights", "context"];
		const of = Object.fromEntries(await Promise.all(names.map(async (last) => [last, await trace.plane(`${app.attention}.${last}`, app.head)])));
		const table = h("div.scroll.six-box", { tabindex: 0 });
		const told = h("p.told-step", { "aria-live": "polite" });
		const show = (number) => {
			app.choose("step", number, false);
			told.textContent = words(`six.${number + 1}`);
			table.replaceChildren(sixTable(app, of, number));
			// To the row that gives most.
			const { values } = rowsOf(of.weights, app.word);
			const row = table.querySelectorAll("tbody tr")[values.filter((one) => one > leastOf(values)).indexOf(Math.max(...values))];
			requestAnimationFrame(() => (table.scrollTop = number && row.offsetTop + (row.offsetHeight - table.clientHeight) / 2));
		};
		return [h("div.choices", attention, headChoice(app, draw), word), h("div.stay", player(6, words, show, app.step), told), table];
	});
	return chapter(words, "six", body);
}

function sixTable(app, of, number) {
	const { words, trace, word } = app;
	const { pieces } = trace.columnSide(`${app.attention}.scores`);
	const vector = (last, row) => rowsOf(of[last], row).values;
	const least = leastOf(vector("weights", word));
	const [mostKey, mostValue] = [greatest(of.key), greatest(of.value)];
	const cell = (last, column) => link(short(of[last].at(word, column)), () => app.picked(`${app.attention}.${last}`, { head: app.head, row: word, column }));
	const weighted = (column) => vector("value", column).map((one) => one * of.weights.at(word, column));
	const columns = [
		[words("six.key"), (column) => strip(vector("key", column), mostKey), 0],
		[words("step.scores"), (column) => cell("scores", column), 1],
		["÷ √d_k", (column) => cell("masked", column), 2],
		[words("step.weights"), (column) => [bar(of.weights.at(word, column)), cell("weights", column)], 3],
		[words("step.value"), (column) => strip(vector("value", column), mostValue), 0],
		[words("six.weighted"), (column) => strip(weighted(column), mostValue), 4],
	];
	const shown = columns.filter(([, , from]) => number >= from);
	const row = (piece, column) => h("tr", h("th", { scope: "row" }, token(piece)), shown.map(([, draw]) => h("td", draw(column))));
	const context = vector("context", word);
	const sum = number >= 5 && h("tr.sum", h("th", words("six.sum")), h("td", { colspan: shown.length }, strip(context, mostValue), ` ${Array.from(context.slice(0, 4), short).join(", ")}, …`));
	const query = h("caption", `${words("step.query")}: `, token(trace.rowSide(`${app.attention}.scores`).pieces[word]), " ", strip(vector("query", word), greatest(of.query)));
	return h("table.six", query, h("thead", h("tr", h("td"), shown.map(([title]) => h("th", title)))), h("tbody", pieces.map((piece, i) => of.weights.at(word, i) > least && row(piece, i))), sum && h("tfoot", sum));
}

export function bar(value) {
	return h("span.share", { "aria-hidden": "true" }, h("i", { style: { width: `${Math.max(0, Math.min(100, 100 * value))}%` } }));
}

export function thumbnail(flat, width = 88, height = width, kind = "probability") {
	// Of a large matrix every few numbers.
	const by = Math.ceil(flat.rows / 256);
	const canvas = picture({ rows: Math.ceil(flat.rows / by), columns: Math.ceil(flat.columns / by), at: (row, column) => flat.at(row * by, column * by) }, kind, kind === "signed" ? greatest(flat) : 1);
	canvas.className = "thumbnail";
	Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
	return canvas;
}

/** All heads as pictures; side by side, times W_O; a recap. */
export async function heads(app) {
	const { words, trace } = app;
	const body = await redrawn(async (draw) => {
		const attention = attentionChoice(app, draw);
		const board = new Board(app);
		const own = app.attention;
		const chosen = app.chosen("head", draw);
		const thumb = (head) => h("button.thumb", { "aria-pressed": String(head === app.head), onclick: () => chosen(head) }, thumbnail(plane(weights, head)), h("span", words("head.one", { number: head + 1 })));
		const [weights, large] = await Promise.all([trace.tensor(`${own}.weights`), board.tensor(`${own}.weights`, { head: app.head })]);
		const every = [h("div.choices", attention), h("div.thumbs", trace.heads.map(thumb)), card(null, null, large)];
		if (trace.alone) return every;
		const [concatenated, matrix, output, recap] = await Promise.all([
			board.tensor(`${own}.concatenated`, { note: words("why.step.concatenated") }),
			board.weight(`${own}.output.weight`, { title: "W_O" }),
			board.tensor(`${own}.output`, { note: words("why.step.attention_output") }),
			drawRecap(app),
		]);
		return [
			...every,
			card(words("heads.together"), null, concatenated, matrix, output),
			card(words("heads.recap"), null, recap),
		];
	});
	return chapter(words, "heads", body);
}

async function drawRecap({ words, trace, attention }) {
	const [weights, ...tensors] = await Promise.all(["weights", "concatenated", "output"].map((last) => trace.tensor(`${attention}.${last}`)));
	const [concatenated, output] = tensors.map(({ data }) => strip(data.subarray(0, Math.min(32, trace.width)), greatest({ values: data })));
	const { pieces } = trace.rowSide(`${attention}.scores`);
	const stage = (title, ...inside) => h("li", h("span.label", title), inside);
	return h("ol.recap", [
		stage(words("recap.words"), h("span.tokens", pieces.slice(0, 4).map(token), pieces.length > 4 && "…")),
		stage(words("recap.project", { heads: trace.heads.length, width: trace.headWidth }), h("span", "X·W_Q, X·W_K, X·W_V")),
		stage(words("recap.attend"), h("span.row", trace.heads.map((head) => thumbnail(plane(weights, head), 36)))),
		stage(words("recap.concatenate", { width: trace.width }), concatenated),
		stage(words("recap.output"), output),
	]);
}
