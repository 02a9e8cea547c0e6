#!/usr/bin/env node
// Starts the program that npm has installed for this platform, with the same arguments, and ends as it ends.
"use strict";

const { spawnSync } = require("node:child_process");

const platform = `${process.platform}-${process.arch}`;
const name = `@lockproof/${platform}`;
const known = Object.keys(require("../package.json").optionalDependencies);

// As the program does when it could not check: not 0, and not 1, which would be a finding.
const INCOMPLETE = 3;

function fail(...lines) {
  process.stderr.write(`lockproof: ${lines.join("\n  ")}\n`);
  process.exit(INCOMPLETE);
}

function locate() {
  const file = process.platform === "win32" ? "lockproof.exe" : "lockproof";
  try {
    return require.resolve(`${name}/bin/${file}`);
  } catch {
    if (!known.includes(name)) {
      fail(
        `there is no package for ${platform}, only ${known.join(", ")}`,
        "build it from source: cargo install --locked lockproof",
      );
    }
    return fail(
      `${name} is not installed, although this is ${platform}`,
      "install again without --omit=optional, and on the system that runs it",
    );
  }
}

const done = spawnSync(locate(), process.argv.slice(2), { stdio: "inherit", windowsHide: true });
if (done.error) {
  fail(`${name}: ${done.error.message}`);
} else if (done.signal) {
  process.kill(process.pid, done.signal);
} else {
  process.exit(done.status);
}
