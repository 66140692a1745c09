// The pencil: the blanks of a sheet filled in on the screen, each checked as it is typed.

import { h } from "./dom.js";

/** say(key, { name: value }): a text of the sheet's catalogue with {name} replaced. */
export const speaker = (texts) => (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** Text with its powers and indices raised and lowered: e^(−2), W_Q. */
export function raised(text) {
	const parts = text.split(/(\^\([^()]*\)|\^[\p{L}\p{N}]+|(?<=\bW)_[QKVO])/u);
	return parts.map((part) => (part[0] === "^" ? h("sup", {}, part.replace(/^\^\(?|\)$/g, "")) : /^_[QKVO]$/.test(part) ? h("sub", {}, part[1]) : part));
}

/** What was typed and what the sheet says, in one spelling. */
function plain(text) {
	const tidy = text.trim().toLowerCase().replaceAll("−", "-").replace(/[⟨⟩]/g, "").replace(/\s+/g, " ");
	return tidy.replace(/^-(inf(inity)?|oo)$/, "-∞").replace(/^(-?)\./, "$10.");
}

function number(text) {
	const [above, below = "1"] = text.replace(",", ".").split("/");
	return /^-?\d+(\.\d*)?$/.test(above) && /^\d+$/.test(below) ? above / below : NaN;
}

/** The same word, or the same number: as near to it as it is rounded, and a fraction to three decimals. */
export function isRight(typed, { text, working }) {
	const [given, answer] = [plain(typed), plain(text)];
	const decimals = working.includes("≈") ? (answer.split(".")[1] ?? "").length : answer.includes("/") ? 3 : 9;
	return given === answer || Math.abs(number(given) - number(answer)) < 0.5 * 10 ** -decimals;
}

// What was written into each sheet, by its name, for as long as the page is open.
const sheets = new Map();

/** What was written before: where the browser lets pages keep anything, it outlives a reload. */
function kept(name) {
	if (!sheets.has(name)) sheets.set(name, stored(name));
	return sheets.get(name);
}

function stored(name) {
	try {
		const found = JSON.parse(localStorage.getItem(name));
		return Array.isArray(found) ? found.map(String) : [];
	} catch {
		return [];
	}
}

function store(name, typed) {
	try {
		if (typed.some(Boolean)) localStorage.setItem(name, JSON.stringify(typed));
		else localStorage.removeItem(name);
	} catch {
		// As in a notebook's frame: then it lasts as long as the page.
	}
}

/**
 * Puts an input into each place, and returns the bar that goes with them: how many are right, what is said of the blank
 * that the reader is at, its sum as a hint.
 *
 * cells: { text, working, place } of every blank in reading order; places: the elements that stand for them;
 * name: the sheet's, by which what is written is kept until all is cleared.
 */
export function pencil(cells, places, say, name) {
	let at = 0;
	const own = `clearhead ${name}`;
	const typed = kept(own);
	const told = h("p", { class: "told", role: "status" }, say(typed.some(Boolean) ? "pencil.kept" : "pencil.begin"));
	const bar = h("progress", { max: cells.length, "aria-label": say("pencil.right") });
	const count = h("span", { class: "count" });

	const inputs = cells.map((cell, i) => {
		const input = h("input", {
			type: "text", value: typed[i] ?? "", "aria-label": cell.place, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
			onfocus: () => { at = i; },
			oninput: () => judge(i, false, true),
			onchange: () => judge(i, true, true),
			onkeydown: (event) => key(event, i),
		});
		places[i].replaceChildren(input);
		return input;
	});

	/** isDone: the reader has left the blank, so that what might have become right no longer can. */
	function judge(i, isDone, aloud) {
		const [cell, text] = [cells[i], inputs[i].value];
		typed[i] = text;
		if (aloud) store(own, typed);
		const right = isRight(text, cell);
		const wrong = text.trim() !== "" && !right && (isDone || !plain(cell.text).startsWith(plain(text)));
		if (right || wrong) places[i].dataset.mark = right ? "✓" : "✗";
		else delete places[i].dataset.mark;
		inputs[i].setAttribute("aria-invalid", wrong);
		const all = places.filter((one) => one.dataset.mark === "✓").length;
		bar.value = all;
		count.textContent = `${all} / ${cells.length}`;
		if (!aloud) return;
		if (right) tell(all === cells.length ? say("pencil.done", { count: all }) : `✓ ${cell.working || cell.text}`);
		else tell(wrong ? `✗ ${cell.place}: ${say("pencil.wrong")}` : "");
	}

	const tell = (text) => told.replaceChildren(...raised(text));

	function hint() {
		const { place, working } = cells[at];
		const sum = /[=≈] (.*)/.exec(working)?.[1] ?? /\((.*)\)/.exec(working)?.[1];
		tell(`${place}: ${sum ?? say("pencil.choose")}`);
		inputs[at].focus();
	}

	function answer() {
		inputs[at].value = cells[at].text;
		judge(at, true, true);
		inputs[at].focus();
	}

	function again() {
		inputs.forEach((input, i) => {
			input.value = "";
			judge(i, true, false);
		});
		store(own, typed);
		tell(say("pencil.begin"));
		inputs[0].focus();
	}

	/** Enter goes to the next blank that is not right yet, with Shift to the one before; ? shows the sum. */
	function key(event, i) {
		if (event.key === "?") hint();
		else if (event.key === "Enter") {
			const by = event.shiftKey ? cells.length - 1 : 1;
			judge(i, true, true);
			let next = (i + by) % cells.length;
			while (next !== i && places[next].dataset.mark === "✓") next = (next + by) % cells.length;
			inputs[next].focus();
		} else return;
		event.preventDefault();
	}

	inputs.forEach((_, i) => judge(i, true, false));
	// The blank keeps the focus, and a telephone its keyboard.
	const button = (name, onclick) => h("button", { type: "button", onclick, onmousedown: (event) => event.preventDefault() }, say(name));
	const buttons = [button("pencil.hint", hint), button("pencil.answer", answer), button("pencil.again", again)];
	return h("div", { class: "pencil-bar" }, h("div", { class: "row" }, bar, count, buttons), told);
}
