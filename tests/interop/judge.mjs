// judge.mjs PARSER: reads the corpus from standard input and lets node's own HTTP server with a
// form parser of npm take each request; all of them come over one connection, so that a
// Content-Length that is wrong by one byte spoils the next. Ends with `N passed, N failed`.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { Duplex, Writable } from "node:stream";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../build/deps/npm/x.js", import.meta.url));

function* netstrings(all) {
    for (let at = 0; at < all.length; ) {
        const colon = all.indexOf(":", at);
        const end = colon + 1 + Number(all.toString("latin1", at, colon));
        if (all[end] !== 0x2c) throw new Error("the corpus is damaged");
        yield all.subarray(colon + 1, end);
        at = end + 1;
    }
}

function* cases(all) {
    const next = netstrings(all);
    for (let first = next.next(); !first.done; first = next.next()) {
        const [sentence, boundary] = [first.value, next.next().value].map(String);
        const hasMetadata = String(next.next().value) === "+";
        const [metadata, name] = [next.next().value, next.next().value].map(String);
        yield { sentence, boundary, metadata: hasMetadata ? metadata : null, name,
            file: next.next().value, request: next.next().value };
    }
}

const ESCAPES = { '"': "%22", "\\": "%5C", "\r": "%0D", "\n": "%0A" };
const escaped = (name) => name.replace(/["\\\r\n]/g, (c) => ESCAPES[c]);

// Each judge gives the parts in their order: [name, file name or null, type, bytes].
const judges = {
    async busboy() {
        const busboy = require("busboy");
        const read = (req) => new Promise((resolve, reject) => {
            const parts = [];
            const b = busboy({ headers: req.headers, defParamCharset: "utf8", preservePath: true });
            b.on("field", (name, value) => parts.push([name, null, null, Buffer.from(value)]));
            b.on("file", (name, stream, info) => {
                const chunks = [];
                const part = [name, info.filename, info.mimeType, null];
                parts.push(part);
                stream.on("data", (c) => chunks.push(c));
                stream.on("end", () => { part[3] = Buffer.concat(chunks); });
            });
            b.on("error", reject);
            b.on("close", () => resolve(parts));
            req.pipe(b);
        });
        return { read, reads: escaped, cuts: () => true };
    },

    async formidable() {
        const path = require.resolve("formidable");
        const { formidable } = await import(pathToFileURL(path));
        const read = async (req) => {
            const parts = [], chunks = [];
            const form = formidable({ allowEmptyFiles: true, minFileSize: 0,
                fileWriteStreamHandler: () => new Writable({
                    write(c, _, done) { chunks.push(c); done(); } }) });
            form.on("field", (name, value) => parts.push([name, null, null, Buffer.from(value)]));
            form.on("file", (name, f) => parts.push([name, f.originalFilename, f.mimetype, null]));
            await form.parse(req);
            parts.filter((p) => p[1] !== null).forEach((p) => { p[3] = Buffer.concat(chunks); });
            return parts;
        };
        // It turns %22 back, alone of all escapes, and spoils a letter that two reads share.
        return { read, reads: (name) => escaped(name).replaceAll("%22", '"'),
            cuts: (c) => /^[\0-\x7f]*$/.test(c.name) };
    },
};

function differs(c, req, parts, reads) {
    const want = c.metadata === null ? [] : [["metaData", null, null, Buffer.from(c.metadata)]];
    want.push(["file", reads(c.name), "text/csv", c.file]);
    if (!/^[0-9A-Za-z]{16,70}$/.test(c.boundary)) return "the boundary is no plain token";
    const url = new URL(req.url, "http://localhost");
    if (url.pathname !== "/elements/api-v2/hubs/marketing/bulk/contact") return `path ${url.pathname}`;
    if (url.search !== url.search.replace("+", "") || url.searchParams.get("path") !== `/${c.name}`)
        return `query ${url.search}`;
    if (req.headers["content-type"] !== `multipart/form-data; boundary=${c.boundary}`)
        return "the boundary is not the one announced";
    if (req.headers.authorization !== "Element zfY0u+/Qm4x=, User uL2b9/0aQ1w=")
        return "the secrets differ";
    if (parts.length !== want.length) return `${parts.length} parts`;
    for (const [at, w] of want.entries()) {
        const got = parts[at];
        if (got[0] !== w[0]) return `part ${at} is named ${got[0]}`;
        if (got[1] !== w[1]) return `file name ${JSON.stringify(got[1])}`;
        if (got[2] !== w[2]) return `type ${got[2]}`;
        if (!w[3].equals(got[3])) return `${got[3].length} bytes instead of ${w[3].length}`;
    }
    return null;
}

// What the server reads is cut as we like; the last bytes of its answer start the next request.
class Wire extends Duplex {
    constructor(answered) { super(); this.answered = answered; }
    _read() {}
    _write(chunk, _, done) { done(); if (String(chunk).endsWith("over")) this.answered(); }
    setTimeout() { return this; }
}

const STEPS = [1, 3, 29, 333, 4096, 65536, Infinity];
const judge = await judges[process.argv[2]]();
let passed = 0, failed = 0, number = 0, current = null;
const todo = cases(readFileSync(0));

const server = createServer(async (req, res) => {
    let why;
    try {
        why = differs(current, req, await judge.read(req), judge.reads);
    } catch (e) {
        why = e.message;
    }
    if (why === null) passed++;
    else if (failed++ < 20) console.log(`not ok - ${current.sentence} (${number}): ${why}`);
    res.writeHead(200, { "content-length": 4 });
    res.end("over");
});
server.on("clientError", (e) => finish(`refused by the HTTP server: ${e.message}`));

function finish(why) {
    if (why) { failed++; console.log(`not ok - ${current.sentence} (${number}): ${why}`); }
    console.log(`${passed} passed, ${failed} failed`);
    process.exit(failed === 0 ? 0 : 1);
}

function next() {
    const { value, done } = todo.next();
    if (done) { finish(null); return; }
    current = value;
    const step = judge.cuts(current)
        ? Math.max(STEPS[number % STEPS.length], Math.ceil(current.request.length / 2000)) : Infinity;
    number++;
    for (let at = 0; at < current.request.length; at += step)
        wire.push(current.request.subarray(at, at + step));
}

const wire = new Wire(() => setImmediate(next));
server.emit("connection", wire);
next();
