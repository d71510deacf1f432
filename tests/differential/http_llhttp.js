// Our reader of replies beside llhttp, as Node carries it: replies are generated from the grammar,
// some of them damaged, and both must say the same: whole or not, before the connection's end or
// by it, status, body, and whether the connection may be kept.
//
// What we read more leniently in a head stands in LENIENCIES: llhttp gets the head in the form that
// it knows and must then say the same. Where the two differ still stands in DIFFERENCES, with the
// cases in which it may. Each row is counted; one that never occurs is a failure, as is a
// difference that is none of them.
// node http_llhttp.js TOOL [COUNT [SEED]]; ends with `N passed, N failed`.
'use strict';
const { spawnSync } = require('child_process');
const { HTTPParser } = process.binding('http_parser');

const tool = process.argv[2];
const count = Number(process.argv[3] || 30000);
const seed = Number(process.argv[4] || 20261125);
// The tables describe this version; with another one only the ways of delivery are compared.
const comparable = process.versions.llhttp.startsWith('9.');

// ---- chance (mulberry32)
let chanceState = seed >>> 0;
function chance() {
    chanceState = (chanceState + 0x6d2b79f5) >>> 0;
    let t = chanceState;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(chance() * n);
const pick = (list) => list[below(list.length)];
const odds = (p) => chance() < p;
const many = (n, make) => Array.from({ length: below(n + 1) }, make);

// ---- replies from the grammar, with what goes wrong in the field
const DOUBTFUL_END = [...Array(20).fill('\n'), '\r\r', '\r\r\n', '\r'];
const END = () => (odds(0.05) ? pick(DOUBTFUL_END) : '\r\n');
const NAMES = ['X-Note', 'Date', 'Server', 'Content-Type', 'x', "!#$%&'*+-.^_`|~9", 'Content-Lengt',
    'Transfer-Encodings', 'Elements-Next-Page-Token'];
const VALUES = ['', 'a', 'text/plain; charset="utf-8"', '\xe9\xff', 'a\tb  c', ':', 'chunked', '5'];
const OPTIONS = ['close', 'keep-alive', 'Close', 'KEEP-ALIVE', 'x', 'upgrade-insecure', '',
    'closed', 'an-option-of-more-than-thirty-one-bytes'];
const CODINGS = [...Array(60).fill('chunked'), 'Chunked', 'CHUNKED\t', 'gzip, chunked',
    'chunked, chunked', 'xchunked', 'chunkedx', 'identity', 'chunked, gzip', '', 'chunked;q=1',
    ', chunked'];
const EXTENSIONS = ['', '', '', '', ';a', ';a=1', ';a="x;\\"y"', ';a=""', ' ;a', '; a', ';a=\'',
    ';', ';;', ';a="', ' ', ';a=b;c=d'];
const REASONS = [' OK', ' ', '', ' Not Found', ' \xc3\xa9', ' a\tb'];
const TRAILERS = ['X-Sum: 1', 'Content-Length: 5', 'Transfer-Encoding: x', 'X-Sum', 'a:b\r\n c'];

const ows = () => pick(['', ' ', ' ', ' ', '\t', '  ']);
const fold = () => (odds(0.03) ? '\r\n' + pick([' ', '\t', '  ']) : '');
const header = (name, value) => name + ':' + ows() + fold() + value + fold() + ows() + END();
const plain = () => header(pick(NAMES), pick(VALUES));
const connection = () => header(pick(['Connection', 'connection']),
    many(3, () => pick(OPTIONS)).join(pick([',', ', ', ' ,'])));
const BYTES = ['x', '{', '\r', '\n', '\0', '0', '\xff'];
const bytes = (n) => Array.from({ length: n }, () => pick(BYTES)).join('');

function length(n) {
    const wrong = ['+' + n, '-' + n, '0x' + n, n + ' ' + n, n + ', ' + n, '', n + '.0', 'x',
        '18446744073709551616', '99999999999999999999999999', '0'.repeat(40) + n];
    const right = [String(n), String(n), String(n), '0' + n, '00000' + n];
    return odds(0.1) ? pick(wrong) : pick(right);
}

function chunk(data) {
    let size = data.length.toString(16);
    size = odds(0.2) ? size.toUpperCase() : size;
    size = odds(0.1) ? '0'.repeat(below(12)) + size : size;
    const wrong = ['+' + size, '0x' + size, '', '-1', size + 'g', '80000001', ' ' + size];
    size = odds(0.02) ? pick(wrong) : size;
    const ext = odds(0.3) ? pick(EXTENSIONS) : '';
    return size + ext + '\r\n' + data + (data === '' ? '' : '\r\n');
}

function chunked() {
    const data = many(4, () => chunk(bytes(1 + below(20)))).join('');
    const trailers = odds(0.2) ? many(3, () => pick(TRAILERS) + '\r\n').join('') : '';
    return data + chunk('') + trailers + '\r\n';
}

function statusLine(code) {
    const other = ['1.0', '1.0', '1.0', '1.2', '2.0', '0.9', '1.10', '1'];
    const version = odds(0.93) ? '1.1' : pick(other);
    return 'HTTP/' + version + ' ' + code + pick(REASONS) + END();
}

function framing() {
    const n = below(30);
    const whole = [
        () => [header('Content-Length', length(n)), bytes(n)],
        () => [header('content-LENGTH', length(n)), bytes(n)],
        () => [header('Transfer-Encoding', pick(CODINGS)), chunked()],
        () => [header('TRANSFER-ENCODING', pick(CODINGS)), chunked()],
        () => ['', bytes(n)],
    ];
    const doubled = [
        () => [header('Content-Length', length(n)) + header('Content-Length', length(n)), bytes(n)],
        () => [header('Content-Length', n) + header('Content-Length', n + 1), bytes(n)],
        () => [header('Content-Length', n) + header('Transfer-Encoding', 'chunked'), chunked()],
        () => [header('Transfer-Encoding', 'chunked') + header('Content-Length', n), chunked()],
        () => [header('Transfer-Encoding', 'chunked') + header('Transfer-Encoding', pick(CODINGS)),
            chunked()],
    ];
    return pick(odds(0.1) ? doubled : whole)();
}

function reply(codes) {
    const [frame, body] = framing();
    const before = many(3, plain).join('') + (odds(0.2) ? connection() : '');
    const after = many(2, plain).join('') + (odds(0.1) ? connection() : '');
    return [statusLine(pick(codes)) + before + frame + after + END(), body];
}

function generate() {
    const final = odds(0.97) ? ['200', '202', '204', '304', '401', '413', '429', '500', '999']
        : ['099', '99', '1000', '2x0'];
    const some = odds(0.1) ? (odds(0.1) ? 12 : 3) : 0;
    const interim = many(some, () => reply(['100', '103', '102'])[0]);
    const [head, body] = reply(final);
    const first = odds(0.02) ? pick(['\r\n', '\n', ' ', '\0']) : '';
    return first + interim.join('') + head + body + (odds(0.1) ? 'HTTP/1.1' : '');
}

const DAMAGE = ['\r', '\n', '\r\n', ' ', '\t', '\0', ':', ',', ';', '"', '\\', '0', '5', 'a', '+',
    '\x7f', '\x80', '\r\n ', 'HTTP/1.1 '];
function damage(text) {
    const at = below(text.length + 1);
    const piece = pick(DAMAGE);
    switch (below(5)) {
    case 0: return text.slice(0, at) + text.slice(at + 1 + below(2));
    case 1: return text.slice(0, at) + piece + text.slice(at);
    case 2: return text.slice(0, at) + piece + text.slice(at + 1);
    case 3: return text.slice(0, at);
    default: return text.slice(0, at) + text.slice(Math.max(0, at - below(20)));
    }
}

function make() {
    let text = generate();
    for (let left = odds(0.4) ? 1 + below(3) : 0; left > 0; left--) {
        text = damage(text);
    }
    return text;
}

// ---- the two readers
const done = (word, status, keep, body) => ({ word, status, keep, body });
const refused = (why) => ({ word: 'refused', why });

function theirs(text) {
    const parser = new HTTPParser();
    let head = null;
    let body = '';
    let complete = null;
    let ended = false;

    parser.initialize(HTTPParser.RESPONSE, {}, 1 << 24, 0);
    parser[HTTPParser.kOnHeaders | 0] = () => {};
    parser[HTTPParser.kOnHeadersComplete | 0] = (...args) => {
        head = { status: args[5], keep: args[8] };
        return 0;
    };
    parser[HTTPParser.kOnBody | 0] = (piece) => {
        body += complete ? '' : piece.toString('latin1');
    };
    parser[HTTPParser.kOnMessageComplete | 0] = () => {
        if (!complete && head.status >= 200) {
            const keep = head.keep ? 'keep' : 'last';
            complete = done(ended ? 'closed' : 'done', head.status, keep, body);
        }
    };
    let err = parser.execute(Buffer.from(text, 'latin1'));
    if (!complete && !(err instanceof Error)) {
        ended = true;
        err = parser.finish();
    }
    return complete || refused(err instanceof Error ? err.code + ' ' + err.reason : 'end');
}

function ours(texts) {
    const input = [];
    for (const text of texts) {
        const head = Buffer.alloc(4);
        head.writeUInt32LE(text.length);
        input.push(head, Buffer.from(text, 'latin1'));
    }
    const run = spawnSync(tool, { input: Buffer.concat(input), maxBuffer: 1 << 30 });
    if (run.status !== 0) {
        throw new Error('the tool failed: ' + (run.error || run.stderr));
    }
    return run.stdout.toString('latin1').split('\n').slice(0, -1).map((line) => {
        const [word, status, keep, hex] = line.split(' ');
        return word === 'done' || word === 'closed'
            ? done(word, Number(status), keep, Buffer.from(hex, 'hex').toString('latin1'))
            : { word, why: status };
    });
}

const same = (a, b) => a.word === b.word && a.status === b.status && a.keep === b.keep &&
    a.body === b.body;

// ---- what we read more leniently in heads: put in the form that llhttp knows, then compared

// Heads up to the final one, as lists of lines with their ends, and what is behind them.
function takeApart(text) {
    const heads = [];
    let lines = [];
    let at = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
        const line = text.slice(at, end + 1);
        at = end + 1;
        lines.push(line);
        if (lines.length === 1 || !/^\r?\n$/.test(line)) {
            continue;
        }
        heads.push(lines);
        lines = [];
        if (!/^HTTP\/1\.[0-9] 1[0-9][0-9][ \r\n]/.test(heads[heads.length - 1][0])) {
            break;
        }
    }
    if (lines.length > 0) {
        heads.push(lines);
    }
    return { heads, rest: text.slice(at) };
}

const interim = (lines) => /^HTTP\/1\.[0-9] 1/.test(lines[0]);
const FRAMES = /^(content-length|transfer-encoding):/i;

function unfold(lines) {
    const joined = [];
    for (const line of lines) {
        const last = joined.length - 1;
        if (last > 0 && /^[ \t]/.test(line) && (interim(lines) || !FRAMES.test(joined[last]))) {
            joined[last] = joined[last].replace(/[ \t]*\r\n$/, ' ') + line.replace(/^[ \t]+/, '');
        } else {
            joined.push(line);
        }
    }
    return joined;
}

function equalLengthsOnce(lines) {
    const seen = new Set();
    return lines.filter((line) => {
        const match = /^content-length:[ \t]*([0-9]{1,31})[ \t]*\r\n$/i.exec(line);
        const again = match && seen.has(BigInt(match[1]));
        seen.add(match && BigInt(match[1]));
        return !again;
    });
}

const everyLine = (change) => (lines) => lines.map(change);

// http_response.h says which; each is applied to the outcome of those before it.
const LENIENCIES = [
    { name: 'LF alone ends a line of the head',
        change: everyLine((line) => line.replace(/\r?\n$/, '\r\n')) },
    { name: 'folded lines are one line', change: unfold },
    { name: 'lengths and options of interim replies do not count',
        change: (lines) => (interim(lines) ? lines.filter((line) =>
            !/^(content-length|transfer-encoding|connection):[\t -~\x80-\xff]*\r\n$/i.test(line))
            : lines) },
    { name: 'equal lengths in lines of their own are one', change: equalLengthsOnce },
    { name: 'tabs may stand behind a value',
        change: (lines) => [lines[0], ...lines.slice(1).map((line) =>
            line.replace(/^([^:]+:.*?)[ \t]+\r\n$/, '$1\r\n')
                .replace(/^connection:.*/i, (options) => options.replace(/\t/g, ' ')))] },
    { name: 'HTTP/1.2 to 1.9 are read as 1.1, and the version of interim replies does not count',
        change: (lines) => [lines[0].replace(
            interim(lines) ? /^HTTP\/1\.[0-9] / : /^HTTP\/1\.[2-9] /, 'HTTP/1.1 '),
        ...lines.slice(1)] },
];

function canonical(apart) {
    const used = [];
    const heads = apart.heads.map((lines) => LENIENCIES.reduce((before, leniency) => {
        const after = leniency.change(before);
        if (after.join('') !== before.join('')) {
            used.push(leniency);
        }
        return after;
    }, lines));
    return { text: heads.map((lines) => lines.join('')).join('') + apart.rest, used };
}

// ---- where we differ still

const strict = (c, why) => c.ours.word === 'refused' && c.theirs.word !== 'refused' &&
    c.ours.why === why;
const lenient = (c, why) => c.ours.word !== 'refused' && c.theirs.word === 'refused' &&
    why.test(c.theirs.why);
const lessKept = (c) => c.ours.keep === 'last' && same({ ...c.ours, keep: 'keep' }, c.theirs);
const someStatus = (c, form) => c.heads.some((lines) => form.test(lines[0]));
const someHeader = (c, form) => c.heads[c.heads.length - 1].some((line) => form.test(line));

const DIFFERENCES = [
    { name: 'stricter: a coding other than chunked, alone, once',
        applies: (c) => strict(c, 'HTTP_LENGTH') && someHeader(c, /^transfer-encoding:/i) },
    { name: 'stricter: a length of more than 31 digits',
        applies: (c) => strict(c, 'HTTP_LENGTH') &&
            someHeader(c, /^content-length:[ \t]*[0-9]{32}/i) },
    { name: 'stricter: HTTP/2.0 and HTTP/0.9 are no versions here',
        applies: (c) => strict(c, 'HTTP_STATUS_LINE') && someStatus(c, /^HTTP\/(2\.0|0\.9) /) },
    { name: 'stricter: control characters in the reason',
        applies: (c) => strict(c, 'HTTP_STATUS_LINE') &&
            someStatus(c, /^HTTP\/[0-9.]+ [0-9]+ .*[^\t\r\n -~\x80-\xff]/) },
    { name: 'stricter: two CR are no end of the status line',
        applies: (c) => strict(c, 'HTTP_STATUS_LINE') &&
            someStatus(c, /^HTTP\/[0-9.]+ [0-9]+.*\r\r/) },
    { name: 'stricter: an empty line before the status line',
        applies: (c) => strict(c, 'HTTP_STATUS_LINE') && someStatus(c, /^[\r\n]/) },
    { name: 'stricter: more than 8 interim replies',
        applies: (c) => strict(c, 'HTTP_INTERIM') && c.heads.length > 9 },
    { name: 'stricter: HTTP/1.0 with Transfer-Encoding is not kept',
        applies: (c) => lessKept(c) && someStatus(c, /^HTTP\/1\.0 /) &&
            someHeader(c, /^transfer-encoding:/i) },
    { name: 'stricter: close counts in HTTP/1.0 too, whatever else stands there',
        applies: (c) => lessKept(c) && someStatus(c, /^HTTP\/1\.0 /) &&
            someHeader(c, /^(connection:.*|[ \t].*)\bclose\b/i) },
    { name: 'more lenient: white space around a chunk extension',
        applies: (c) => lenient(c, /Invalid character in chunk (size|extensions)/) &&
            /[ \t];|;[ \t]/.test(c.rest) },
    { name: 'more lenient: the words of a chunk extension are not looked at',
        applies: (c) => lenient(c, /Invalid character in chunk extensions/) },
    { name: 'more lenient: folded trailers',
        applies: (c) => lenient(c, /after header value|header value char/) &&
            /\r\n[ \t]/.test(c.rest) },
    { name: 'more lenient: lengths in trailers are not looked at',
        applies: (c) => lenient(c, /CONTENT_LENGTH|TRANSFER_ENCODING/) &&
            /\r\n(content-length|transfer-encoding):/i.test(c.rest) },
];

function tell(table, times) {
    let missing = 0;
    for (const row of table) {
        console.log(times.get(row) + ' times: ' + row.name);
        missing += times.get(row) === 0 ? 1 : 0;
    }
    return missing;
}

// The rows of both tables that explain the outcome; none at all: nothing explains it.
function explain(c, used) {
    if (c.ours.word === 'SPLIT') {
        return null;
    }
    if (!comparable) {
        return [];
    }
    if (same(c.ours, c.theirs)) {
        return c.ours.word === 'refused' ? [] : used;
    }
    const row = DIFFERENCES.find((difference) => difference.applies(c));
    return row ? [row] : null;
}

function complain(text, c) {
    console.log('not ok - ' + JSON.stringify(text));
    console.log('  ours   ' + JSON.stringify(c.ours));
    console.log('  llhttp ' + JSON.stringify(c.theirs));
}

function main() {
    const texts = Array.from({ length: count }, make);
    const results = ours(texts);
    const times = new Map([...LENIENCIES, ...DIFFERENCES].map((row) => [row, 0]));
    const tally = { done: 0, closed: 0, refused: 0, SPLIT: 0 };
    let failed = 0;

    texts.forEach((text, at) => {
        const apart = takeApart(text);
        const plain = canonical(apart);
        const c = { ...apart, ours: results[at], theirs: theirs(plain.text) };
        const rows = explain(c, plain.used);
        tally[c.ours.word]++;
        (rows || []).forEach((row) => times.set(row, times.get(row) + 1));
        if (rows === null && ++failed <= 20) {
            complain(text, c);
        }
    });
    console.log('seed ' + seed + ', llhttp ' + process.versions.llhttp + ', ours: ' +
        JSON.stringify(tally));
    if (comparable) {
        failed += tell(LENIENCIES, times) + tell(DIFFERENCES, times);
    } else {
        console.log('skip - this Node has another llhttp than 9');
    }
    console.log((count - failed) + ' passed, ' + failed + ' failed');
    return failed === 0 ? 0 : 1;
}

process.exitCode = main();
