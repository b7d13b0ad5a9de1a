/** Which share of its processor time a follower spent on its checkpoint, from its CPU profile. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** By name of the function and file it is in. Waiting for the disk is no processor time. */
const PARTS = [
  ['the journal', ['note', 'checkpoint.js'], ['spans', 'outcomes.js'], ['points', 'outcomes.js']],
  [
    'the checkpoint',
    ['attempt', 'follower.js'],
    ['write', 'checkpoint.js'],
    ['writeWhole', 'write-whole.js'],
  ],
];
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
  return PARTS.map(([title, ...frames]) => {
    const micros = outermost(nodes, byId, frames).reduce((sum, node) => sum + whole(node), 0);
    const share = (of) => `${((micros / of) * 100).toFixed(2)} %`;
    return `${title}: ${share(busy)} of the processor time, ${share(wall)} of the run`;
  }).join('\n');
}

function outermost(nodes, byId, frames) {
  const isPart = ({ callFrame: { functionName, url } }) =>
    frames.some(([name, file]) => functionName === name && url.endsWith(`/${file}`));
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
