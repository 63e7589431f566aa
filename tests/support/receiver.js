// A receiver of webhooks that checks them with the package `standardwebhooks`. Answers as it is told to, by a JSON object
// a line on standard input: {"path", "secret", "answers": [...]}. Says on standard output, a JSON object a line, what it
// listens on, and each request as it comes: {"path", "id", "timestamp", "signature", "verified", "error", "body"}.
"use strict";
const fs = require("fs");
const http = require("http");
const https = require("https");
const readline = require("readline");
const { Webhook } = require("standardwebhooks");

const paths = new Map();

function say(what) {
    fs.writeSync(1, `${JSON.stringify(what)}\n`);
}

// The next answer of a path; the last one is given again and again.
function nextAnswer(path) {
    const answers = paths.get(path)?.answers ?? [{}];
    return answers.length > 1 ? answers.shift() : answers[0];
}

function check(path, headers, body) {
    const secret = paths.get(path)?.secret;
    try {
        return { verified: secret !== undefined && new Webhook(secret).verify(body, headers) !== undefined };
    } catch (error) {
        return { verified: false, error: String(error) };
    }
}

// Writes for ever, as fast as it is taken.
function pour(response) {
    const chunk = Buffer.alloc(65536, "x");
    const more = () => {
        while (response.write(chunk)) { /* until it is full */ }
        response.once("drain", more);
    };
    response.on("error", () => {});
    more();
}

function give(answer, response) {
    if (answer.hangUp) {
        response.destroy();
        return;
    }
    response.writeHead(answer.status ?? 200, answer.headers ?? {});
    if (answer.pour) {
        pour(response);
    } else if (answer.neverEnds) {
        response.write("and");
    } else {
        response.end(answer.body ?? "");
    }
}

function take(request, response) {
    const parts = [];
    request.on("error", () => {});
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
        const body = Buffer.concat(parts).toString();
        const { headers, url: path } = request;
        const answer = nextAnswer(path);
        say({ path, method: request.method, id: headers["webhook-id"], timestamp: headers["webhook-timestamp"],
            signature: headers["webhook-signature"], type: headers["content-type"], agent: headers["user-agent"],
            names: Object.keys(headers), ...check(path, headers, body), body });
        if (!answer.silent) {
            setTimeout(() => give(answer, response), answer.delayMs ?? 0);
        }
    });
}

const [, , certificate, key] = process.argv;
const server = certificate === undefined ? http.createServer(take)
    : https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, take);
server.on("clientError", (_error, socket) => socket.destroy());
server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));
readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const told = JSON.parse(line);
    paths.set(told.path, told);
    say({ told: told.path });
}).on("close", () => process.exit(0));
