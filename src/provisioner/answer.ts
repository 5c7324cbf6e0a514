/** What came of a request: a failure is a value, because a server that refuses or restarts is nothing unusual. */
export type Answer = Answered | Failure;

/** The server did what it was asked to; `body` is its JSON, undefined where it sent none. */
export interface Answered {
  readonly ok: true;
  readonly body: unknown;
}

/** The server refused, or did not answer. */
export interface Failure {
  readonly ok: false;
  /** The HTTP status; 0 where no answer came, or none that tells what was done. */
  readonly status: number;
  /** Why, in the server's words: short, the same from time to time, and without the value of any Secret. */
  readonly reason: string;
  /** Whether it is certain that nothing was sent; where no answer came, the server may have done all the same what it was asked to. */
  readonly unsent?: boolean;
}

/** Whether it is certain that the server did not do what it was asked to. */
export function isUndone(answer: Answer): answer is Failure {
  return !answer.ok && (answer.status !== 0 || answer.unsent === true);
}
