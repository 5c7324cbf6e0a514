import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { JsonObject } from '../lib/json.ts';
import type { Answer, Failure } from './answer.ts';
import type { Hide } from './hide-secrets.ts';
import { stableWords } from './stable-words.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request to the server. */
export interface Request {
  readonly method: Method;
  readonly path: string;
  readonly body?: JsonObject;
}

/** Sends requests, one at a time or several. */
export interface Wire {
  readonly send: (request: Request, token?: string) => Promise<Answer>;
  /** Whether what writes gets to the server. */
  readonly canWrite: boolean;
  /** Whether the server is gone: nothing listens any more where it was. */
  readonly isGone: () => boolean;
}

/** How to reach the server. */
export interface WireOptions {
  /** Where its API is: `http://name:8080`. */
  readonly url: string;
  /** Ends what only reads, and logins; what writes is let finish, so that a note follows what it is about. */
  readonly signal: AbortSignal;
  readonly hide: Hide;
  /** Told of every request. */
  readonly observe: (method: Method, outcome: string) => void;
}

/** Milliseconds in which the server answers: a list of shares takes half a minute where an S3 is dead. Less than `stopSeconds`. */
const TIMEOUT = 70_000;

/** Milliseconds before a read without an answer is repeated: the server has cached by then what it took so long to find out. */
const AGAIN = 100;

/** Where somebody logs in, which changes nothing. */
const LOGIN = '/api/v1/auth/login';

/** https://www.rfc-editor.org/rfc/rfc9457 */
const Problem = z.looseObject({
  title: z.string().optional(),
  detail: z.string().optional(),
  errors: z.record(z.string(), z.string()).optional(),
});

/** Why a connection could not be made, or ended early. */
const Cause = z.looseObject({ cause: z.looseObject({ code: z.string().optional(), message: z.string() }) });

/** Codes of a server that does not listen; others are those of a connection that was cut off. */
const goneCodes = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

/** What a refusal says; the middleware answers in plain text, the rest as problem+json. */
function wordsOf(text: string, status: number): string {
  const problem = Problem.safeParse(parseJson(text));
  if (!problem.success) return text.trim() === '' ? `HTTP ${status}` : text;
  const { title = `HTTP ${status}`, detail, errors = {} } = problem.data;
  const fields = Object.entries(errors).map(([field, error]) => `${field}: ${error}`);
  return fields.length > 0 ? fields.sort().join('; ') : (detail ?? title);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The server over HTTP. */
export function createWire({ url, signal, hide, observe }: WireOptions): Wire {
  const base = url.replace(/\/+$/, '');
  let gone = false;

  const failure = (error: unknown, timedOut: boolean): Failure => {
    const { data } = Cause.safeParse(error);
    const code = data?.cause.code ?? '';
    gone ||= goneCodes.includes(code);
    const why = data?.cause.message ?? (error instanceof Error ? error.message : String(error));
    const reason = timedOut ? 'the server did not answer in time' : `the server did not answer: ${code || why}`;
    return { ok: false, status: 0, reason: stableWords(hide(reason)), unsent: goneCodes.includes(code) };
  };

  /** Whether a request ends with the signal; a login that is begun after it is for what is still written. */
  const isEnded = ({ method, path }: Request): boolean => method === 'GET' || (path === LOGIN && !signal.aborted);

  const once = async (request: Request, token: string | undefined): Promise<Answer> => {
    const { method, path, body } = request;
    const timeout = AbortSignal.timeout(TIMEOUT);
    try {
      const response = await fetch(`${base}${path}`, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: isEnded(request) ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const text = await response.text();
      gone = false;
      const { ok, status } = response;
      if (!ok) return { ok, status, reason: stableWords(hide(wordsOf(text, status))) };
      const content = text === '' ? undefined : parseJson(text);
      // A page of whatever stands between, or half of an answer: nobody knows what was done.
      if (text !== '' && content === undefined) return { ok: false, status: 0, reason: 'the answer is no JSON' };
      return { ok, body: content };
    } catch (error) {
      return failure(error, timeout.aborted);
    }
  };

  const observed: typeof once = async (request, token) => {
    const answer = await once(request, token);
    observe(request.method, answer.ok ? 'ok' : answer.status === 0 ? 'no answer' : String(answer.status));
    return answer;
  };

  return {
    canWrite: true,
    isGone: () => gone,
    send: async (request, token) => {
      const answer = await observed(request, token);
      const isCutOff = !answer.ok && answer.status === 0 && !gone && !signal.aborted;
      if (request.method !== 'GET' || !isCutOff) return answer;
      await sleep(AGAIN);
      return observed(request, token);
    },
  };
}

/** A wire that changes nothing: whatever would write is answered as done, and is not sent. */
export function readOnly(wire: Wire): Wire {
  return {
    ...wire,
    canWrite: false,
    send: async (request, token) =>
      request.method === 'GET' || request.path === LOGIN ? wire.send(request, token) : { ok: true, body: undefined },
  };
}
