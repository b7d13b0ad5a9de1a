/** Which share of its processor time a follower spent on its checkpoint, from its CPU profile. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** By name of the function and file it is in. Waiting for the disk is no processor time. */
const PARTS = {
  'the journal': [
    ['add', 'span-key.js'],
    ['note', 'journal.js'],
  ],
  'the checkpoint': [
    ['attempt', 'follower.js'],
    ['write', 'checkpoint.js'],
    ['replaceFile', 'checkpoint.js'],
  ],
};
const IDLE = new Set(['(idle)', '(program)']);

/** @param folder with one `.cpuprofile` in it */
export function sharesOf(folder) {
  const name = readdirSync(folder).find((file) => file.endsWith('.cpuprofile'));
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const own = new Map();
  for (const [at, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + timeDeltas[at]);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const whole = (node) =>
    (node.children ?? []).reduce((sum, id) => sum + whole(byId.get(id)), own.get(node.id) ?? 0);
  const busy = nodes
    .filter(({ callFrame }) => !IDLE.has(callFrame.functionName))
    .reduce((sum, { id }) => sum + (own.get(id) ?? 0), 0);
  const wall = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  return Object.entries(PARTS)
    .map(([title, frames]) => {
      const missing = frames
        .filter(([name, file]) => !nodes.some(({ callFrame }) => isFrame(callFrame, name, file)))
        .map(([name, file]) => `${name} of ${file}`);
      const micros = outermost(nodes, byId, frames).reduce((sum, node) => sum + whole(node), 0);
      const share = (of) => `${((micros / of) * 100).toFixed(2)} %`;
      return `${title}: ${share(busy)} of the processor time, ${share(wall)} of the run${missing.length > 0 ? `; never seen: ${missing.join(', ')}` : ''}`;
    })
    .join('\n');
}

function outermost(nodes, byId, frames) {
  const isPart = ({ callFrame }) => frames.some(([name, file]) => isFrame(callFrame, name, file));
  const inside = new Set();
  const mark = (node) => {
    for (const id of node.children ?? []) {
      inside.add(id);
      mark(byId.get(id));
    }
  };
  for (const node of nodes) if (isPart(node)) mark(node);
  return nodes.filter((node) => isPart(node) && !inside.has(node.id));
}

function isFrame({ functionName, url }, name, file) {
  return functionName === name && url.endsWith(`/${file}`);
}
