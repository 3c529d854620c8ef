import { spawn } from 'node:child_process';

/** Runs a program to its end. What it printed is the result, and part of the message where it fails. */
export function run(program, args, options = {}) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', failed);
    child.on('close', (code) => (code === 0 ? done(output) : failed(new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output}`))));
  });
}
