// lib/jose in a process of its own, jose_peer: requests go in and answers come out a line each, in
// the same order.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import path from "node:path";

export class OurSide {
  constructor() {
    const folder = process.env.VA_BIN;
    if (!folder) throw new Error("VA_BIN names no folder of programs: run ./dev test interop");
    this.waiting = [];
    this.process = spawn(path.join(folder, "jose_peer"), { stdio: ["pipe", "pipe", "inherit"] });
    this.ended = new Promise((resolve) => {
      this.process.on("error", (error) => resolve(`jose_peer: ${error.message}`));
      this.process.on("close", (code) => resolve(`jose_peer ended with ${code}`));
    });
    this.ended.then((how) => {
      for (const { reject } of this.waiting.splice(0)) reject(new Error(how));
    });
    this.process.stdin.on("error", () => {});  // told by the end of the process
    createInterface({ input: this.process.stdout }).on("line", (line) => {
      this.waiting.shift().resolve(JSON.parse(line));
    });
  }

  ask(request) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.process.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  askAll(requests) {
    return Promise.all(requests.map((request) => this.ask(request)));
  }

  async close() {
    this.process.stdin.end();
    await this.ended;
  }
}
