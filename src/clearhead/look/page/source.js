// Where a trace comes from: the server that this page was served by, or the data inside this file.

/** What the page was opened with: { document, source, language }. */
export async function open() {
	const embedded = document.getElementById("data");
	if (!embedded) {
		const source = new Served();
		return { document: await source.first(), source, language: document.querySelector("meta[name=language]")?.content };
	}
	const data = JSON.parse(embedded.textContent);
	return { document: data.document, source: new Embedded(data), language: data.language };
}

/** Keeps what was fetched while it takes less than 200 MB. */
class Kept {
	size = 0;
	all = new Map();

	get(key, fetched) {
		if (!this.all.has(key)) {
			const promise = fetched();
			this.all.set(key, promise);
			promise.then(
				(tensor) => this.count(tensor.data.byteLength),
				() => this.all.delete(key),
			);
		}
		return this.all.get(key);
	}

	count(bytes) {
		this.size += bytes;
		if (this.size <= 200e6) return;
		this.all.clear();
		this.size = 0;
	}
}

class Served {
	kept = new Kept();
	live = true;
	told; asked;

	async first() {
		const told = await answer(await got("/trace"));
		return this.opened(told, askedFor(told));
	}

	/** The trace of a sentence, or of another hypothesis. */
	async ask({ text, to, beam, more, hypothesis }) {
		const told = await posted("/trace", { text, to: to ?? null, beam_size: beam ?? 1, max_tokens: more ?? 0 });
		return hypothesis === null ? told : posted(`/trace/${told.id}/follow`, { node: hypothesis });
	}

	/** Where the decoder looked in the step that chose a node's children. */
	moment(parent) {
		return this.fetched(`moment?parent=${parent}`);
	}

	/** What the run that trains the model has written of itself by now. */
	async run() {
		return answer(await got("/run"));
	}

	holds() {
		return true;
	}

	opened(told, asked) {
		Object.assign(this, { id: told.id, told, asked, kept: new Kept() });
		return told;
	}

	/** The server keeps some traces only, so it may have to make this one again. */
	async numbers(what, start) {
		const { id, told, asked } = this;
		let response = await got(`/trace/${id}/${what}`);
		if (response.status === 404) {
			const again = await this.ask(asked);
			if (JSON.stringify(again.trace) !== JSON.stringify(told.trace)) throw failure({ key: "changed" });
			if (this.id === id) this.id = again.id;
			response = await got(`/trace/${again.id}/${what}`);
		}
		if (!response.ok) throw failure(await response.json());
		const shape = (response.headers.get("X-Shape") || "").split(",").filter(Boolean).map(Number);
		return { shape, start, data: new Float32Array(await response.arrayBuffer()) };
	}

	fetched(what, start = 0) {
		return this.kept.get(what, () => this.numbers(what, start));
	}

	/** All, or so many numbers from `start` on. */
	tensor(name, start = 0, count = null) {
		return this.fetched(`tensor?name=${name}${count === null ? "" : `&start=${start}&count=${count}`}`, start);
	}

	parameter(name) {
		return this.fetched(`parameter?name=${name}`);
	}

	rows(name, row, count = 1) {
		return this.fetched(`parameter?name=${name}&row=${row}&count=${count}`);
	}
}

/** What a trace was made for. */
export function askedFor({ trace: { settings, source, text } }) {
	return { text: (source ?? text).text, to: settings.to, beam: settings.beam_size, more: settings.max_tokens, hypothesis: null };
}

const got = (where, how) => fetch(where, how).catch(() => Promise.reject(failure({ key: "gone" })));

async function posted(address, wanted) {
	return answer(await got(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wanted) }));
}

export async function answer(response) {
	const told = await response.json();
	if (!response.ok) throw failure(told);
	return told;
}

const failure = ({ error = "", key }) => Object.assign(new Error(error), { key });

class Embedded {
	kept = new Kept();

	constructor(data) {
		this.data = data;
	}

	holds(name) {
		return name in this.data.parameters;
	}

	stored(kind, name) {
		return this.kept.get(`${kind} ${name}`, async () => decoded(this.data[kind][name], name));
	}

	tensor(name) {
		return this.stored("tensors", name);
	}

	parameter(name) {
		return this.stored("parameters", this.data.parameters[name]?.same || name);
	}

	moment(parent) {
		return this.stored("moments", parent);
	}

	async rows(name, row, count = 1) {
		const { shape, data } = await this.parameter(name);
		const width = shape.slice(1).reduce((a, b) => a * b, 1);
		return { shape: [count, ...shape.slice(1)], data: data.subarray(row * width, (row + count) * width) };
	}
}

function decoded(stored, name) {
	if (!stored) throw new Error(`${name}: not in this file`);
	const letters = atob(stored.base64);
	const bytes = new Uint8Array(letters.length);
	for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
	return { shape: stored.shape, data: new Float32Array(bytes.buffer) };
}
