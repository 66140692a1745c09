// The trace's document, and what its names mean: parts, layers, labels of rows and columns.

export class Trace {
	/** door: where its tensors come from. */
	constructor(told, door) {
		const { config, source: reading, target: writing } = told.trace;
		Object.assign(this, told.trace, { told, door, reading, writing, width: config.width, headWidth: config.head_width ?? config.width / config.heads });
		this.byName = new Map(this.operations.map((one) => [one.name, one]));
		this.known = new Map([reading, writing, this.predicted].flatMap(({ ids, pieces }) => ids.map((id, i) => [id, pieces[i]])));
		this.heads = [...Array(config.heads).keys()];
	}

	tensor(name) {
		return this.door.tensor(name);
	}

	/** One matrix of a tensor. */
	async plane(name, head) {
		return plane(await this.tensor(name), head);
	}

	/** Blocks, the first one first: ["encoder.layers.0", …]. */
	blocks(stack) {
		const count = this.config[`${stack}_layers`];
		return [...Array(count).keys()].map((number) => `${stack}.layers.${number}`);
	}

	sublayers(block) {
		const kinds = block.startsWith("encoder") ? ["self_attention", "feed_forward"] : ["self_attention", "cross_attention", "feed_forward"];
		return kinds.map((kind) => `${block}.${kind}`);
	}

	/** Every part that has operations, in reading order: [{ part, operations }]. */
	get groups() {
		const groups = [];
		for (const one of this.operations) {
			const part = partOf(one.name);
			if (groups.at(-1)?.part !== part) groups.push({ part, operations: [] });
			groups.at(-1).operations.push(one);
		}
		return groups;
	}

	get parts() {
		return this.groups.map((one) => one.part);
	}

	operationsOf(part) {
		return this.operations.filter((one) => partOf(one.name) === part);
	}

	piece(id) {
		return this.settings.pieces?.[id] ?? this.known.get(id) ?? `#${id}`;
	}

	/** The sentence along a tensor's rows. */
	rowSide(name) {
		const fromMemory = /cross_attention\.(key|value)$/.test(name);
		return name.startsWith("encoder") || name.startsWith("source") || fromMemory ? this.reading : this.writing;
	}

	columnSide(name) {
		return /^encoder|cross_attention/.test(name) ? this.reading : this.writing;
	}

	/** Labels for rows and columns of a tensor as it is drawn. */
	labels(name) {
		const shape = this.shapes[name];
		const [rows, columns] = shape.slice(-2);
		const rowLabels = name.startsWith("masks.") && rows === 1 ? [""] : this.rowSide(name).pieces;
		if (name === "masks.source") return { rows: rowLabels, columns: this.reading.pieces };
		if (isBetweenWords(name)) return { rows: rowLabels, columns: this.columnSide(name).pieces };
		if (name.startsWith("output.")) return { rows: rowLabels, columns: (column) => this.piece(column) };
		return { rows: rowLabels, columns: columns === 1 ? [""] : null };
	}
}

/** A sub-layer, of its operations and its residual's; "encoder" of what leaves the stack. */
export function partOf(name) {
	const layer = /^((?:en|de)coder\.layers\.\d+\.\w+?)(?:_residual)?\.\w+$/.exec(name);
	return layer ? layer[1] : name.slice(0, name.lastIndexOf("."));
}

export const blockOf = (part) => /^((?:en|de)coder\.layers\.\d+)/.exec(part)?.[1] ?? null;
export const stackOf = (part) => (part.startsWith("encoder") || part.startsWith("source") ? "encoder" : "decoder");
export const kindOf = (part) => /\.layers\.\d+\.(\w+)$/.exec(part)?.[1] ?? part;
export const lastOf = (name) => name.slice(name.lastIndexOf(".") + 1);

/** Whether a tensor has a row and a column for each word: scores, weights, masks. */
export function isBetweenWords(name) {
	return /\.(scores|scaled|masked|weights)$/.test(name) || name === "masks.target";
}

/** Probabilities and masks have one hue over [0, 1], what is never negative one from 0, all others two about zero. */
export function colouring(name) {
	if (/(variance|mean_square|ids)$/.test(name)) return "positive";
	return /\.weights$|^output\.probabilities$|^masks\./.test(name) && !name.endsWith("weight") ? "probability" : "signed";
}

/** Numbers, row by row, as a matrix. */
export function flatOf(values, columns) {
	return { rows: values.length / columns, columns, values, at: (row, column) => values[row * columns + column] };
}

/** One matrix of a tensor: its head where it has heads. */
export function plane(tensor, head = 0) {
	const [rows, columns] = tensor.shape.length === 1 ? [tensor.shape[0], 1] : tensor.shape.slice(-2);
	const start = tensor.shape.length > 2 ? head * rows * columns : 0;
	return flatOf(tensor.data.subarray(start, start + rows * columns), columns);
}

export const turned = (flat) => ({ ...flat, rows: flat.columns, columns: flat.rows, at: (row, column) => flat.at(column, row) });

export const rowsOf = ({ values, columns }, from, count = 1) => flatOf(values.subarray(from * columns, (from + count) * columns), columns);

/** Matrices of equal width, one below the other. */
export function below(flats) {
	const values = new Float32Array(flats.reduce((sum, one) => sum + one.values.length, 0));
	flats.reduce((at, one) => (values.set(one.values, at), at + one.values.length), 0);
	return flatOf(values, flats[0].columns);
}
