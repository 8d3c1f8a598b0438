// What the scripts of this folder share: packages are found below the build
// folder, and each line of standard input is one call, answered by one line.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const find = createRequire(`${process.env.APIGW_NPM}/package.json`);

export function load(name) {
  return import(pathToFileURL(find.resolve(name)).href);
}

// calls: functions by name. A call is {"call": NAME, ...arguments}; it gives
// {"value": ...} or {"error": TEXT}. The process ends with its input.
export async function serve(calls) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, ...args } = JSON.parse(line);
    let answer;

    try {
      answer = { value: await calls[call](args) ?? null };
    } catch (err) {
      answer = { error: `${err.code ?? ''} ${err.message}` };
    }

    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }

  process.exit(0);
}
