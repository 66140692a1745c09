// The trace's document, and what its names mean.

// Of a tensor of more numbers only what is looked at is fetched.
const MOST = 2 ** 20;

export class Trace {
	groups = [];

	/** door: where its tensors come from. run: what their names begin with there; "" or "other/". */
	constructor(told, door, run = "") {
		const { config, source, target, text } = told.trace;
		const [reading, writing] = [source ?? text, target ?? text];
		// What was to stand at each place that has probabilities.
		const predicted = told.trace.predicted ?? text;
		Object.assign(this, told.trace, { told, door, run, reading, writing, predicted, width: config.width, headWidth: config.head_width ?? config.width / config.heads });
		this.kinds = { "decoder-only": ["gpt", "one"], "encoder-only": ["bert", "one"] }[this.family] ?? [];
		this.vocabulary = config.target_vocabulary ?? config.vocabulary;
		this.likeliest = run ? told.other : told.likeliest;
		this.other = told.other && !run ? new Trace(told, door, "other/") : null;
		this.byName = new Map(this.operations.map((one) => [one.name, one]));
		// Of a model that ends at once, the end.
		this.said = predicted.text || predicted.pieces.at(-1);
		this.known = new Map([reading, writing, predicted].flatMap(({ ids, pieces }) => ids.map((id, i) => [id, pieces[i]])));
		this.alone = this.settings.only === "attention";
		this.heads = this.settings.heads ?? [...Array(config.heads).keys()];
		// Every part that has operations, in reading order.
		for (const one of this.operations) {
			const part = partOf(one.name);
			if (this.groups.at(-1)?.part !== part) this.groups.push({ part, operations: [] });
			this.groups.at(-1).operations.push(one);
		}
		this.parts = this.groups.map((one) => one.part);
		this.stacks = ["encoder", "decoder"].filter((stack) => !text || this.family.startsWith(stack));
	}

	/** A tensor; where it is large, at least so many rows of a head's matrix. */
	tensor(name, head = null, row = 0, count = Infinity) {
		const shape = this.shapes[name];
		const [rows, columns] = shape.slice(-2);
		if (head === null || shape.reduce((a, b) => a * b, 1) <= MOST) return this.door.tensor(this.run + name);
		return this.door.tensor(this.run + name, ((shape.length > 2 ? head : 0) * rows + row) * columns, Math.min(rows - row, count) * columns);
	}

	/** One matrix of a tensor, or at least some rows of it. */
	async plane(name, head = 0, ...rows) {
		return plane(await this.tensor(name, head, ...rows), head);
	}

	/** One matrix, which fetches of many rows those that are looked at. */
	async opened(name, head) {
		const most = Math.max(1, Math.floor(MOST / this.shapes[name].at(-1)));
		const flat = await this.plane(name, head, 0, most);
		flat.see = async (first, last, draw) => {
			const [from, held] = [flat.first / flat.columns, flat.values.length / flat.columns];
			if (held === flat.rows || (first >= from && Math.min(last, first + held) <= from + held)) return;
			const { values, at, first: before } = await this.plane(name, head, Math.min(first, flat.rows - held), held);
			draw(Object.assign(flat, { values, at, first: before }));
		};
		return flat;
	}

	blocks(stack) {
		return this.stacks.includes(stack) ? [...Array(this.config[`${stack}_layers`] ?? this.config.layers).keys()].map((number) => `${stack}.layers.${number}`) : [];
	}

	sublayers(block) {
		return this.parts.filter((part) => part.startsWith(`${block}.`));
	}

	stackOf(part) {
		return this.stacks[1] ? (/^(encoder|source)/.test(part) ? "encoder" : "decoder") : this.stacks[0];
	}

	embedding(side) {
		return this.byName.has("embedding.tokens") ? "embedding" : `${side}_embedding`;
	}

	operationsOf(part) {
		return this.groups.filter((one) => one.part === part).flatMap((one) => one.operations);
	}

	piece(id) {
		return this.settings.pieces?.[id] ?? this.known.get(id) ?? `#${id}`;
	}

	rowSide(name) {
		const fromMemory = /cross_attention\.(key|value)$/.test(name);
		return name.startsWith("encoder") || name.startsWith("source") || fromMemory ? this.reading : this.writing;
	}

	columnSide(name) {
		return /^encoder|cross_attention/.test(name) ? this.reading : this.writing;
	}

	labels(name) {
		const shape = this.shapes[name];
		const [rows, columns] = shape.slice(-2);
		const rowLabels = /^(masks?\b|pooler|classifier)/.test(name) && rows === 1 ? [""] : this.rowSide(name).pieces;
		if (name === "masks.source") return { rows: rowLabels, columns: this.reading.pieces };
		if (name.startsWith("classifier.")) return { rows: rowLabels, columns: this.settings.labels ?? null };
		if (isBetweenWords(name)) return { rows: rowLabels, columns: this.columnSide(name).pieces };
		if (name.startsWith("output.")) return { rows: rowLabels, columns: (column) => this.piece(column) };
		return { rows: rowLabels, columns: columns === 1 ? [""] : null };
	}
}

/** A sub-layer, of its residual's operations too; "encoder" of what leaves the stack. */
export function partOf(name) {
	const layer = /^((?:en|de)coder\.layers\.\d+\.\w+?)(?:_residual)?\.\w+$/.exec(name);
	return layer ? layer[1] : name.slice(0, name.lastIndexOf("."));
}

export const blockOf = (part) => /^((?:en|de)coder\.layers\.\d+)/.exec(part)?.[1] ?? null;
export const kindOf = (part) => /\.layers\.\d+\.(\w+)$/.exec(part)?.[1] ?? part;
export const lastOf = (name) => name.slice(name.lastIndexOf(".") + 1);

/** Whether a tensor has a row and a column for each word. */
export function isBetweenWords(name) {
	return /\.(scores|scaled|biased|masked|weights|position_bias|buckets|distances)$|^mask(s.target)?$/.test(name);
}

/** Probabilities and masks have one hue, what is never negative another, all else two about zero. */
export function colouring(name) {
	if (/(variance|mean_square|ids|kinds|buckets)$/.test(name)) return "positive";
	return /\.weights$|\.probabilities$|^masks?\b/.test(name) && !name.endsWith("weight") ? "probability" : "signed";
}

/** Numbers, row by row, as a matrix; `first` of them may be missing, and others behind. */
export function flatOf(values, columns, rows = values.length / columns, first = 0) {
	return { rows, columns, values, first, at: (row, column) => values[row * columns + column - first] };
}

/** One matrix of a tensor: its head where it has heads. */
export function plane(tensor, head = 0) {
	const [rows, columns] = tensor.shape.length === 1 ? [tensor.shape[0], 1] : tensor.shape.slice(-2);
	const start = (tensor.shape.length > 2 ? head * rows * columns : 0) - (tensor.start ?? 0);
	return flatOf(tensor.data.subarray(Math.max(0, start), start + rows * columns), columns, rows, Math.max(0, -start));
}

export const turned = (flat) => ({ ...flat, rows: flat.columns, columns: flat.rows, at: (row, column) => flat.at(column, row) });

export const rowsOf = ({ values, columns, first }, from, count = 1) => flatOf(values.subarray(from * columns - first, (from + count) * columns - first), columns);

export const MOST_WORDS = 48;
export const leastOf = (weights) => (weights.length > MOST_WORDS ? weights.toSorted((a, b) => b - a)[MOST_WORDS] : -1);

/** All, or some of many, the last one too. */
export const some = (all, most = 9) => all.filter((_, i) => i % Math.ceil(all.length / most) === 0 || i === all.length - 1);

export function below(flats) {
	const values = new Float32Array(flats.reduce((sum, one) => sum + one.values.length, 0));
	flats.reduce((at, one) => (values.set(one.values, at), at + one.values.length), 0);
	return flatOf(values, flats[0].columns);
}
