// Plays the stories of a plan under Polly.js: `node with_polly.mjs PLAN`, in the folder where it is installed.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";

const need = createRequire(path.join(process.cwd(), "here.js"));
const { Polly } = need("@pollyjs/core");
Polly.register(need("@pollyjs/adapter-node-http"));
Polly.register(need("@pollyjs/persister-fs"));

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));

const send = ({ method, url, headers, body, after }) =>
    new Promise((done) => {
        setTimeout(() => {
            const content = body === null ? null : Buffer.from(body, "base64");
            const length = content === null ? {} : { "content-length": content.length };
            const request = http.request(url, { method, headers: { ...headers, ...length } }, (answer) => {
                answer.on("data", () => {});
                answer.on("end", done);
                answer.on("error", done);
            });
            request.on("error", done); // an answer that never comes is part of the story
            request.end(content ?? undefined);
        }, 1000 * (after || 0));
    });

for (const story of plan.stories) {
    const polly = new Polly(story.name, {
        adapters: ["node-http"],
        persister: "fs",
        persisterOptions: { fs: { recordingsDir: plan.out } },
        mode: "record",
        recordFailedRequests: true,
        logLevel: "silent",
        flushRequestsOnStop: true,
    });
    for (const together of story.steps) await Promise.all(together.map(send));
    await polly.stop();
}
