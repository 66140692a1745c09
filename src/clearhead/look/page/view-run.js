// What the run wrote of itself: its curves, and what the model wrote at each validation; both grow while it trains.

import { card, exact, h, s, slider, table } from "./dom.js";
import { grouped } from "./words.js";

// Milliseconds between two looks at a run that may still train.
const EVERY = 5000;
const COLOURS = 4;

export function runCards(app) {
	const { words } = app;
	const [curves, samples] = [h("div"), h("div")];
	const box = h("div", card(words("training.curves"), null, curves), samples);
	const draw = () => {
		curves.replaceChildren(panels(app));
		const written = validations(app.told.run.samples);
		samples.replaceChildren(...(written.length ? [card(words("training.samples"), words("training.samples_why"), samplesAt(app, written))] : []));
	};
	draw();
	if (app.source.live) watch(app, box, draw);
	return box;
}

/** Look again and again while the view is shown; a server that is gone is no news. */
function watch(app, box, draw) {
	const { told, source } = app;
	const timer = setInterval(async () => {
		if (!box.isConnected) return clearInterval(timer);
		if (document.hidden) return;
		const run = await source.run().catch(() => told.run);
		if (JSON.stringify(run) === JSON.stringify(told.run)) return;
		told.run = run;
		if (app.told === told) draw();
	}, EVERY);
}

function panels({ words, told }) {
	const { curves, best } = told.run;
	const drawn = Object.entries(curves).filter(([, lines]) => Object.values(lines).some((points) => points.length > 1));
	if (!drawn.length) return h("p", words("training.no_history"));
	const note = best === null ? null : h("p.note", words("training.best", { step: best }));
	const last = Math.max(...drawn.flatMap(([, lines]) => Object.values(lines).map((points) => points.at(-1)[0])));
	return h("div", note, h("div.inputs", drawn.map(([panel, lines]) => figure(words, panel, lines, last, best))));
}

/** One panel: a curve of each name, and the step of the best validation. */
function figure(words, panel, lines, last, best) {
	const curves = Object.entries(lines).map(([name, points]) => [name, points.filter(([, value]) => value !== null)]).filter(([, points]) => points.length);
	const [width, height, left, below] = [420, 200, 58, 26];
	const most = Math.max(...curves.flatMap(([, points]) => points.map(([, value]) => value)));
	const first = Math.min(...curves.map(([, points]) => points[0][0]));
	const x = (step) => left + ((step - first) / Math.max(1, last - first)) * (width - left - 12);
	const y = (value) => 12 + (1 - value / (most || 1)) * (height - 12 - below);
	const line = (points) => points.map(([step, value], i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join(" ");
	// A curve of one point is that point.
	const curve = ([, points], i) => s(`path.drawn.curve-${i % COLOURS}`, { d: `${line(points)}${points.length > 1 ? "" : "h.1"}` });
	const text = (at, down, anchor, content) => s("text", { x: at, y: down, "text-anchor": anchor }, content);
	const axes = s("path.axis", { d: `M${left} 12V${height - below}H${width - 12}` });
	const upright = best !== null && s("path.axis.best", { d: `M${x(best).toFixed(1)} 12V${height - below}` });
	const labels = [text(left - 6, 17, "end", three(most)), text(left - 6, height - below, "end", "0"), text(left, height - 8, "start", grouped(first)), text(width - 12, height - 8, "end", `${words("training.step")} ${grouped(last)}`)];
	const title = words(`training.${panel}`);
	const said = curves.map(([name, points]) => [curveName(words, name), way(points)]);
	const alone = said.length === 1;
	const described = alone ? `${title}: ${said[0][1]}` : title;
	const legend = !alone && h("ul.legend", said.map(([name, numbers], i) => h(`li.curve-${i % COLOURS}`, `${name}: ${numbers}`)));
	const label = alone ? described : `${title}: ${said.map((one) => one.join(" ")).join("; ")}`;
	return h("figure.curve", h("figcaption", described), s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, axes, upright, curves.map(curve), labels), legend);
}

const three = (value) => exact(value, 3);

/** From where to where a curve goes; the peak too, where it is at neither end. */
function way(points) {
	const values = points.map(([, value]) => value);
	const ends = [values[0], Math.max(...values), values.at(-1)];
	const told = ends.filter((one, i, all) => i !== 1 || (one > all[0] && one > all[2]));
	return (points.length > 1 ? told : [values[0]]).map(three).join(" → ");
}

/** Losses have words; figures and sets have their own names. */
function curveName(words, name) {
	const own = name.replace(/^validation\//, "");
	return words(`curve.${own}`, {}, own);
}

/** The validations in their order: [step, its samples]. */
function validations(samples) {
	const found = new Map();
	for (const one of samples) found.set(one.step, [...(found.get(one.step) ?? []), one]);
	return [...found];
}

function samplesAt(app, written) {
	const { words } = app;
	const box = h("div");
	const named = written.some(([, texts]) => texts.some((one) => one.set));
	const last = written.length - 1;
	const row = (one) => {
		const right = one.hypothesis === one.reference;
		const cells = [one.source, one.reference].map((text) => h("td.left", text));
		return h("tr", named && h("th", { scope: "row" }, one.set ?? ""), cells, h(right ? "td.left.chosen" : "td.left", one.hypothesis));
	};
	const head = [...(named ? [words("samples.set")] : []), ...["source", "reference", "hypothesis"].map((one) => words(`samples.${one}`))];
	const choice = slider(words("training.validation"), { min: 0, max: last, step: 1, value: Math.min(app.validation ?? last, last) }, (place) => {
		// Whoever looks at the newest one goes on with the newest.
		app.choose("validation", place === last ? null : place, false);
		const [step, texts] = written[place];
		box.replaceChildren(table(".samples", head, texts.map(row)));
		return `${words("training.step")} ${grouped(step)}`;
	});
	return [last > 0 && h("div.choices", choice), box];
}
