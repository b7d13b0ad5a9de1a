/** Ratio (a), the floor: a loop that reads a file, splits it into lines and parses each. It decodes per line, the quicker way. */
import { createReadStream } from 'node:fs';

const LF = 0x0a;
let rest = Buffer.alloc(0);
let objects = 0;
for await (const chunk of createReadStream(process.argv[2])) {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  let start = 0;
  for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
    if (typeof JSON.parse(bytes.toString('utf8', start, end)) === 'object') objects += 1;
    start = end + 1;
  }
  rest = bytes.subarray(start);
}
process.stdout.write(`${objects}\n`);
