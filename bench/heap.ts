import { runFunction } from '../src/function.ts';
import { RunFunctionRequest, RunFunctionResponse } from '../src/crossplane/protocol.ts';
import { benchRequests } from './requests.ts';

/*
 * What is left in the heap after many calls, garbage collected: `node --expose-gc bench/heap.ts`. It must not grow.
 */

const CALLS = 5000;
const bytes = RunFunctionRequest.encode(benchRequests().usual);

function answer(times: number): void {
  for (let call = 0; call < times; call += 1) {
    const options = { ttl: 60, entropy: new Uint8Array(32) };
    RunFunctionResponse.encode(runFunction(RunFunctionRequest.decode(bytes), options));
  }
}

function heapMb(): string {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  return (process.memoryUsage().heapUsed / 1024 / 1024).toFixed(2);
}

answer(1000);
console.log(`heap in use after 1,000 calls: ${heapMb()} MB`);
for (let round = 1; round <= 4; round += 1) {
  answer(CALLS);
  console.log(`after ${round * CALLS} more: ${heapMb()} MB`);
}
