// The address says what is seen: "#view/part/row,column?head=2&word=12&text=…" (docs/seeing.md).

/** Numbers from `from` on, as people count them; null for what is none. */
const counted = (from) => ({ read: (text) => (/^\d{1,6}$/.test(text) && text >= from ? text - from : null), write: (value) => value + from });
const [zero, one, real] = [counted(0), counted(1), { read: (text) => (Number.isFinite(parseFloat(text)) ? parseFloat(text) : null) }];
/** "HEAD,ROW,COLUMN" of a tensor, or without the head where it is the one that is shown; else null. */
function cellOf(name, at = "") {
	const [column, row, head] = at.split(",").reverse();
	const cell = { name, head: one.read(head), row: zero.read(row), column: zero.read(column) };
	return cell.row === null || cell.column === null ? null : cell;
}

const KINDS = {
	text: {}, to: {}, beam: zero, more: zero, hypothesis: zero, lang: {}, attention: {}, sublayer: {}, head: one, word: zero, position: one, step: one, card: one, validation: one, pair: {},
	side: { read: (text) => (text === "target" ? text : "source") },
	heads: { read: (text) => new Set(text.split(",").map(one.read).filter((head) => head !== null)), write: (heads) => [...heads].sort((a, b) => a - b).map(one.write).join() },
	temperature: real, smoothing: real,
	cell: { read: (text) => cellOf(...text.split("/")), write: ({ name, head, row, column }) => `${name}/${head === null ? "" : `${head + 1},`}${row},${column}` },
};
export const SENTENCE = ["text", "to", "beam", "more", "hypothesis"];

/** { view, part, cell, given }; what is not understood is left out. */
export function parsed(address) {
	const [path, ...query] = address.replace(/^#/, "").split("?");
	const [view, part, at] = written(path).split("/");
	const given = {};
	for (const [name, text] of new URLSearchParams(query.join("?"))) {
		const value = Object.hasOwn(KINDS, name) ? (KINDS[name].read ?? String)(text) : null;
		if (value !== null) given[name] = value;
	}
	return { view, part: part || null, cell: cellOf(part, at) ?? given.cell ?? null, given };
}

/** values: what is chosen there, by its name. */
export function addressOf({ view, part, cell }, values) {
	const own = cell?.name === part;
	const at = own ? `/${cell.row},${cell.column}` : "";
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries({ ...values, cell: own ? null : cell })) if (value !== null && value !== undefined) query.set(name, (KINDS[name].write ?? String)(value));
	return `#${view}${part ? `/${encodeURI(part)}` : ""}${at}${query.size ? "?" : ""}${String(query).replace(/%2[CF]/g, decodeURIComponent)}`;
}

/** Without its percent signs; what is broken leads to the beginning. */
function written(path) {
	try {
		return decodeURIComponent(path);
	} catch {
		return "";
	}
}
